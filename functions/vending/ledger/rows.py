"""A request's row in the ledger: what it holds, and which part of it everybody sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict, cast

from vending.ledger.approval_records import Approval


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


class EmailCode(TypedDict, total=False):
    """The code that AWS has sent to the address which an account is to have, and never the code.

    `executionArn` is the execution that had it sent, `refusedAt` when AWS refused one last.
    """

    executionArn: str
    sentAt: str
    refusedAt: str


class SearchPosition(TypedDict, total=False):
    """Where a search for the request's account goes on: in which list, from which page."""

    startedAt: str
    listed: str
    nextToken: str


class Row(TypedDict, total=False):
    """A row of the table; the record's fields, and what only the functions need."""

    pk: str
    schemaVersion: int
    deleteAt: int
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
    revision: int
    approval: Approval
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
    emailCode: EmailCode
    orderedBy: dict[str, Any]
    origin: dict[str, Any]


_NOT_IN_RECORDS = (
    "pk",
    "schemaVersion",
    "deleteAt",
    "request",
    "fingerprint",
    "intent",
    "invitation",
    "reservation",
    "queuedAt",
    "look",
    "unanswered",
    "emailCode",
    "orderedBy",
    "origin",
)
RECORD_FIELDS = tuple(name for name in Row.__annotations__ if name not in _NOT_IN_RECORDS)


SCHEMA_VERSION = 2
"""What rows that are made today mean. Raised where what is stored comes to mean something else, and
not for an attribute more, which older rows lack."""


CREATION_BEGUN = ("accountId", "createAccountRequestId", "intent", "unanswered")
"""What a row has once AWS was, or may have been, asked for the account."""

INVITATION_BEGUN = ("invitation", "handshakeId")
"""What a row has once AWS was, or may have been, asked to invite the account."""


def row_of(item: Mapping[str, Any]) -> Row:
    """The row of a stored item as today's code knows rows, whichever release made it.

    A row keeps the version of the release that made it, and later releases write into it. So a
    migration finds some attributes as they are today, and leaves these as they are.
    """
    row = dict(item)
    for version in range(int(row.get("schemaVersion", 1)), SCHEMA_VERSION):
        row = _MIGRATIONS[version](row)
    return cast(Row, row)


def _with_owner(row: dict[str, Any]) -> dict[str, Any]:
    """Who must act on an error was its `turn` in version 1."""
    return row | {"error": current_error(row["error"])} if "error" in row else row


_MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _with_owner}
"""By version: how a row of it becomes one of the next."""


def current_error(error: Any) -> Any:
    """A stored error with its keys of today: who must act is its `owner`, once its `turn`."""
    if not isinstance(error, dict) or "turn" not in error:
        return error
    return {"owner" if key == "turn" else key: value for key, value in error.items()}


def record_of(row: Row) -> dict[str, Any]:
    """The record as everybody sees it: every field, null where nothing is known yet."""
    return {name: row.get(name) for name in RECORD_FIELDS}
