"""ReserveClosing: queues for the moment at which AWS may be asked to close one more account.

The state machine waits under a task token, as for a creation. Whoever comes here also counts what
others close, where nobody has looked for a while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from vending.aws import clients
from vending.aws.clock import timestamp
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.model import Model
from vending.queueing.slots import SLOT_CALLS, Slots
from vending.request.fields import AccountId
from vending.retirement import closing
from vending.retirement.rows import AccountState, Retirements

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

CALLS = SLOT_CALLS | {"dynamodb:UpdateItem", "organizations:ListAccounts"}

WAITING = "queued, AWS closes a few accounts at a time"
"""What progress says once the function has done its part and the step waits for its token."""


class ReserveClosing(Model):
    """Who waits, and the token under which Step Functions wakes it."""

    account_id: AccountId
    execution_arn: str
    task_token: Annotated[str, Field(min_length=1, max_length=2048)]


def run(
    payload: ReserveClosing,
    *,
    retirements: Retirements,
    slots: Slots,
    organizations: OrganizationsClient,
) -> Json:
    """{state}; the slot, {startAt}, comes by the token, or by TaskTokenRefused.

    ExecutionSuperseded where the account was restored. Run again, it keeps the place it has, in the
    queue or at the front, under the new token.
    """
    row = retirements.mark(
        payload.account_id,
        payload.execution_arn,
        states=(AccountState.RETIRING, AccountState.CLOSING),
        keep=("waitsSince",),
        waitsSince=timestamp(retirements.table.clock()),
    )
    retirements.save_token(payload.account_id, payload.execution_arn, payload.task_token)
    closing.look(payload.account_id, slots, organizations)
    slots.enqueue(payload.account_id, task_token=payload.task_token)
    return {"state": row["state"]}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    wait = int(result["waitSeconds"])
    return f"slot in {wait}s" if wait else "no wait"


@operation(ReserveClosing)
def handler(payload: ReserveClosing) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        retirements=wiring.retirements(),
        slots=wiring.closing_slots(),
        organizations=clients.organizations(),
    )
