"""RecordFailure: where every failure ends up, with what happened and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vending.authorization.sender import opened
from vending.aws.clock import timestamp
from vending.aws.executions import account_id_of
from vending.aws.measurements import measure, measure_failure
from vending.aws.observability import log_request_id
from vending.creation.release import RELEASE_CALLS, release
from vending.errors.caught_error import CaughtError, from_catch
from vending.errors.exceptions import REJECTIONS, ExecutionSuperseded, RequestInvalid
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.ledger.claims import Claims
from vending.ledger.ledger import Ledger
from vending.ledger.rows import RECORD_FIELDS, record_of
from vending.model import Model
from vending.request import validators
from vending.request.account_request import AccountRequest, parse
from vending.states import State

if TYPE_CHECKING:
    from vending.authorization.request_policy import RequestPolicy
    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.item_types import Row
    from vending.queueing.slots import Slots

CALLS = RELEASE_CALLS | {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
}


class RecordFailure(Model):
    """The execution's input, as AcceptRequest gets it, and the error that was caught.

    Of a request that is too large or too deep to be passed on there is only what it is known by.
    """

    request: Any = None
    identity: Any = None
    """What an earlier definition sends instead of a request that is too large."""
    size: int = 0
    too_deep: bool = False
    execution_arn: str
    error: CaughtError


def run(
    payload: RecordFailure,
    *,
    ledger: Ledger,
    slots: Slots,
    publisher: EventPublisher,
    policy: RequestPolicy,
) -> Json:
    """The record, FAILED or (RequestInvalid, RequestConflict, RequestNotAllowed) REJECTED.

    A row that another execution owns, or that is VENDED, is left as it is; the record returned
    then is about this execution alone. It is announced where a vended account is asked for again
    and was not seen in its place. One with an id of another requester is announced without an id:
    whoever follows that id would take the refusal for the end of the request that has it. What the
    request kept from others is given back.
    """
    rejected = payload.error.name in REJECTIONS
    record = _own_record(
        payload,
        policy,
        state=State.REJECTED if rejected else State.FAILED,
        at=timestamp(ledger.clock()),
    )
    log_request_id(record["requestId"])
    known = ledger.get(record["requestId"]) if record["requestId"] is not None else None
    row = _written(known, record, payload, ledger)
    if row is not None:
        record = record_of(row)
        release(row, ledger=ledger, slots=slots)
    if row is not None or rejected or _is_vended_no_more(known, payload):
        publisher.publish_outcome(record)
    if rejected:
        measure("RequestRejected")
    else:
        measure_failure(record["error"] or {})
    return record


def _own_record(payload: RecordFailure, policy: RequestPolicy, *, state: str, at: str) -> Json:
    request = _valid(payload)
    sender, raw = opened(payload.identity if payload.request is None else payload.request)
    here = account_id_of(payload.execution_arn)
    request_id, requester = policy.remembered(raw, sender, here=here)
    return {
        **dict.fromkeys(RECORD_FIELDS),
        "requestId": request_id,
        "sender": sender.as_record(requester),
        "state": state,
        "source": request.source if request else None,
        "accountName": request.account.name if request else None,
        "executionArn": payload.execution_arn,
        "error": from_catch(payload.error),
        "requestedBy": request.requested_by if request else None,
        "requestedAt": at,
        "updatedAt": at,
    }


def _is_vended_no_more(row: Row | None, payload: RecordFailure) -> bool:
    """Whether AcceptRequest did not see the account that the request got earlier.

    Who lost the request to the execution that vended it is superseded, and has nothing to record.
    """
    return (
        row is not None
        and row["state"] == State.VENDED
        and row.get("executionArn") != payload.execution_arn
        and payload.error.name != "ExecutionSuperseded"
    )


def _written(row: Row | None, record: Json, payload: RecordFailure, ledger: Ledger) -> Row | None:
    """The row that now records this failure; None where the row is not ours to write."""
    request_id, execution_arn = record["requestId"], payload.execution_arn
    if request_id is None:
        return None
    if row is None or row["state"] == State.REJECTED:
        row = Claims(ledger=ledger).insert_unclaimed(record, _valid(payload))
        return row if row.get("executionArn") == execution_arn else None
    if row.get("executionArn") != execution_arn or row["state"] == State.VENDED:
        return None
    try:
        return ledger.mark_failed(
            request_id, execution_arn, state=record["state"], error=record["error"]
        )
    except ExecutionSuperseded:
        return None


def _valid(payload: RecordFailure) -> AccountRequest | None:
    if validators.beyond(payload.size, too_deep=payload.too_deep):
        return None
    try:
        return parse(opened(payload.request)[1])
    except RequestInvalid:
        return None


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return str(result["state"])


@operation(RecordFailure)
def handler(payload: RecordFailure) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=wiring.ledger(),
        slots=wiring.slots(),
        publisher=wiring.event_publisher(),
        policy=wiring.request_policy(),
    )
