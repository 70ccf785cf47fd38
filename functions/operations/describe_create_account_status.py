"""DescribeCreateAccountStatus: where AWS stands with creating the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from vending.aws import clients
from vending.aws.clock import Clock, epoch, now
from vending.creation.account_creation import Creation, operation_for
from vending.errors.aws_errors import translate, translate_aws_errors, unknown_outcome
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.ledger.ledger import Ledger
from vending.ledger.rows import Row, record_of
from vending.queueing.slots import SLOT_CALLS, Slots
from vending.request.account_request import NewAccount

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.aws.event_publisher import EventPublisher

CALLS = SLOT_CALLS | {
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:DescribeCreateAccountStatus",
    "organizations:ListAccounts",
    "organizations:ListCreateAccountStatus",
    "organizations:ListTagsForResource",
}

SHOWN_WITHIN = 300
"""Seconds after which a creation that AWS does not know is not one that does not show yet."""


class DescribeCreateAccountStatus(Payload):
    """The creation to look at."""

    execution_arn: str
    create_account_request_id: Annotated[str, Field(pattern=r"^car-[a-z0-9]{8,32}$")]
    account: NewAccount


def run(
    payload: DescribeCreateAccountStatus,
    *,
    ledger: Ledger,
    organizations: OrganizationsClient,
    slots: Slots,
    publisher: EventPublisher,
    clock: Clock = now,
) -> Json:
    """{state: IN_PROGRESS or SUCCEEDED, accountId, govCloudAccountId}; AccountCreationFailed.

    The request keeps its slot while AWS is at work, and leaves it when the
    account is there; where the creation failed, RecordFailure leaves it.

    Implements DescribeCreateAccountStatus of the AWS Organizations API reference.
    """
    row = ledger.owned(payload.request_id, payload.execution_arn)
    creation_id = payload.create_account_request_id
    with translate_aws_errors():
        try:
            answer = organizations.describe_create_account_status(
                CreateAccountRequestId=creation_id
            )
        except organizations.exceptions.CreateAccountStatusNotFoundException as error:
            if _may_not_show_yet(row, clock):
                raise translate(error) from None
            ledger.clear_creation_id(payload.request_id, payload.execution_arn)
            raise unknown_outcome(
                f"AWS does not know the creation {creation_id}", operation_for(row.get("source"))
            ) from None
    created = Creation(
        request_id=payload.request_id,
        execution_arn=payload.execution_arn,
        account=payload.account,
        ledger=ledger,
        slots=slots,
        organizations=organizations,
        clock=clock,
        operation=operation_for(row.get("source")),
    ).settle(answer["CreateAccountStatus"], row)
    if created.state == "IN_PROGRESS":
        if _lasts(created.row, clock, slots):
            slots.renew(payload.request_id)
    else:
        slots.release(payload.request_id)
        publisher.publish_state_changed(record_of(created.row))
    return {
        "state": created.state,
        "accountId": created.row.get("accountId"),
        "govCloudAccountId": created.row.get("govCloudAccountId"),
    }


def _may_not_show_yet(row: Row, clock: Clock) -> bool:
    intent = row.get("intent")
    return intent is not None and clock() - epoch(intent["at"]) < SHOWN_WITHIN


def _lasts(row: Row, clock: Clock, slots: Slots) -> bool:
    """Whether the creation takes so long that the lease of its place may have to be renewed."""
    began = row["intent"]["at"] if "intent" in row else row["requestedAt"]
    return clock() - epoch(began) > slots.quota.lease_seconds / 2


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    if result["state"] != "SUCCEEDED":
        return "AWS is creating it"
    return f"account {result['accountId']}"


@operation(DescribeCreateAccountStatus)
def handler(payload: DescribeCreateAccountStatus) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=wiring.ledger(),
        organizations=clients.organizations(),
        slots=wiring.slots(),
        publisher=wiring.event_publisher(),
    )
