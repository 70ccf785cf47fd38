"""CreateOrganizationalUnit: ensures a whole path of organizational units below the root."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vending.aws import clients
from vending.errors.exceptions import ConcurrentModification
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.ledger.ou_path_cache import OuPathCache, Unit
from vending.organization import ou_search
from vending.request import ou_paths
from vending.request.account_request import OrganizationalUnitPath

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.organization.report import Report

CALLS = {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "organizations:CreateOrganizationalUnit",
    "organizations:DescribeOrganizationalUnit",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListRoots",
}


class CreateOrganizationalUnit(Payload):
    """The path to ensure; / is the root."""

    organizational_unit: OrganizationalUnitPath


def run(
    payload: CreateOrganizationalUnit, *, organizations: OrganizationsClient, units: OuPathCache
) -> Json:
    """{organizationalUnitId, path, created}: the id of the last name on the path, or of the root.

    `created` are the paths of what was missing, the topmost first.

    What the path led to before is looked at, one call a level. What is not there any more, or was
    never looked for, is searched among all that the parent has, and made where nothing there reads
    the same; OperationRefused where something does.

    Implements CreateOrganizationalUnit of the AWS Organizations API reference.
    """
    names = ou_paths.split(payload.organizational_unit)
    parents, created = [ou_search.root_id(organizations)], list[str]()
    for level, name in enumerate(names):
        path = ou_paths.join(names[: level + 1])
        unit = units.get(path)
        if unit is None or not ou_search.still_stands(organizations, unit, parents[-1], name):
            # What was made here a moment ago has nothing in it.
            unit_id = None if created else ou_search.find(organizations, parents, names)
            if unit_id is None:
                unit_id, is_new = _make(organizations, parents, names)
                created += [path] if is_new else []
            unit = Unit(id=unit_id, parent_id=parents[-1])
            units.put(path, unit)
        parents.append(unit.id)
    return {
        "organizationalUnitId": parents[-1],
        "path": payload.organizational_unit,
        "created": created,
    }


def _make(
    organizations: OrganizationsClient, parents: Sequence[str], names: Sequence[str]
) -> tuple[str, bool]:
    """The unit's id, and whether it is new: another caller may have created it meanwhile."""
    name = names[len(parents) - 1]
    try:
        made = organizations.create_organizational_unit(ParentId=parents[-1], Name=name)
    except organizations.exceptions.DuplicateOrganizationalUnitException:
        there = ou_search.find(organizations, parents, names)
        if there is None:
            raise _hidden(name) from None
        return there, False
    return made["OrganizationalUnit"]["Id"], True


def _hidden(name: str) -> ConcurrentModification:
    return ConcurrentModification(
        f"CreateOrganizationalUnit: {ou_paths.quote(name)} was created at the same time and is "
        "not visible yet.",
        code="DuplicateOrganizationalUnitException",
        remedy=(
            "No action needed: the workflow retries automatically. Submit the request again if it "
            "has given up."
        ),
    )


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return str(result["organizationalUnitId"])


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    for path in result["created"]:
        into.say(f"organizational unit {ou_paths.quote(path)}", changed=True)
    path = ou_paths.quote(result["path"])
    into.names[result["organizationalUnitId"]] = path
    if result["path"] != "/":
        into.say(f"organizational unit {path}", changed=False)


def summary(_record: Json) -> None:
    """No line of its own: MoveAccount's names the unit."""


@operation(CreateOrganizationalUnit)
def handler(payload: CreateOrganizationalUnit) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=clients.organizations(), units=wiring.units())
