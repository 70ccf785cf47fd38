"""How far the comparison of organization and ledger has come: one item beside the requests' rows.

A large organization is compared over several runs, as its pages may only be read so fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from vending.frozen import frozen
from vending.ledger.keys import ORGANIZATION_AUDIT
from vending.ledger.table import Put, Table

_BYTES_PER_ID = 5
"""Twelve digits fit; so the accounts of the largest organization (50,000) fit into one item."""
_MOST_UNSEEN = 50_000
BYTES_PER_KEY = 8
_MOST_REMEMBERED = 5_000
_MOST_BYTES = 390_000
"""DynamoDB's items have 400 KB, of which a little is for the rest; a page's token may be long."""


@frozen
class AuditCursor:
    """Where the audit under way stands, and what the last one found.

    Attributes:
        ended_at: when the last complete audit ended, epoch seconds; 0 before the first.
        started_at: when the one under way began; None between audits.
        next_token: of the page to read next; None for the first.
        listed: every page was read; what is left of `unseen` is asked for one by one.
        unseen: accounts that the ledger has vended and that no page has shown yet.
        found: keys of what this audit has found so far, BYTES_PER_KEY each.
        reported: keys of what the last one found: known, so not news.
        accounts: how many accounts the pages that were read have shown.
        owed: requests whose repair may not have been fully reported.
    """

    ended_at: float = 0.0
    started_at: float | None = None
    next_token: str | None = None
    listed: bool = False
    unseen: frozenset[str] = frozenset()
    found: tuple[bytes, ...] = ()
    reported: frozenset[bytes] = frozenset()
    accounts: int = 0
    owed: tuple[str, ...] = ()


def load(table: Table) -> AuditCursor:
    """The cursor as the last run left it."""
    item = table.get(ORGANIZATION_AUDIT, consistent=True) or {}
    started_at = item.get("startedAt")
    return AuditCursor(
        ended_at=float(item.get("endedAt", 0)),
        started_at=None if started_at is None else float(started_at),
        next_token=item.get("nextToken"),
        listed=bool(item.get("listed")),
        unseen=frozenset(_unpacked(bytes(item.get("unseen", b"")))),
        found=tuple(_parts(bytes(item.get("foundKeys", b"")), BYTES_PER_KEY)),
        reported=frozenset(_parts(bytes(item.get("toldKeys", b"")), BYTES_PER_KEY)),
        accounts=int(item.get("accounts", 0)),
        owed=tuple(item.get("owed", ())),
    )


def save(cursor: AuditCursor, table: Table) -> None:
    """Keep the cursor for the next run, as far as it fits into an item.

    Beyond that, accounts are not missed in this audit, and findings are reported as new again.
    """
    unseen = _packed(sorted(cursor.unseen)[:_MOST_UNSEEN])
    room = _MOST_BYTES - len(unseen) - len((cursor.next_token or "").encode())
    most = min(_MOST_REMEMBERED, room // 2 // BYTES_PER_KEY)
    item: dict[str, Any] = {
        "pk": ORGANIZATION_AUDIT,
        "endedAt": int(cursor.ended_at),
        "startedAt": None if cursor.started_at is None else int(cursor.started_at),
        "nextToken": cursor.next_token,
        "listed": cursor.listed or None,
        "unseen": unseen,
        "foundKeys": b"".join(cursor.found[:most]),
        "toldKeys": b"".join(sorted(cursor.reported)[:most]),
        "accounts": cursor.accounts,
        "owed": list(cursor.owed) or None,
    }
    table.put(Put(item={name: value for name, value in item.items() if value not in (None, b"")}))


def _packed(account_ids: Iterable[str]) -> bytes:
    return b"".join(int(each).to_bytes(_BYTES_PER_ID, "big") for each in account_ids)


def _unpacked(packed: bytes) -> Iterator[str]:
    for each in _parts(packed, _BYTES_PER_ID):
        yield f"{int.from_bytes(each, 'big'):012}"


def _parts(packed: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(packed), size):
        yield packed[start : start + size]
