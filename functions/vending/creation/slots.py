"""The creation queue: who may ask AWS to create an account, by the rows of the requests.

AWS allows 0.1 creations a second with a burst of 3, and 5 in progress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vending.errors.catalogue import explain
from vending.errors.exceptions import SlotNeeded
from vending.frozen import frozen
from vending.ledger.keys import CREATION_QUEUE
from vending.ledger.locks import is_creation_in_flight
from vending.queueing.slots import Slots, Waiter
from vending.states import State

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from vending.ledger.ledger import Ledger
    from vending.queueing.queue import Quota


def slot_needed() -> SlotNeeded:
    """AWS must not be asked before the queue has given a slot."""
    words = explain("SlotNeeded")
    return SlotNeeded(words.what, remedy=words.remedy)


@frozen
class Requests:
    """Those who wait in the creation queue, by their request ids."""

    ledger: Ledger

    def find(self, waiter_id: str) -> Waiter | None:
        """None where the ledger has no such request."""
        row = self.ledger.get(waiter_id)
        if row is None:
            return None
        is_served = "accountId" in row  # it came in line when its account was there
        is_begun = is_creation_in_flight(row)
        waits = "reservation" in row and not is_served and not is_begun
        return Waiter(
            execution_arn=row.get("executionArn"),
            task_token=self.ledger.tokens.find(row) if waits else None,
            is_served=is_served,
            is_begun=is_begun,
            keeps_lease=row["state"] == State.CREATING and self.ledger.locks.may_still_create(row),
        )


def creation_slots(ledger: Ledger, stepfunctions: SFNClient, quota: Quota, **ports: Any) -> Slots:
    """The creation queue; `ports` are the clock and the sleep of a test."""
    return Slots(
        pk=CREATION_QUEUE,
        backlog="QueueBacklog",
        table=ledger.table,
        waiters=Requests(ledger=ledger),
        stepfunctions=stepfunctions,
        quota=quota,
        **ports,
    )
