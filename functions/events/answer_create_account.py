"""AnswerCreateAccount: resumes the workflow when an event reports that a creation has ended.

The event says which creation to look at; how it ended says AWS Organizations, to the step that
waits for it. So an event that comes twice, late, or never changes nothing. The event about the call
that began the creation comes by the same way: how late it is says how soon the other one will be.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vending.aws import clients
from vending.aws.observability import log_request_id, logger
from vending.aws.task_tokens import end_wait
from vending.errors.catalogue import explain
from vending.errors.exceptions import CreationAnswered
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.ledger.ledger import Ledger
from vending.model import Model
from vending.reconciliation.account_events import creation_event
from vending.states import State

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

CALLS = {"dynamodb:GetItem", "dynamodb:UpdateItem", "states:SendTaskFailure"}

Sleep = Callable[[float], None]


class AnswerCreateAccount(Model):
    """An event as EventBridge delivers it, as far as it matters here."""

    time: str
    detail: dict[str, Any]


def run(
    payload: AnswerCreateAccount, *, ledger: Ledger, states: SFNClient, sleep: Sleep = time.sleep
) -> Json:
    """{outcome: IGNORED | NOTED | ANSWERED | LATE, requestId}.

    IGNORED: no request waits for this. NOTED: the creation has begun, and how late that came to be
    known is kept. LATE: the workflow went on already, or looks by itself.
    """
    event = creation_event(payload.detail, payload.time)
    if event is None:
        return {"outcome": "IGNORED", "requestId": None}
    pointers = ledger.creation_pointers
    if not event.has_ended:
        request_id = pointers.save_event_delay(event.creation_id, event.seconds_late)
        return {"outcome": "NOTED" if request_id else "IGNORED", "requestId": request_id}
    pointer = pointers.find(event.creation_id)
    if pointer is None:
        return {"outcome": "IGNORED", "requestId": None}
    words = explain("CreationAnswered")
    outcome = end_wait(
        lambda: _token(pointer.request_id, event.creation_id, ledger),
        states,
        CreationAnswered(words.what, remedy=words.remedy),
        sleep,
    )
    return {"outcome": outcome, "requestId": pointer.request_id}


def _token(request_id: str, creation_id: str, ledger: Ledger) -> str | None:
    """The token under which the request's execution waits for this very creation, if it does."""
    row = ledger.get(request_id)
    if (
        row is None
        or row["state"] != State.CREATING
        or row.get("createAccountRequestId") != creation_id
    ):
        return None
    return ledger.tokens.find(row)


@operation(AnswerCreateAccount)
def handler(payload: AnswerCreateAccount) -> Json:
    """The Lambda entrance."""
    result = run(payload, ledger=wiring.ledger(), states=clients.stepfunctions())
    log_request_id(result["requestId"])
    logger.info("looked at a creation", extra=result)
    return result
