"""ReserveCreation: queues for the moment at which AWS may be asked for one more account.

The state machine waits under a task token. Whoever makes room in the creation queue hands on
the slot: this function when there is room already, else the function of the request that leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.ledger.ledger import Ledger
from vending.ledger.rows import record_of
from vending.queueing.slots import SLOT_CALLS, Slots

if TYPE_CHECKING:
    from vending.aws.event_publisher import EventPublisher

CALLS = SLOT_CALLS | {"dynamodb:UpdateItem", "events:PutEvents"}

WAITING = "queued, AWS creates a few accounts at a time"
"""What progress says once the function has done its part and the step waits for its token."""


class ReserveCreation(Payload):
    """Who waits, and the token under which Step Functions wakes it."""

    execution_arn: str
    task_token: Annotated[str, Field(min_length=1, max_length=2048)]


def run(
    payload: ReserveCreation, *, ledger: Ledger, slots: Slots, publisher: EventPublisher
) -> Json:
    """{state: QUEUED}; the slot, {startAt}, comes by the token, or by TaskTokenRefused.

    Run again, it keeps the place it has, in the queue or at the front, under the new token.
    """
    row = ledger.mark_queued(payload.request_id, payload.execution_arn)
    ledger.tokens.save(payload.request_id, payload.execution_arn, payload.task_token)
    publisher.publish_state_changed(record_of(row))
    slots.enqueue(payload.request_id, task_token=payload.task_token)
    return {"state": row["state"]}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    wait = int(result["waitSeconds"])
    return f"slot in {wait}s" if wait else "no wait"


@operation(ReserveCreation)
def handler(payload: ReserveCreation) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=wiring.ledger(),
        slots=wiring.slots(),
        publisher=wiring.event_publisher(),
    )
