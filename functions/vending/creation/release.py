"""What a request that ended keeps from others: its place in the creation queue, and its locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.ledger.locks import LOCK_CALLS, account_of, is_creation_in_flight
from vending.queueing.slots import SLOT_CALLS
from vending.states import State

if TYPE_CHECKING:
    from vending.ledger.item_types import Row
    from vending.ledger.ledger import Ledger
    from vending.queueing.slots import Slots

RELEASE_CALLS = LOCK_CALLS | SLOT_CALLS
"""What it takes to give back."""


def release(row: Row, *, ledger: Ledger, slots: Slots) -> None:
    """Give back what a FAILED or REJECTED request keeps, unless AWS may yet create its account.

    Then the place ends with its lease, as the creation does count until it ends; and the locks are
    kept for when the request is submitted again. What another execution that resumed the request
    has by now is left to it. May be repeated.
    """
    execution_arn = row.get("executionArn")
    state = row["state"]
    if (
        state not in (State.FAILED, State.REJECTED)
        or execution_arn is None
        or is_creation_in_flight(row)
    ):
        return
    ledger.locks.free(row["requestId"], execution_arn, account_of(row))
    if state == State.FAILED:  # nobody is rejected once in the queue
        slots.release(row["requestId"], unless_resumed_since=execution_arn)
