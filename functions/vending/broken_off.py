"""Executions that ended without telling the ledger: stopped, timed out, or failed unheard.

Whoever notices writes down the end, if the row is still that execution's and in progress. A
takeover, or an end that was told in time, is left as it is, so that it does not matter who notices,
when, or how often.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vending.catalogue import explain
from vending.clock import timestamp
from vending.errors import ConcurrentModification, RequestInvalid
from vending.failure import CaughtError, error_of
from vending.ledger import Ledger
from vending.request import AccountRequest, best_effort_request_id, parse
from vending.reservations import give_back
from vending.rows import ENDED, RECORD_FIELDS, Row, record_of

if TYPE_CHECKING:
    from vending.announcements import Announcements
    from vending.turns import Turns

CODES = {
    "ABORTED": "ExecutionAborted",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
}
"""The error that the record shows, by how Step Functions says the execution ended."""

_REJECTIONS = ("RequestInvalid", "RequestConflict")
_LOOKS = 5


@dataclass(frozen=True, kw_only=True)
class End:
    """How an execution ended; `status` None where Step Functions knows it no more."""

    execution_arn: str
    status: str | None
    error: str | None = None
    cause: str | None = None

    @property
    def code(self) -> str:
        """The code of the record's error."""
        return CODES.get(self.status or "", "ExecutionFailed")

    def as_error(self) -> dict[str, Any]:
        """The record's error; the reason is the code of what failed, where that is known."""
        words = explain(self.code)
        if self.status == "FAILED" and self.error:
            told = error_of(CaughtError.model_validate({"Error": self.error, "Cause": self.cause}))
            return {
                "code": self.code,
                "reason": told["reason"] or told["code"],
                "message": f"{words.what} {told['message']}".strip(),
                "remedy": f"{told['remedy']} {words.remedy}".strip(),
                "turn": told["turn"],
                "wait": told["wait"],
            }
        message = words.what
        if self.status is None:
            message += " Step Functions does not know it any more."
        elif self.status not in CODES:
            message += f" It is {self.status}."
        said = ": ".join(text for text in (self.error, self.cause) if text)
        if said:
            message += f" It was told: {said[:1000]}"
        return {
            "code": self.code,
            "reason": None,
            "message": message,
            "remedy": words.remedy,
            "turn": words.turn,
            "wait": words.wait,
        }


def tell(
    request_id: str, end: End, *, ledger: Ledger, turns: Turns, announcements: Announcements
) -> Row | None:
    """Write the end into the request's row and announce it; None where there is nothing to tell.

    What the request kept from others is given back. What was written but not announced, because
    the announcement failed, is announced again.
    """
    for _ in range(_LOOKS):
        row = ledger.get(request_id)
        if row is None or row.get("executionArn") != end.execution_arn:
            return None
        error = end.as_error()
        if row["state"] in ENDED:
            if row.get("error") != error:
                return None
        else:
            try:
                row = ledger.broken_off(row, error=error)
            except ConcurrentModification:
                continue  # the execution's last function was still writing
        give_back(row, ledger=ledger, turns=turns)
        announcements.state_changed(record_of(row))
        return row
    raise ConcurrentModification(
        "The request's row changed each time it was about to be written.",
        remedy="Nothing to do: it is tried again by itself.",
    )


def tell_unclaimed(
    raw: object, end: End, *, ledger: Ledger, turns: Turns, announcements: Announcements
) -> Row | None:
    """As `tell`, for a request that its execution may have had no time to claim.

    `raw` is the execution's input. A request without an id cannot be remembered: None.
    """
    request_id = best_effort_request_id(raw)
    if request_id is None:
        return None
    if ledger.get(request_id) is None:
        row = ledger.remember(_record(raw, request_id, end, ledger), _valid(raw))
        if row.get("error") == end.as_error():
            announcements.state_changed(record_of(row))
            return row
    return tell(request_id, end, ledger=ledger, turns=turns, announcements=announcements)


def _record(raw: object, request_id: str, end: End, ledger: Ledger) -> dict[str, Any]:
    request, at = _valid(raw), timestamp(ledger.clock())
    return {
        **dict.fromkeys(RECORD_FIELDS),
        "requestId": request_id,
        "state": "REJECTED" if end.error in _REJECTIONS else "FAILED",
        "source": request.source if request else None,
        "accountName": request.account.name if request else None,
        "executionArn": end.execution_arn,
        "error": end.as_error(),
        "requestedBy": request.requested_by if request else None,
        "requestedAt": at,
        "updatedAt": at,
    }


def _valid(raw: object) -> AccountRequest | None:
    try:
        return parse(raw)
    except RequestInvalid:
        return None
