"""RecordRetirement: the only place where a retirement's stages and outcomes are recorded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from vending.authorization.sender import opened
from vending.aws import event_publisher
from vending.aws.clock import timestamp
from vending.aws.measurements import measure, measure_failure
from vending.errors.caught_error import CaughtError, from_catch
from vending.errors.exceptions import REJECTIONS, ExecutionSuperseded
from vending.handler import settings, wiring
from vending.handler.operation import Json, operation
from vending.model import Model
from vending.queueing.slots import SLOT_CALLS, Slots
from vending.retirement.request import account_id_in
from vending.retirement.rows import AccountState, Retirements, record_of

if TYPE_CHECKING:
    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.item_types import Retirement

CALLS = SLOT_CALLS | {"dynamodb:DeleteItem", "dynamodb:UpdateItem", "events:PutEvents"}

Stage = Literal["RETIRING", "CLOSED", "RESTORED", "FAILED"]

_DAY = 86_400


class RecordRetirement(Model):
    """What has come to pass: the execution's input, the stage, and what belongs to it."""

    request: Any = None
    execution_arn: str
    stage: Stage
    closed_by: str | None = None
    error: CaughtError | None = None


def run(
    payload: RecordRetirement,
    *,
    retirements: Retirements,
    slots: Slots,
    publisher: EventPublisher,
    grace_days: float,
) -> Json:
    """The record. RETIRING begins the grace period; the other stages give back locks and slot.

    ExecutionSuperseded where another execution has the account by now. A failure is written where
    the row is this execution's, and announced in any case.
    """
    account_id = account_id_in(opened(payload.request)[1])
    if payload.stage == "FAILED":
        return _failed(payload, account_id, retirements, slots, publisher)
    assert account_id is not None  # AcceptRetirement has accepted it
    row, detail_type = _written(payload, account_id, retirements, grace_days)
    if payload.stage != "RETIRING":
        _give_back(row, retirements, slots)
    record = record_of(row)
    publisher.publish_retirement(detail_type, record)
    measure(detail_type)
    return record


def _written(
    payload: RecordRetirement, account_id: str, retirements: Retirements, grace_days: float
) -> tuple[Retirement, str]:
    now = retirements.table.clock()
    arn = payload.execution_arn
    if payload.stage == "RETIRING":
        # A Wait state knows whole seconds only, and must not end a little too early.
        closes_at = timestamp(math.ceil(now + grace_days * _DAY))
        row = retirements.mark(
            account_id,
            arn,
            states=(AccountState.RETIRING,),
            keep=("closesAt",),
            closesAt=closes_at,
        )
        return row, event_publisher.RETIRING
    if payload.stage == "CLOSED":
        row = retirements.mark(
            account_id,
            arn,
            states=(AccountState.CLOSING, AccountState.CLOSED),
            remove=("error",),
            keep=("closedAt", "closedBy"),
            state=AccountState.CLOSED,
            closedAt=timestamp(now),
            closedBy=payload.closed_by or "US",
        )
        return row, event_publisher.CLOSED
    before = retirements.owned(account_id, arn)
    row = retirements.mark(
        account_id,
        arn,
        states=(AccountState.RETIRING, AccountState.ACTIVE),
        remove=("closesAt", "error", "waitsSince"),
        keep=("restoredAt",),
        state=AccountState.ACTIVE,
        restoredAt=timestamp(now),
        warnings=_not_restored(before),
    )
    return row, event_publisher.RESTORED


def _not_restored(row: Retirement) -> list[str] | None:
    """What was undone of the account that putting it back does not bring back."""
    services = row.get("deregistered")
    if not services:
        return None
    lost = ", ".join(services)
    return [f"The account is no delegated administrator any more for {lost}; register it again."]


def _failed(
    payload: RecordRetirement,
    account_id: str | None,
    retirements: Retirements,
    slots: Slots,
    publisher: EventPublisher,
) -> Json:
    error = from_catch(payload.error) if payload.error else None
    row = None
    if account_id is not None:
        try:
            before = retirements.owned(account_id, payload.execution_arn)
            # What was not approved leaves the account as it is.
            waited = before["state"] == AccountState.AWAITING_APPROVAL
            under_way = (AccountState.RETIRING, AccountState.CLOSING)
            row = retirements.mark(
                account_id,
                payload.execution_arn,
                states=(AccountState.AWAITING_APPROVAL,) if waited else under_way,
                error=error,
                state=AccountState.ACTIVE if waited else None,
            )
        except ExecutionSuperseded:
            row = None
    if row is not None:
        _give_back(row, retirements, slots)
    of_nobody = {"accountId": account_id, "executionArn": payload.execution_arn, "error": error}
    record = record_of(row or {}) | (of_nobody if row is None else {})
    publisher.publish_retirement(event_publisher.RETIREMENT_FAILED, record)
    if payload.error and payload.error.name in REJECTIONS:
        measure("RequestRejected")
    else:
        measure_failure(error or {}, of=event_publisher.RETIREMENT_FAILED)
    return record


def _give_back(row: Retirement, retirements: Retirements, slots: Slots) -> None:
    slots.reclaim(row["accountId"])
    retirements.free_locks(row)


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    if result.get("state") == AccountState.RETIRING and result.get("closesAt"):
        return f"can be restored until {result['closesAt']}"
    return str(result.get("state") or "")


@operation(RecordRetirement)
def handler(payload: RecordRetirement) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        retirements=wiring.retirements(),
        slots=wiring.closing_slots(),
        publisher=wiring.event_publisher(),
        grace_days=settings.read(settings.GracePeriodSettings).days,
    )
