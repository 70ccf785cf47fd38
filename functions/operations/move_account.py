"""MoveAccount: ensures that an account is in its organizational unit, and the unit itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from vending.aws import clients
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.organization import eligibility, ou_creation
from vending.organization.ou_creation import UNIT_CALLS
from vending.request.fields import AccountId, OrganizationalUnitPath
from vending.request.ou_paths import quote

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.ledger.ou_path_cache import OuPathCache
    from vending.organization.report import Report

CALLS = UNIT_CALLS | {"organizations:ListParents", "organizations:MoveAccount"}

ParentId = Annotated[
    str,
    Field(pattern=r"^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$"),
]


class MoveAccount(Payload):
    """The account and where it belongs: a path, whose units are created where they are missing, or
    the id of a unit or root that is there.
    """

    account_id: AccountId
    organizational_unit: OrganizationalUnitPath | None = None
    organizational_unit_id: ParentId | None = None

    @model_validator(mode="after")
    def _has_one_destination(self) -> Self:
        if (self.organizational_unit is None) == (self.organizational_unit_id is None):
            raise ValueError("needs either organizationalUnit or organizationalUnitId")
        return self


def run(payload: MoveAccount, *, organizations: OrganizationsClient, units: OuPathCache) -> Json:
    """{sourceParentId, destinationParentId, moved}, and of a path what `ou_creation.ensure` says.

    Implements MoveAccount of the AWS Organizations API reference.
    """
    ensured: Json = {}
    if payload.organizational_unit is not None:
        ensured = ou_creation.ensure(
            payload.organizational_unit, organizations=organizations, units=units
        )
    destination = payload.organizational_unit_id or ensured["organizationalUnitId"]
    source = eligibility.parent_id(payload.account_id, organizations)
    moved = source != destination
    if moved:
        try:
            organizations.move_account(
                AccountId=payload.account_id,
                SourceParentId=source,
                DestinationParentId=destination,
            )
        except (
            organizations.exceptions.DuplicateAccountException,
            organizations.exceptions.SourceParentNotFoundException,
        ):
            # Others moved it between the two calls: VENDED must not say more than is seen.
            if eligibility.parent_id(payload.account_id, organizations) != destination:
                raise
            moved = False
    return {
        **ensured,
        "sourceParentId": source,
        "destinationParentId": destination,
        "moved": moved,
    }


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return f"into {result['destinationParentId']}" if result["moved"] else "already there"


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    if "path" in result:
        ou_creation.report(result, into)
    where = into.name_of(result["destinationParentId"])
    into.say(f"account in {where}", changed=result["moved"])


def summary(record: Json) -> tuple[str, Any]:
    """The line of a request's result: a label, and nothing where the request asked for nothing."""
    path, unit_id = record["request"].get("organizationalUnit"), record.get("organizationalUnitId")
    path = quote(path) if path else None
    return "organizational unit", f"{path} ({unit_id})" if path and unit_id else path or unit_id


@operation(MoveAccount)
def handler(payload: MoveAccount) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=clients.organizations(), units=wiring.units())
