"""DescribeCreateAccountStatus: where AWS stands with creating the account; if not done, it waits.

Its step waits under a task token, which goes into the ledger before the look, so that an event that
comes at any moment from then on finds it: AnswerCreateAccount ends the wait to look again. Events
need a trail and may come late or never. So the step waits for one only where that of the call
itself came soon enough, and even then not for ever; else it ends at once, to look again later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from vending.aws import clients
from vending.aws.clock import Clock, epoch, now
from vending.aws.task_tokens import WaitingStep, token_refused
from vending.creation.account_creation import Creation, operation_for
from vending.errors.aws_errors import translate, translate_aws_errors, unknown_outcome
from vending.errors.catalogue import explain
from vending.errors.exceptions import CreationInProgress, OperationRefused
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.ledger.ledger import Ledger
from vending.ledger.locks import MAX_CREATION_SECONDS
from vending.ledger.rows import record_of
from vending.queueing.slots import SLOT_CALLS, Slots
from vending.request.account import NewAccount

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import CreateAccountStatusTypeDef
    from mypy_boto3_stepfunctions import SFNClient

    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.item_types import Row

CALLS = SLOT_CALLS | {
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:DescribeCreateAccountStatus",
    "organizations:ListAccounts",
    "organizations:ListCreateAccountStatus",
    "organizations:ListTagsForResource",
    "states:SendTaskFailure",
}

WAITING = "AWS is creating it"
"""What progress says once the function has done its part and the step waits for its token."""

TOLERATED_DELAY, TOLERATED_SHARE = 3, 0.05
"""How much later than the account was there the workflow may go on: so many seconds, and so much
of the time that it waited. The definition's own looks keep to it, and so does an event in time."""

SHOWN_WITHIN = 300
"""Seconds after which a creation that AWS does not know is not one that does not show yet."""


class DescribeCreateAccountStatus(Payload):
    """The creation to look at, and the token of the step that waits for its end.

    Attributes:
        task_token: None from a definition of before, whose step waits for nothing and polls.
        waited_seconds: how long ago the workflow began to wait for the creation.
        is_answered: whether an event has reported the end, so that none is waited for any more.
    """

    execution_arn: str
    create_account_request_id: Annotated[str, Field(pattern=r"^car-[a-z0-9]{8,32}$")]
    account: NewAccount
    task_token: Annotated[str, Field(min_length=1, max_length=2048)] | None = None
    waited_seconds: Annotated[float, Field(ge=0)] = 0
    is_answered: bool = False


def run(
    payload: DescribeCreateAccountStatus,
    *,
    ledger: Ledger,
    organizations: OrganizationsClient,
    slots: Slots,
    publisher: EventPublisher,
    states: SFNClient,
    clock: Clock = now,
) -> Json:
    """{state: IN_PROGRESS or SUCCEEDED, accountId, govCloudAccountId}; AccountCreationFailed.

    The step itself ends with that once the account is there. In progress, it goes on waiting where
    an event is sure to end that in time; else it ends with CreationInProgress, to look again later.
    TaskTokenRefused carries what it was to end with where its token may not be used here.

    The request leaves the creation queue when the account is there; where the creation failed,
    RecordFailure leaves it.

    Implements DescribeCreateAccountStatus of the AWS Organizations API reference.
    """
    row = ledger.owned(payload.request_id, payload.execution_arn)
    if payload.task_token is not None:
        ledger.tokens.save(payload.request_id, payload.execution_arn, payload.task_token)
    status = _status(payload, row, ledger=ledger, organizations=organizations, clock=clock)
    created = Creation(
        request_id=payload.request_id,
        execution_arn=payload.execution_arn,
        account=payload.account,
        ledger=ledger,
        slots=slots,
        organizations=organizations,
        clock=clock,
        operation=operation_for(row.get("source")),
    ).settle(status, row)
    if created.state == "SUCCEEDED":
        slots.release(payload.request_id)
        publisher.publish_state_changed(record_of(created.row))
    result = {
        "state": created.state,
        "accountId": created.row.get("accountId"),
        "govCloudAccountId": created.row.get("govCloudAccountId"),
    }
    if payload.task_token is not None:
        step = WaitingStep(client=states, token=payload.task_token)
        _end(step, result, payload, ledger)
    return result


def _end(
    step: WaitingStep, result: Json, payload: DescribeCreateAccountStatus, ledger: Ledger
) -> None:
    """Have the step end with what was seen, unless it is to wait for an event."""
    if result["state"] == "SUCCEEDED":
        if not step.succeed(result):
            # An event may have ended the step a moment ago; then nobody hears this.
            raise token_refused(result)
    elif payload.waited_seconds > MAX_CREATION_SECONDS:
        raise _overdue()
    elif payload.is_answered or not _is_event_sure(payload, ledger):
        in_progress = _in_progress()
        if not step.fail(in_progress):
            raise in_progress


def _status(
    payload: DescribeCreateAccountStatus,
    row: Row,
    *,
    ledger: Ledger,
    organizations: OrganizationsClient,
    clock: Clock,
) -> CreateAccountStatusTypeDef:
    """What AWS says; OutcomeUnknown where it knows no such creation."""
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
                f"AWS has no record of the creation {creation_id}", operation_for(row.get("source"))
            ) from None
    return answer["CreateAccountStatus"]


def _is_event_sure(payload: DescribeCreateAccountStatus, ledger: Ledger) -> bool:
    """Whether the creation's end will be reported no later than looking would find it.

    The event about the call came by the same way, and says how long that takes.
    """
    pointer = ledger.creation_pointers.find(payload.create_account_request_id)
    if pointer is None or pointer.event_delay is None:
        return False
    return pointer.event_delay <= TOLERATED_DELAY + payload.waited_seconds * TOLERATED_SHARE


def _in_progress() -> CreationInProgress:
    words = explain("CreationInProgress")
    return CreationInProgress(words.what, remedy=words.remedy)


def _overdue() -> OperationRefused:
    words = explain("AccountCreationOverdue")
    return OperationRefused(
        f"AWS has been creating the account for more than {MAX_CREATION_SECONDS // 3600} hours.",
        code=words.code,
        remedy=words.remedy,
    )


def _may_not_show_yet(row: Row, clock: Clock) -> bool:
    intent = row.get("intent")
    return intent is not None and clock() - epoch(intent["at"]) < SHOWN_WITHIN


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    if result["state"] != "SUCCEEDED":
        return WAITING
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
        states=clients.stepfunctions(),
    )
