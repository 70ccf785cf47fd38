"""The requests that an entrance lets through to the workflow, which decides on them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vending.authorization import rules
from vending.authorization.authorization import Authorization
from vending.errors.exceptions import RequestInvalid, StateConflict
from vending.request.account_request import AccountRequest, invalid, parse
from vending.states import CANCELLABLE, FINAL

if TYPE_CHECKING:
    from vending.ledger.item_types import Row

CANCELLED = "Cancelled"
"""The error of an execution that somebody stopped on purpose; who did is its cause."""


def allowed(raw: Any, own: Authorization, *, asks: str) -> AccountRequest:
    """The request that the sender may send, by its id among the requester's own ones.

    Args:
        raw: decoded JSON.
        own: what the request policy says of the sender.
        asks: who asks, by the entrance's own knowledge: `who calls the API`.

    Raises:
        RequestInvalid: with every mistake; `requestedBy` is one.
        RequestNotAllowed: with every rule of the request policy that it breaks.
    """
    problems = []
    if isinstance(raw, dict) and "requestedBy" in raw:
        problems = [f"requestedBy: is {asks}; leave it out"]
    try:
        request = parse(raw)
    except RequestInvalid as error:
        raise invalid([*error.problems, *problems]) from None
    if problems:
        raise invalid(problems)
    request = own.owned(request)
    rules.ensure_allowed(
        request, name=own.name, requester=own.requester, protected=own.policy.protected
    )
    return request


def ensure_cancellable(row: Row) -> None:
    """StateConflict where the request has ended, or AWS was asked for something."""
    if row["state"] in CANCELLABLE and row.get("executionArn"):
        return
    raise StateConflict(
        f"The request '{row['requestId']}' is {row['state']}, so that it cannot be cancelled.",
        code="RequestNotCancellable",
        remedy="Nothing is under way."
        if row["state"] in FINAL
        else "Wait until it has ended, then retire the account.",
    )


def cancelled_by(name: str) -> str:
    """The cause of an execution that was cancelled."""
    return f"Cancelled by {name}"
