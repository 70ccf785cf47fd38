"""An organization that grew by hand: accounts in units, with tags, policies and contacts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from embedded import ACCOUNT_ID
from embedded.organizations import organization_of, seeding
from tests.builders import policy_content

if TYPE_CHECKING:
    from tests.workflow.command import Command
    from tests.workflow.vending import Vending

SCP = "SERVICE_CONTROL_POLICY"
READS = ("BatchGet", "Describe", "Get", "List", "Query", "Scan")


def seed(count: int, *, units: int = 4) -> list[str]:
    """Put `count` accounts in the organization at once, two tags each, spread over units."""
    organization = organization_of(ACCOUNT_ID)
    assert organization is not None
    return seeding.seed(organization, count, units=units)


def attach_guard(vending: Vending, ids: Sequence[str], name: str = "Guard") -> str:
    """A service control policy on these accounts; its id."""
    policy_id = vending.organizations.create_policy(
        Name=name, Type=SCP, Description="", Content=policy_content(200)
    )["Policy"]["PolicySummary"]["Id"]
    for account_id in ids:
        vending.organizations.attach_policy(PolicyId=policy_id, TargetId=account_id)
    return str(policy_id)


def path_of(account_id: str) -> str:
    """Where an account is, without a call: of its kind AWS takes two a second."""
    organization = organization_of(ACCOUNT_ID)
    assert organization is not None
    names: list[str] = []
    place = organization.account(account_id).parent_id
    while place != organization.org.root_id:
        unit = organization.container(place, "ParentNotFoundException")
        names.insert(0, unit.name)
        place = unit.parent_id
    return "/" + "/".join(names)


def write(folder: Path, name: str, document: Any) -> Path:
    """A document in a file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2))
    return path


def edit(path: Path, **changes: Any) -> None:
    """Change keys of a document, as a person does in an editor."""
    document = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(document | changes, sort_keys=False))


_OF_THE_STACK = "assumed-role/AccountVending-"


def writes(vending: Vending) -> list[str]:
    """The calls that may have changed something, since the calls were last forgotten.

    Those of the stack's own roles are left out: executions that go on, and what follows on those
    that have ended, such as their announcements and the audit trail, take their time.
    """
    return [
        f"{call.service}:{call.operation}"
        for call in vending.aws.context.calls
        if not call.operation.startswith(READS) and _OF_THE_STACK not in call.caller
    ]


def counts(vend: Command, accounts: Path) -> dict[str, int]:
    """How many accounts become what by a plan of the files, of what is not nothing."""
    ran = vend("plan", str(accounts), "--json")
    assert ran.status == 0, ran
    found: dict[str, int] = ran.json["counts"]
    return {kind: count for kind, count in found.items() if count}


def reads(vending: Vending, operation: str) -> int:
    """How often an operation was called since the calls were last forgotten."""
    return sum(call.operation == operation for call in vending.aws.context.calls)
