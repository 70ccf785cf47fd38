"""Locks that another request has: freed where its execution is over and needs them no more.

An execution that was stopped leaves its locks; whoever needs one of them next ends what it left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.aws.clock import epoch
from vending.aws.executions import is_running
from vending.errors.exceptions import RequestConflict
from vending.frozen import frozen
from vending.ledger.decisions import hidden_conflict, is_hidden
from vending.ledger.ledger import Ledger
from vending.ledger.locks import LockHeld, refuse_retired
from vending.ledger.rows import record_of
from vending.states import FINAL

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.item_types import Row


@frozen
class LockOwners:
    """The requests that have locks, and whether their executions still run."""

    ledger: Ledger
    stepfunctions: SFNClient
    publisher: EventPublisher

    def goes_on(self, row: Row) -> bool:
        """Whether the row's execution runs, or may: it shows a little later than it begins."""
        known_for = self.ledger.clock() - epoch(row["updatedAt"])
        return is_running(row["executionArn"], self.stepfunctions, known_for=known_for)

    def take_away(self, held: LockHeld, *, request_id: str) -> None:
        """Free a lock that the request needs; RequestConflict where its owner may still need it."""
        refuse_retired(held)
        owner = self.ledger.get(held.owner)
        if owner is not None:
            is_over = owner["state"] in FINAL or not self.goes_on(owner)
            if not is_over or self.ledger.locks.may_still_create(owner):
                raise _conflict(held, owner, request_id, is_over=is_over)
            if owner["state"] not in FINAL:
                # Few requests find such a row, and a cold start is mostly imports.
                from vending.reconciliation.execution_end import ExecutionEnd  # noqa: PLC0415

                # Its last function may be at work yet, and must ask AWS for no account any more.
                end = ExecutionEnd.of(owner["executionArn"], self.stepfunctions)
                if end is None:
                    raise _conflict(held, owner, request_id, is_over=False)
                owner = self.ledger.mark_interrupted(owner, error=end.as_error())
                self.publisher.publish_outcome(record_of(owner))
        self.ledger.locks.release(held)


def _conflict(held: LockHeld, owner: Row, request_id: str, *, is_over: bool) -> RequestConflict:
    if is_hidden(held.owner, of=request_id):
        return hidden_conflict(held.what)
    remedy = f"Wait until the request '{held.owner}' has ended, then submit this one again."
    if is_over:
        remedy = (
            f"Submit the request '{held.owner}' again: it finds out what became of its account. "
            "Then submit this one again, if it is still wanted."
        )
    return RequestConflict(
        f"{held.what}: is also that of the request '{held.owner}', which is {owner['state']} in "
        f"the execution {owner.get('executionArn')}.",
        remedy=remedy,
    )
