"""MoveAccount: ensures that an account is in its organizational unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from vending.aws import clients
from vending.handler.operation import Json, Payload, operation
from vending.organization import eligibility
from vending.request.account_request import AccountId
from vending.request.ou_paths import quote

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.organization.report import Report

CALLS = {"organizations:ListParents", "organizations:MoveAccount"}

ParentId = Annotated[
    str,
    Field(pattern=r"^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$"),
]


class MoveAccount(Payload):
    """The account and where it belongs."""

    account_id: AccountId
    organizational_unit_id: ParentId


def run(payload: MoveAccount, *, organizations: OrganizationsClient) -> Json:
    """{sourceParentId, destinationParentId, moved}.

    Implements MoveAccount of the AWS Organizations API reference.
    """
    destination = payload.organizational_unit_id
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
    return {"sourceParentId": source, "destinationParentId": destination, "moved": moved}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return f"into {result['destinationParentId']}" if result["moved"] else "already there"


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
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
    return run(payload, organizations=clients.organizations())
