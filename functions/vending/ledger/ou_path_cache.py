"""Which organizational unit a path led to the last time, remembered in the ledger's table.

Finding a unit by its name means listing all that its parent has. What was found once is only looked
at again: AWS moves no unit to another parent, so a unit that is still there under its name, and
whose parent is, is what the path leads to.
"""

from __future__ import annotations

from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.table import Put, Table


@frozen
class Unit:
    """An organizational unit below its parent, a unit or the root."""

    id: str
    parent_id: str


@frozen
class OuPathCache:
    """Rows `unit#<path>`; any of them may be missing, or out of date."""

    table: Table

    def get(self, path: str) -> Unit | None:
        """What the path led to."""
        found = self.table.get(keys.unit(path))
        if found is None:
            return None
        return Unit(id=found["organizationalUnitId"], parent_id=found["parentId"])

    def put(self, path: str, unit: Unit) -> None:
        """Remember what the path leads to now."""
        item = {
            "pk": keys.unit(path),
            "organizationalUnitId": unit.id,
            "parentId": unit.parent_id,
        }
        self.table.put(Put(item=item))
