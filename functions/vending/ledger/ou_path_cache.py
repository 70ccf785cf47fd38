"""Which organizational unit a path led to the last time, remembered in the ledger's table.

Finding a unit by its name means listing all that its parent has. What was found once is only looked
at again: AWS moves no unit to another parent, so a unit that is still there under its name, and
whose parent is, is what the path leads to.
"""

from __future__ import annotations

from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.sightings import note, seen
from vending.ledger.table import Table

_LATELY_SECONDS = 60
_ROOT_KEPT_SECONDS = 86_400
_ROOT = "/"


@frozen
class Unit:
    """An organizational unit below its parent, a unit or the root.

    `seen_at`, in epoch seconds, is when it was last seen there; None where nobody knows.
    """

    id: str
    parent_id: str
    seen_at: int | None = None


@frozen
class OuPathCache:
    """Rows `unit#<path>`, the root's among them; any may be missing, or out of date."""

    table: Table

    def get(self, path: str) -> Unit | None:
        """What the path led to."""
        found = self.table.get(keys.unit(path))
        if found is None:
            return None
        return Unit(
            id=found["organizationalUnitId"],
            parent_id=found["parentId"],
            seen_at=found.get("seenAt"),
        )

    def put(self, path: str, unit: Unit) -> None:
        """Remember what the path leads to now."""
        note(
            self.table,
            keys.unit(path),
            organizationalUnitId=unit.id,
            parentId=unit.parent_id,
        )

    def was_missing_lately(self, path: str) -> bool:
        """Whether a unit need not be searched for again by who only looks ahead."""
        return seen(self.table, keys.missing_unit(path), within=_LATELY_SECONDS) is not None

    def put_missing(self, path: str) -> None:
        """Remember that the path leads to nothing now."""
        note(self.table, keys.missing_unit(path))

    def root_id(self) -> str | None:
        """The id of the root, as it was seen within the last day.

        AWS lets the root be listed once a second. An organization keeps it; only another one in its
        place has another.
        """
        found = seen(self.table, keys.unit(_ROOT), within=_ROOT_KEPT_SECONDS)
        return str(found["rootId"]) if found else None

    def put_root_id(self, root_id: str) -> None:
        """Remember the root's id."""
        note(self.table, keys.unit(_ROOT), rootId=root_id)

    def was_seen_lately(self, unit: Unit) -> bool:
        """Whether the unit need not be looked at again by who only looks ahead.

        AWS allows two such looks a second: hundreds of requests at once would wait for each other.
        """
        return unit.seen_at is not None and self.table.clock() - unit.seen_at < _LATELY_SECONDS
