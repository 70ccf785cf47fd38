"""A request's row in the ledger: what it holds, and which part of it everybody sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast


class Intent(TypedDict):
    """What CreateAccount is about to be called with, written before the call."""

    at: str
    accountName: str


class InvitationIntent(TypedDict):
    """When an account was about to be invited, written before the call."""

    at: str


class Waiting(TypedDict):
    """Where the request's execution waits for its slot in the creation queue."""

    at: str


class SearchPosition(TypedDict, total=False):
    """Where a search for the request's account goes on: in which list, from which page."""

    startedAt: str
    listed: str
    nextToken: str


class Row(TypedDict, total=False):
    """A row of the table; the record's fields, and what only the functions need."""

    pk: str
    requestId: str
    state: str
    source: str
    accountName: str
    accountId: str
    govCloudAccountId: str
    createAccountRequestId: str
    organizationalUnitId: str
    handshakeId: str
    expiresAt: str
    nextSteps: list[str]
    warnings: list[str]
    executionArn: str
    error: dict[str, Any]
    requestedBy: str
    sender: dict[str, str]
    requestedAt: str
    updatedAt: str
    request: dict[str, Any]
    fingerprint: str
    intent: Intent
    invitation: InvitationIntent
    reservation: Waiting
    queuedAt: str
    look: SearchPosition
    unanswered: str


_NOT_IN_RECORDS = (
    "pk",
    "request",
    "fingerprint",
    "intent",
    "invitation",
    "reservation",
    "queuedAt",
    "look",
    "unanswered",
)
RECORD_FIELDS = tuple(name for name in Row.__annotations__ if name not in _NOT_IN_RECORDS)


def row_of(item: Mapping[str, Any]) -> Row:
    """The row of a stored item, also of one that an earlier version wrote."""
    row = cast(Row, dict(item))
    if "error" in row:
        row["error"] = current_error(row["error"])
    return row


def current_error(error: Any) -> Any:
    """A stored error with its keys of today: who must act is its `owner`, once its `turn`."""
    if not isinstance(error, dict) or "turn" not in error:
        return error
    return {"owner" if key == "turn" else key: value for key, value in error.items()}


def record_of(row: Row) -> dict[str, Any]:
    """The record as everybody sees it: every field, null where nothing is known yet."""
    return {name: row.get(name) for name in RECORD_FIELDS}
