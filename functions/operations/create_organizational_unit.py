"""CreateOrganizationalUnit: ensures a whole path of organizational units below the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.aws import clients
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.organization import ou_creation
from vending.organization.ou_creation import UNIT_CALLS
from vending.request.fields import OrganizationalUnitPath

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.ledger.ou_path_cache import OuPathCache
    from vending.organization.report import Report

CALLS = UNIT_CALLS


class CreateOrganizationalUnit(Payload):
    """The path to ensure; / is the root."""

    organizational_unit: OrganizationalUnitPath


def run(
    payload: CreateOrganizationalUnit, *, organizations: OrganizationsClient, units: OuPathCache
) -> Json:
    """{organizationalUnitId, path, created}, as `ou_creation` says.

    Implements CreateOrganizationalUnit of the AWS Organizations API reference.
    """
    return ou_creation.ensure(payload.organizational_unit, organizations=organizations, units=units)


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return str(result["organizationalUnitId"])


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    ou_creation.report(result, into)


def summary(_record: Json) -> None:
    """No line of its own: MoveAccount's names the unit."""


@operation(CreateOrganizationalUnit)
def handler(payload: CreateOrganizationalUnit) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=clients.organizations(), units=wiring.units())
