"""AwaitApproval: has a request wait for the approvals that the request policy asks for.

Its step waits under a task token, which a decision ends: nothing runs or looks meanwhile. What was
decided stands in the ledger alone, so that the step ends with nothing and AcceptRequest, which
comes next, reads it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from pydantic import Field

from vending.aws.task_tokens import token_refused
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.ledger.approval_records import is_pending
from vending.ledger.approvals import Approvals
from vending.ledger.rows import Row, record_of
from vending.states import State

if TYPE_CHECKING:
    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.ledger import Ledger

CALLS = {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
}

WAITING = "waits for approval"
"""What the step does once its function has returned."""


class AwaitApproval(Payload):
    """The execution whose request waits, and the token of the step at which it does."""

    execution_arn: str
    task_token: Annotated[str, Field(min_length=1)]


def run(
    payload: AwaitApproval,
    *,
    ledger: Ledger,
    publisher: EventPublisher,
) -> Json:
    """{expiresAt}. The step ends with {} once it was decided.

    TaskTokenRefused, which ends it as well, where it was decided already, which includes that its
    time is over. ExecutionSuperseded where another execution has the request.
    """
    row = ledger.owned(payload.request_id, payload.execution_arn)
    approvals = Approvals(table=ledger.table)
    row = cast(Row, approvals.expired(cast("dict[str, object]", row)))
    approval = row.get("approval")
    if approval is None or not is_pending(approval):
        raise token_refused({})
    # First the token: whoever decides finds it once the row says that the request waits.
    ledger.tokens.save(
        payload.request_id,
        payload.execution_arn,
        payload.task_token,
        awaits=State.AWAITING_APPROVAL,
    )
    row = ledger.change(
        payload.request_id,
        payload.execution_arn,
        values={"state": State.AWAITING_APPROVAL},
        begins=True,
    )
    publisher.publish_state_changed(record_of(row))
    return {"expiresAt": approval["expiresAt"]}


def progress(_result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return "decided"


def summary(_record: Json) -> None:
    """No line of its own: the record shows who decided."""


@operation(AwaitApproval)
def handler(payload: AwaitApproval) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=wiring.ledger(),
        publisher=wiring.event_publisher(),
    )
