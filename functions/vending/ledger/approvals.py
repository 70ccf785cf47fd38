"""The ledger as those use it who await approvals, and who decide.

A decision is written on the condition that the row is as it was read: of two that come at the same
time the second one sees the first, so that every approval has one outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from vending.aws.clock import epoch, timestamp
from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.approval_records import Outcome, is_pending
from vending.ledger.table import ConditionFailed, Item, Table, Update, as_expected
from vending.states import State

if TYPE_CHECKING:
    from vending.ledger.item_types import Approval

STATE = State.AWAITING_APPROVAL
"""Of the rows of requests and of retirements alike."""

GOES_ON = State.REQUESTED
"""The state of a request's row once it is approved. That of a retirement is AcceptRetirement's."""


@frozen
class Approvals:
    """The approvals in the table's rows, which are a request's or an account's retirement's."""

    table: Table

    def get(self, pk: str) -> Item | None:
        """The row as it is at this moment."""
        return self.table.get(pk, consistent=True)

    def write(self, seen: Item, approval: Approval) -> Item | None:
        """Put this approval in place of the one that was seen; None where the row has changed."""
        is_request = seen["pk"].startswith(keys.REQUEST)
        goes_on = is_request and approval.get("outcome") == Outcome.APPROVED
        update = Update(
            pk=seen["pk"],
            values={
                "updatedAt": timestamp(self.table.clock()),
                "approval": approval,
                "state": GOES_ON if goes_on else None,
            },
            condition=as_expected(
                {name: seen.get(name) for name in ("executionArn", "state", "approval")}
            ),
        )
        try:
            return self.table.update(update)
        except ConditionFailed:
            return None

    def expired(self, row: Item) -> Item:
        """The row, TIMED_OUT where its time is over and nobody has decided."""
        while is_over(row.get("approval"), now := self.table.clock()):
            approval = cast("Approval", row["approval"])
            timed_out: Approval = {
                **approval,
                "outcome": Outcome.TIMED_OUT,
                "decidedAt": timestamp(now),
            }
            written = self.write(row, timed_out)
            if written is not None:
                return written
            row = self.get(row["pk"]) or {}
        return row


def is_decided(row: Mapping[str, Any]) -> bool:
    """Whether it was decided, and the row's execution may not have gone on by that."""
    is_of_approvals = row.get("state") in (STATE, GOES_ON)
    return is_of_approvals and "outcome" in (row.get("approval") or {})


def is_over(approval: Any, now: float) -> bool:
    """Whether the time to decide is over, and nobody has."""
    return is_pending(approval) and now >= epoch(approval["expiresAt"])
