"""AwaitApproval: has a request, or a retirement, wait for the approvals that the policy asks for.

Its step waits under a task token, which a decision ends: nothing runs or looks meanwhile. What was
decided stands in the ledger alone, so that the step ends with nothing, and the acceptance that
comes next reads it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import Field

from vending.aws.event_publisher import RETIREMENT_AWAITS_APPROVAL
from vending.aws.task_tokens import token_refused
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.ledger import rows
from vending.ledger.approval_records import is_pending
from vending.ledger.approvals import STATE, Approvals
from vending.request.fields import AccountId
from vending.retirement.rows import record_of

if TYPE_CHECKING:
    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.item_types import Approval, Retirement
    from vending.ledger.ledger import Ledger
    from vending.retirement.rows import Retirements

CALLS = {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
}

WAITING = "waits for approval"
"""What the step does once its function has returned."""


class AwaitApproval(Payload):
    """The execution that waits, and the token of the step at which it does.

    `account_id` is of the account that is to be retired; None for a request.
    """

    execution_arn: str
    task_token: Annotated[str, Field(min_length=1)]
    account_id: AccountId | None = None


def run(
    payload: AwaitApproval,
    *,
    ledger: Ledger,
    retirements: Retirements,
    publisher: EventPublisher,
) -> Json:
    """{expiresAt}. The step ends with {} once it was decided.

    TaskTokenRefused, which ends it as well, where it was decided already, which includes that its
    time is over. ExecutionSuperseded where another execution has the request, or the account.
    """
    arn, token = payload.execution_arn, payload.task_token
    if payload.account_id is not None:
        row: Any = retirements.owned(payload.account_id, arn)
    else:
        row = ledger.owned(payload.request_id, arn)
    row = Approvals(table=ledger.table).expired(row)
    approval: Approval | None = row.get("approval")
    if approval is None or not is_pending(approval):
        raise token_refused({})
    # First the token: whoever decides finds it once the row says that it waits.
    if payload.account_id is not None:
        retirements.save_token(payload.account_id, arn, token, awaits=STATE)
        record = record_of(cast("Retirement", row))
        publisher.publish_retirement(RETIREMENT_AWAITS_APPROVAL, record)
    else:
        ledger.tokens.save(payload.request_id, arn, token, awaits=STATE)
        row = ledger.change(payload.request_id, arn, values={"state": STATE}, begins=True)
        publisher.publish_state_changed(rows.record_of(row))
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
        retirements=wiring.retirements(),
        publisher=wiring.event_publisher(),
    )
