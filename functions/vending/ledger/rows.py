"""A request's row in the ledger: what it holds, and which part of it everybody sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from vending.ledger.item_types import Row


RECORD_FIELDS = (
    "requestId",
    "state",
    "source",
    "accountName",
    "accountId",
    "govCloudAccountId",
    "createAccountRequestId",
    "organizationalUnitId",
    "handshakeId",
    "expiresAt",
    "nextSteps",
    "warnings",
    "executionArn",
    "revision",
    "approval",
    "error",
    "requestedBy",
    "sender",
    "requestedAt",
    "updatedAt",
)
"""The keys of `Record`, in their order."""


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
    return cast("Row", row)


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
