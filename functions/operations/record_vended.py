"""RecordVended: the ledger says VENDED and at which revision, and an event announces it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from vending.aws import clients
from vending.aws.clock import epoch
from vending.aws.event_publisher import is_change
from vending.aws.measurements import measure
from vending.errors.catalogue import explain
from vending.errors.exceptions import AccountNotInPlace
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.ledger.ledger import Ledger
from vending.ledger.locks import account_of
from vending.ledger.rows import record_of
from vending.organization import eligibility
from vending.request.fields import AccountId

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.aws.event_publisher import EventPublisher

CALLS = {
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:DescribeAccount",
    "organizations:ListParents",
}


class RecordVended(Payload):
    """What was vended, where it was put (null: left in its place), and what is worth knowing."""

    execution_arn: str
    account_id: AccountId
    organizational_unit_id: str | None
    warnings: list[str] = Field([])


def run(
    payload: RecordVended,
    *,
    ledger: Ledger,
    organizations: OrganizationsClient,
    publisher: EventPublisher,
) -> Json:
    """The record, VENDED; OperationRefused unless the account is active, AccountNotInPlace while it
    is not in the unit where the request put it.
    """
    account = organizations.describe_account(AccountId=payload.account_id)["Account"]
    refused = eligibility.refusal(account)
    if refused is not None:
        raise refused
    if payload.organizational_unit_id is not None:
        _ensure_in_place(payload.account_id, payload.organizational_unit_id, organizations)
    row = ledger.mark_vended(
        payload.request_id,
        payload.execution_arn,
        account_id=payload.account_id,
        organizational_unit_id=payload.organizational_unit_id,
        warnings=payload.warnings,
    )
    ledger.locks.free(payload.request_id, payload.execution_arn, account_of(row))
    record = record_of(row)
    publisher.publish_outcome(record)
    if is_change(record):
        measure("AccountChanged")
        return record
    measure("AccountVended")
    took = ledger.clock() - epoch(row["requestedAt"])
    measure("VendDuration", max(0.0, took), source=row["source"])
    return record


def _ensure_in_place(account_id: str, unit_id: str, organizations: OrganizationsClient) -> None:
    parent_id = eligibility.parent_id(account_id, organizations)
    if parent_id != unit_id:
        raise AccountNotInPlace(
            f"ListParents: the account {account_id} is in {parent_id}, not in {unit_id} where this "
            "request put it.",
            remedy=explain("AccountNotInPlace").remedy,
        )


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return str(result["state"])


@operation(RecordVended)
def handler(payload: RecordVended) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=wiring.ledger(),
        organizations=clients.organizations(),
        publisher=wiring.event_publisher(),
    )
