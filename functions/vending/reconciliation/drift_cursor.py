"""How far the comparison of accounts with their documents has come: one item of the ledger."""

from __future__ import annotations

from vending.frozen import frozen
from vending.ledger.keys import ACCOUNTS_COMPARED
from vending.ledger.table import Put, Table


@frozen
class DriftCursor:
    """Where the pass under way stands.

    Attributes:
        ended_at: when the last complete pass ended, epoch seconds; 0 before the first.
        started_at: when the one under way began; None between passes.
        next_token: of the page of accounts at hand; None for the first.
        compared: the accounts of that page that have been compared.
    """

    ended_at: float = 0.0
    started_at: float | None = None
    next_token: str | None = None
    compared: tuple[str, ...] = ()


def load(table: Table) -> DriftCursor:
    """The cursor as the last run left it."""
    item = table.get(ACCOUNTS_COMPARED, consistent=True) or {}
    started_at = item.get("startedAt")
    return DriftCursor(
        ended_at=float(item.get("endedAt", 0)),
        started_at=None if started_at is None else float(started_at),
        next_token=item.get("nextToken"),
        compared=tuple(item.get("compared", ())),
    )


def save(cursor: DriftCursor, table: Table) -> None:
    """Keep the cursor for the next run."""
    item = {
        "pk": ACCOUNTS_COMPARED,
        "endedAt": int(cursor.ended_at),
        "startedAt": None if cursor.started_at is None else int(cursor.started_at),
        "nextToken": cursor.next_token,
        "compared": list(cursor.compared) or None,
    }
    table.put(Put(item={name: value for name, value in item.items() if value is not None}))
