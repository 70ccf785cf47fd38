"""CreateOrganizationalUnit: ensures a whole path of organizational units below the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending import aws, ports
from vending.catalogue import explain
from vending.errors import ConcurrentModification, OperationRefused
from vending.operation import Json, Payload, operation
from vending.request import OrganizationalUnitPath
from vending.translation import translate
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

    What the path led to before is looked at, one call a level. Only what is not there any more, or
    was never looked for, is made, or found among all that the parent has.

    Implements CreateOrganizationalUnit of the AWS Organizations API reference.
    """
    parent_id = _root_id(organizations)
    path, created = "", list[str]()
    for name in filter(None, payload.organizational_unit.split("/")):
        path += f"/{name}"
        unit = units.get(path)
        if unit is None or not _still_stands(organizations, unit, parent_id, name):
            unit_id, is_new = _ensure(organizations, parent_id, name)
            unit = Unit(id=unit_id, parent_id=parent_id)
            units.put(path, unit)
            created += [path] if is_new else []
        parent_id = unit.id
    return {
        "organizationalUnitId": parent_id,
        "path": payload.organizational_unit,
        "created": created,
    }


def _root_id(organizations: OrganizationsClient) -> str:
    for page in organizations.get_paginator("list_roots").paginate():
        for root in page.get("Roots", []):
            return root["Id"]
    words = explain("RootNotFound")
    raise OperationRefused(f"ListRoots: {words.what}", code=words.code, remedy=words.remedy)


def _find(organizations: OrganizationsClient, parent_id: str, name: str) -> str | None:
    pages = organizations.get_paginator("list_organizational_units_for_parent")
    for page in pages.paginate(ParentId=parent_id):
        for unit in page.get("OrganizationalUnits", []):
            if unit["Name"] == name:
                return unit["Id"]
    return None


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


def _ensure(organizations: OrganizationsClient, parent_id: str, name: str) -> tuple[str, bool]:
    """The unit's id, and whether it is new.

    AWS is asked to make it and says if it is there: to look first would mean to read all units of
    the parent for every one that is new.
    """
    exceptions = organizations.exceptions
    try:
        made = organizations.create_organizational_unit(ParentId=parent_id, Name=name)
    except (
        exceptions.DuplicateOrganizationalUnitException,
        # No room for another unit, or none this deep: the one that is there needs none.
        exceptions.ConstraintViolationException,
    ) as error:
        there = _find(organizations, parent_id, name)
        if there is not None:
            return there, False
        if isinstance(error, exceptions.DuplicateOrganizationalUnitException):
            raise _hidden(name) from None
        raise translate(error) from None
    return made["OrganizationalUnit"]["Id"], True


def _hidden(name: str) -> ConcurrentModification:
    return ConcurrentModification(
        f"CreateOrganizationalUnit: '{name}' was made at the same time and does not show.",
        code="DuplicateOrganizationalUnitException",
        remedy=(
            "Nothing to do: the workflow tries again by itself. If it has given up, look for an "
            "organizational unit whose name differs in upper and lower case only."
        ),
    )


@operation(CreateOrganizationalUnit)
def handler(payload: CreateOrganizationalUnit) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=aws.organizations(), units=ports.units())
