"""CreateOrganizationalUnit: ensures a whole path of organizational units below the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending import aws
from vending.catalogue import explain
from vending.errors import ConcurrentModification, OperationRefused
from vending.operation import Json, Payload, operation
from vending.request import OrganizationalUnitPath

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

CALLS = {
    "organizations:CreateOrganizationalUnit",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListRoots",
}


class CreateOrganizationalUnit(Payload):
    """The path to ensure; / is the root."""

    organizational_unit: OrganizationalUnitPath


def run(payload: CreateOrganizationalUnit, *, organizations: OrganizationsClient) -> Json:
    """{organizationalUnitId, path, created}: the id of the last name on the path, or of the root.

    `created` are the paths of what was missing, the topmost first.

    Implements CreateOrganizationalUnit of the AWS Organizations API reference.
    """
    parent_id = _root_id(organizations)
    path, created = "", list[str]()
    for name in filter(None, payload.organizational_unit.split("/")):
        path += f"/{name}"
        found = None if created else _find(organizations, parent_id, name)
        if found is None:
            created.append(path)
        parent_id = found or _create(organizations, parent_id, name)
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


def _create(organizations: OrganizationsClient, parent_id: str, name: str) -> str:
    try:
        created = organizations.create_organizational_unit(ParentId=parent_id, Name=name)
    except organizations.exceptions.DuplicateOrganizationalUnitException:
        there = _find(organizations, parent_id, name)
        if there is None:
            raise ConcurrentModification(
                f"CreateOrganizationalUnit: '{name}' was made at the same time and does not show.",
                code="DuplicateOrganizationalUnitException",
                remedy=(
                    "Nothing to do: the workflow tries again by itself. If it has given up, look "
                    "for an organizational unit whose name differs in upper and lower case only."
                ),
            ) from None
        return there
    return created["OrganizationalUnit"]["Id"]


@operation(CreateOrganizationalUnit)
def handler(payload: CreateOrganizationalUnit) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=aws.organizations())
