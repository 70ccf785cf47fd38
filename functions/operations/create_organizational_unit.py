"""CreateOrganizationalUnit: ensures a whole path of organizational units below the root."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from vending import aws, limits, paths, ports
from vending.catalogue import explain
from vending.errors import ConcurrentModification, OperationRefused
from vending.operation import Json, Payload, operation
from vending.request import OrganizationalUnitPath
from vending.units import Unit, Units

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

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
    payload: CreateOrganizationalUnit, *, organizations: OrganizationsClient, units: Units
) -> Json:
    """{organizationalUnitId, path, created}: the id of the last name on the path, or of the root.

    `created` are the paths of what was missing, the topmost first.

    What the path led to before is looked at, one call a level. What is not there any more, or was
    never looked for, is searched among all that the parent has, and made where nothing there reads
    the same; OperationRefused where something does.

    Implements CreateOrganizationalUnit of the AWS Organizations API reference.
    """
    names = paths.split(payload.organizational_unit)
    parents, created = [_root_id(organizations)], list[str]()
    for level, name in enumerate(names):
        path = paths.join(names[: level + 1])
        unit = units.get(path)
        if unit is None or not _still_stands(organizations, unit, parents[-1], name):
            # What was made here a moment ago has nothing in it.
            unit_id = None if created else _find(organizations, parents, names)
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


def _root_id(organizations: OrganizationsClient) -> str:
    for page in organizations.get_paginator("list_roots").paginate():
        for root in page.get("Roots", []):
            return root["Id"]
    words = explain("RootNotFound")
    raise OperationRefused(f"ListRoots: {words.what}", code=words.code, remedy=words.remedy)


def _children(organizations: OrganizationsClient, parent_id: str) -> Iterator[tuple[str, str]]:
    """(id, name) of every unit directly below a parent."""
    pages = organizations.get_paginator("list_organizational_units_for_parent")
    for page in pages.paginate(ParentId=parent_id):
        for unit in page.get("OrganizationalUnits", []):
            yield unit["Id"], unit["Name"]


def _find(
    organizations: OrganizationsClient, parents: Sequence[str], names: Sequence[str]
) -> str | None:
    """The unit that is named below the last of the parents, if there is one.

    Raises:
        OperationRefused: there is none, but one that a person would take for it: below that parent,
            or, where its name has slashes, below any of the parents.
    """
    level = len(parents) - 1
    siblings = list(_children(organizations, parents[level]))
    for unit_id, name in siblings:
        if name == names[level]:
            return unit_id
    for above in range(level, -1, -1):
        there = siblings if above == level else list(_children(organizations, parents[above]))
        # What was found up to here is another unit: a twin reaches at least to what is missing.
        readings = {
            paths.reading("/".join(names[above:end])): end for end in range(len(names), level, -1)
        }
        for unit_id, name in there:
            end = readings.get(paths.reading(name))
            if end is not None:
                raise _similar(names, above, end, unit_id, name)
    return None


def _similar(
    names: Sequence[str], above: int, end: int, unit_id: str, name: str
) -> OperationRefused:
    """The refusal of names[above:end], which read like the unit `name` that is there."""
    existing = paths.join([*names[:above], name])
    meant = paths.join([*names[:above], name, *names[end:]])
    asked = paths.join(names)
    if limits.organizational_unit(meant):
        right = "/".join(names[above:end])
        path = paths.join([*names[:above], right, *names[end:]])
        again = (
            "submit the request again."
            if path == asked
            else f"write {path} and submit the request again."
        )
        remedy = (
            "No path can name the existing unit. Rename it, with `aws organizations "
            f"update-organizational-unit --organizational-unit-id {unit_id} --name "
            f"{shlex.quote(right)}` if it is the one that is meant; then {again}"
        )
    else:
        remedy = (
            f"If the existing unit is meant, write {paths.quote(meant)} and submit the request "
            "again. Otherwise rename the existing unit, then submit the request again."
        )
    return OperationRefused(
        f"CreateOrganizationalUnit: {paths.quote(asked)} does not exist, but reads like "
        f"{paths.quote(existing)} ({unit_id}), which does.",
        code="SimilarOrganizationalUnit",
        remedy=remedy,
    )


def _still_stands(
    organizations: OrganizationsClient, unit: Unit, parent_id: str, name: str
) -> bool:
    if unit.parent_id != parent_id:
        return False
    try:
        seen = organizations.describe_organizational_unit(OrganizationalUnitId=unit.id)
    except organizations.exceptions.OrganizationalUnitNotFoundException:
        return False
    return seen["OrganizationalUnit"].get("Name") == name


def _make(
    organizations: OrganizationsClient, parents: Sequence[str], names: Sequence[str]
) -> tuple[str, bool]:
    """The unit's id, and whether it is new: somebody else may have made it meanwhile."""
    name = names[len(parents) - 1]
    try:
        made = organizations.create_organizational_unit(ParentId=parents[-1], Name=name)
    except organizations.exceptions.DuplicateOrganizationalUnitException:
        there = _find(organizations, parents, names)
        if there is None:
            raise _hidden(name) from None
        return there, False
    return made["OrganizationalUnit"]["Id"], True


def _hidden(name: str) -> ConcurrentModification:
    return ConcurrentModification(
        f"CreateOrganizationalUnit: {paths.quote(name)} was made at the same time and does not "
        "show.",
        code="DuplicateOrganizationalUnitException",
        remedy=(
            "Nothing to do: the workflow tries again by itself. Submit the request again if it "
            "has given up."
        ),
    )


@operation(CreateOrganizationalUnit)
def handler(payload: CreateOrganizationalUnit) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=aws.organizations(), units=ports.units())
