"""Grants used are grants given: what the suite's calls used of the roles' statements.

Each process of `make test` and of `make test-slow` writes what its embedded AWS allowed
(`Recorder`); `make grants-used` compares that with the template. A call that no statement allows
is denied, so that nothing more is used than is given; here is listed what is given and was not
used.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedded.authorization.authorization import observers
from embedded.policies.patterns import matches
from infra.ledger_rows import LEDGER_ROWS
from tests.infra.synthesized import SynthesizedTemplate, logical_id, read_template

if TYPE_CHECKING:
    from embedded.authorization.required_permission import RequiredPermission
    from embedded.core.principal import Principal
    from embedded.policies.patterns import Values
    from embedded.policies.policy import Statement

FOLDER = Path(__file__).parents[1] / "build" / "grants-used"

_LISTED = {"dynamodb:leadingkeys": "dynamodb:LeadingKeys", "events:detail-type": "detail-type"}
"""Condition keys whose every value is a grant of its own."""

_ROLE = re.compile(r"AccountVending-(\w+)-[A-Za-z0-9]+")
_BY_LAMBDA = ("logs:", "xray:")
"""What Lambda itself and its tracing do by a role, which nothing here calls."""

Grant = tuple[str, str, str, str]
"""Role's logical id, sid, action, and the resource's place in the statement or a key's value."""


@dataclass(frozen=True, kw_only=True)
class Recorder:
    """Keeps which grants the calls of this process used."""

    used: set[Grant] = field(default_factory=set)

    def begin(self) -> None:
        """From now on."""
        observers.append(self._keep)

    def write(self, folder: Path) -> None:
        """To a file of this process."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{os.getpid()}.json").write_text(json.dumps(sorted(self.used)))

    def _keep(
        self,
        principal: Principal,
        statements: Sequence[Statement],
        permission: RequiredPermission,
        context: Mapping[str, Values],
    ) -> None:
        role = _ROLE.fullmatch(principal.role_name or "")
        for statement in statements:
            if role and statement.applies(permission.action, permission.resource, context):
                self.used.update(_used(role[1], statement, permission, context))


def _used(
    role: str, statement: Statement, permission: RequiredPermission, context: Mapping[str, Values]
) -> Iterator[Grant]:
    of = (role, statement.sid, permission.action)
    for place, pattern in enumerate(statement.resources):
        if matches(pattern, permission.resource, context=context):
            yield (*of, str(place))
    for condition in statement.conditions:
        if condition.key in _LISTED and condition.operator != "null":
            for value in condition.values:
                if any(
                    condition.test(value, one, context) for one in context.get(condition.key, ())
                ):
                    yield (*of, value)


def given(template: SynthesizedTemplate) -> dict[Grant, str]:
    """What the roles of functions are granted, and how each is named in a report."""
    found: dict[Grant, str] = {}
    for function in template.of_type("AWS::Lambda::Function").values():
        role = logical_id(function["Properties"]["Role"])
        name = re.sub(r"Role[0-9A-F]{8}$", "", role)
        for statement in _statements(template, role):
            for action in _many(statement["Action"]):
                if action.startswith(_BY_LAMBDA):
                    continue
                of = (role, str(statement["Sid"]), action)
                for place in range(len(_many(statement["Resource"]))):
                    found[(*of, str(place))] = f"{name} {action} resource {place + 1}"
                for key, value in _values(statement.get("Condition", {})):
                    found[(*of, value)] = f"{name} {action} {key} {value}"
    return found


def as_transactions(used: set[Grant], grants: Mapping[Grant, str]) -> set[Grant]:
    """The used ones, and those that a used transaction may need as well.

    AWS does not say whether it holds each item of a transaction or all their keys together against
    `dynamodb:LeadingKeys`: each action of its statement has to allow the keys of every action.
    """
    sids = {rows.sid for each in LEDGER_ROWS.values() for rows in each if rows.in_transactions}
    keys = {(role, sid, value) for role, sid, _, value in used if sid in sids}
    return used | {grant for grant in grants if (grant[0], grant[1], grant[3]) in keys}


def _statements(template: SynthesizedTemplate, role: str) -> Iterator[dict[str, Any]]:
    for policy in template.of_type("AWS::IAM::Policy").values():
        if {"Ref": role} in policy["Properties"]["Roles"]:
            yield from policy["Properties"]["PolicyDocument"]["Statement"]


def _values(conditions: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for operator, block in conditions.items():
        for key, values in block.items():
            if key.lower() in _LISTED and operator != "Null":
                for value in _many(values):
                    yield _LISTED[key.lower()], value


def _many(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]


def unused(used: set[Grant], grants: Mapping[Grant, str]) -> list[str]:
    """The names of what is granted and was not used, in order."""
    return sorted({name for grant, name in grants.items() if grant not in used})


def _in_full(used: set[Grant], grants: Mapping[Grant, str]) -> set[Grant]:
    """With the roles' whole logical ids, which their names may have in part only."""
    ids = {grant[0] for grant in grants}
    return {
        (id_, sid, action, what)
        for name, sid, action, what in used
        for id_ in ids
        if id_.startswith(name)
    }


def main(folder: Path) -> int:
    """Print what is granted and was not used in the run whose files are in the folder; 1 if any."""
    files = sorted(folder.glob("*.json"))
    used = {tuple(grant) for file in files for grant in json.loads(file.read_text())}
    grants = given(read_template())
    found = unused(as_transactions(_in_full(used, grants), grants), grants)
    ended = f"{len(found)} of {len(grants)} grants were not used"
    sys.stdout.write("\n".join([*found, ended]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:]) if sys.argv[1:] else FOLDER))
