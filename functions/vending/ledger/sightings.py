"""Items of the ledger's table that say what was seen of the organization, and when.

They save calls and prove nothing: any may be missing or out of date. `seenAt` is in epoch seconds.
"""

from __future__ import annotations

from vending.ledger.table import Item, Put, Table


def seen(table: Table, pk: str, *, within: float) -> Item | None:
    """The item, if what it says was seen within so many last seconds."""
    found = table.get(pk)
    is_late = found is None or table.clock() - found["seenAt"] >= within
    return None if is_late else found


def note(table: Table, pk: str, **values: object) -> None:
    """Write down what is seen now."""
    table.put(Put(item={"pk": pk, "seenAt": int(table.clock()), **values}))
