"""How far the comparison of organization and ledger has come: one item beside the requests' rows.

A large organization is compared over several runs, as its pages may only be read so fast.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from vending.translation import translating

if TYPE_CHECKING:
    from vending.ledger import Ledger

_PK = "reconciliation#organization"
_BYTES_PER_ID = 5
"""Twelve digits fit; so the accounts of the largest organization (50,000) fit into one item."""
_MOST_REMEMBERED = 5_000


@dataclass(frozen=True, kw_only=True)
class SweepCursor:
    """Where the sweep under way stands, and what the last one found.

    Attributes:
        ended_at: when the last complete sweep ended, epoch seconds; 0 before the first.
        started_at: when the one under way began; None between sweeps.
        next_token: of the page to read next; None for the first.
        unseen: accounts that the ledger has vended and that no page has shown yet.
        found: keys of what this sweep has found so far.
        told: keys of what the last one found: known, so not news.
    """

    ended_at: float = 0.0
    started_at: float | None = None
    next_token: str | None = None
    unseen: frozenset[str] = frozenset()
    found: tuple[str, ...] = ()
    told: frozenset[str] = field(default_factory=frozenset)


def load(ledger: Ledger) -> SweepCursor:
    """The cursor as the last run left it."""
    with translating():
        answer = ledger.client.get_item(
            TableName=ledger.table_name, Key={"pk": {"S": _PK}}, ConsistentRead=True
        )
    read = TypeDeserializer().deserialize
    item: dict[str, Any] = {name: read(value) for name, value in answer.get("Item", {}).items()}
    started_at = item.get("startedAt")
    return SweepCursor(
        ended_at=float(item.get("endedAt", 0)),
        started_at=None if started_at is None else float(started_at),
        next_token=item.get("nextToken"),
        unseen=frozenset(_unpacked(bytes(item.get("unseen", b"")))),
        found=tuple(item.get("found", ())),
        told=frozenset(item.get("told", ())),
    )


def save(cursor: SweepCursor, ledger: Ledger) -> None:
    """Keep the cursor for the next run."""
    item: dict[str, Any] = {
        "pk": _PK,
        "endedAt": int(cursor.ended_at),
        "startedAt": None if cursor.started_at is None else int(cursor.started_at),
        "nextToken": cursor.next_token,
        "unseen": _packed(cursor.unseen),
        "found": list(cursor.found[:_MOST_REMEMBERED]),
        "told": sorted(cursor.told)[:_MOST_REMEMBERED],
    }
    write = TypeSerializer().serialize
    with translating():
        ledger.client.put_item(
            TableName=ledger.table_name,
            Item={name: write(value) for name, value in item.items() if value not in (None, b"")},
        )


def _packed(account_ids: Iterable[str]) -> bytes:
    return b"".join(int(each).to_bytes(_BYTES_PER_ID, "big") for each in sorted(account_ids))


def _unpacked(packed: bytes) -> Iterable[str]:
    for start in range(0, len(packed), _BYTES_PER_ID):
        yield f"{int.from_bytes(packed[start : start + _BYTES_PER_ID], 'big'):012}"
