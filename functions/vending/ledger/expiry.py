"""Rows that DynamoDB deletes: those of requests that ended before anything was done for them.

DynamoDB deletes an item within days after the moment in its attribute `deleteAt` (developer guide,
"Using time to live (TTL)"). Until then it is read and taken over as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.frozen import frozen
from vending.ledger.rows import CREATION_BEGUN, INVITATION_BEGUN, row_of
from vending.ledger.table import ConditionFailed, Table, Update, as_expected
from vending.states import State

if TYPE_CHECKING:
    from vending.ledger.item_types import Row

DELETE_AT = "deleteAt"
_DAY = 86_400
_ASKED = (*CREATION_BEGUN, *INVITATION_BEGUN)


def may_expire(row: Row) -> bool:
    """Whether nothing is lost with the row: it ended, and no account can have come of it.

    A row that is VENDED, or for which AWS may have been asked, stays: it is what keeps a second
    account from being made for the same request.
    """
    return row["state"] in (State.FAILED, State.REJECTED) and not row.keys() & set(_ASKED)


@frozen
class Expiry:
    """Gives ended rows their end; `days` after which they go, None: never."""

    table: Table
    days: int | None

    def of_new(self, row: Row) -> Row:
        """The row as it is to be written."""
        delete_at = self._delete_at()
        if delete_at is None or not may_expire(row):
            return row
        return {**row, "deleteAt": delete_at}

    def of_ended(self, row: Row) -> Row:
        """The row that was just written, which expires where its request led to nothing.

        A write of its own, as only now it is known what the row has; its condition holds off what
        was written since. Every other write takes the end away again.
        """
        delete_at = self._delete_at()
        if delete_at is None or not may_expire(row):
            return row
        expected = {
            "executionArn": row.get("executionArn"),
            "updatedAt": row["updatedAt"],
            **dict.fromkeys(_ASKED),
        }
        update = Update(
            pk=row["pk"], values={DELETE_AT: delete_at}, condition=as_expected(expected)
        )
        try:
            return row_of(self.table.update(update))
        except ConditionFailed:
            return row

    def _delete_at(self) -> int | None:
        return None if self.days is None else int(self.table.clock()) + self.days * _DAY
