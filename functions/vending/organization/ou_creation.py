"""What ensures a path of organizational units below the root, level by level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vending.errors.exceptions import ConcurrentModification
from vending.ledger.ou_path_cache import OuPathCache, Unit
from vending.organization import ou_search
from vending.request import ou_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_organizations import OrganizationsClient

    from vending.organization.report import Report

UNIT_CALLS = {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "organizations:CreateOrganizationalUnit",
    "organizations:DescribeOrganizationalUnit",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListRoots",
}
"""What a function that ensures a path calls."""


def ensure(path: str, *, organizations: OrganizationsClient, units: OuPathCache) -> dict[str, Any]:
    """{organizationalUnitId, path, created}: the id of the last name on the path, or of the root.

    `created` are the paths of what was missing, the topmost first.

    What the path led to before is looked at, one call a level. What is not there any more, or was
    never looked for, is searched among all that the parent has, and made where nothing there reads
    the same; OperationRefused where something does.
    """
    names = ou_paths.split(path)
    parents, created = [ou_search.root_id(organizations, units)], list[str]()
    for level, name in enumerate(names):
        so_far = ou_paths.join(names[: level + 1])
        unit = units.get(so_far)
        if unit is None or not ou_search.still_stands(organizations, unit, parents[-1], name):
            # What was made here a moment ago has nothing in it.
            unit_id = None if created else ou_search.find(organizations, parents, names)
            if unit_id is None:
                unit_id, is_new = _make(organizations, parents, names)
                created += [so_far] if is_new else []
            unit = Unit(id=unit_id, parent_id=parents[-1])
            units.put(so_far, unit)
        parents.append(unit.id)
    return {"organizationalUnitId": parents[-1], "path": path, "created": created}


def report(result: dict[str, Any], into: Report) -> None:
    """What a plan and a report say of an ensured path."""
    for path in result["created"]:
        into.say(f"organizational unit {ou_paths.quote(path)}", changed=True)
    path = ou_paths.quote(result["path"])
    into.names[result["organizationalUnitId"]] = path
    if result["path"] != "/":
        into.say(f"organizational unit {path}", changed=False)


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
