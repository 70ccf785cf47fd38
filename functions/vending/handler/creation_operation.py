"""What the two operations that create accounts share: payload, calls, and how they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AliasChoices, Field

from vending.aws import clients
from vending.creation.account_creation import Creation
from vending.handler import wiring
from vending.handler.operation import Json, Payload
from vending.ledger.rows import record_of
from vending.queueing.slots import SLOT_CALLS, GrantedSlot
from vending.request.account import NewAccount
from vending.request.fields import TagKey, TagValue

if TYPE_CHECKING:
    from vending.creation.account_creation import Ask, Operation

CREATION_CALLS = SLOT_CALLS | {
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:ListAccounts",
    "organizations:ListCreateAccountStatus",
    "organizations:ListTagsForResource",
}
"""Every call of such an operation but the one that creates."""


class CreationPayload(Payload):
    """What to create, with the requester's tags."""

    execution_arn: str
    account: NewAccount
    tags: dict[TagKey, TagValue]
    slot: Annotated[
        GrantedSlot | None,
        # Executions keep their definition for up to 47 days: earlier ones call it `turn`.
        Field(validation_alias=AliasChoices("slot", "turn")),
    ] = None
    """As the creation queue granted it; null when AWS was asked before."""


def begin(payload: CreationPayload, operation: Operation, ask: Ask) -> Json:
    """{createAccountRequestId, state, accountId}; OutcomeUnknown: run this again a little later.

    SlotNeeded, CreationRefusedForNow: run this again with the creation queue's next slot.

    Args:
        payload: the account and whose it is.
        operation: how AWS calls what is asked.
        ask: the method of a client that makes one attempt.
    """
    created = Creation(
        request_id=payload.request_id,
        execution_arn=payload.execution_arn,
        account=payload.account,
        ledger=wiring.ledger(),
        slots=wiring.slots(),
        organizations=clients.organizations(),
        operation=operation,
    ).once(payload.tags, ask, payload.slot)
    wiring.event_publisher().publish_state_changed(record_of(created.row))
    return created.answer()


def creation_note(result: Json) -> str:
    """What progress says of a creation: the account's id once it is known, else the creation's."""
    account_id = result.get("accountId")
    return f"account {account_id}" if account_id else str(result["createAccountRequestId"] or "")
