"""Decisions that come by the API: who decides is the caller, what and why is in the body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.api.caller import Caller
from vending.api.parameters import Call
from vending.approvals import request
from vending.approvals.deciding import Decisions, owner_of
from vending.approvals.request import Approving, Rejecting
from vending.approvals.verdict import Deciding, may_decide
from vending.frozen import frozen
from vending.ledger.approval_records import Outcome

if TYPE_CHECKING:
    from vending.ledger.item_types import Approval
    from vending.ledger.table import Item


@frozen
class Approver:
    """What a caller may decide on."""

    decisions: Decisions
    caller: Caller

    def may_decide(self, approval: Approval | None) -> bool:
        """Whether the request policy has the caller decide on what needs this approval."""
        return may_decide(self.caller.authorization, approval)

    def approve(self, pk: str, call: Call) -> Item:
        """Approve what the row of this key is about, once: the row then.

        Raises:
            RequestInvalid: the body has mistakes; with all of them.
            RequestNotAllowed: the caller may not decide on it, or asked for it.
            StateConflict: it waits for no approval.
        """
        decision = request.body(Approving, call.json_body(optional=True))
        return self._decide(pk, Outcome.APPROVED, decision)

    def reject(self, pk: str, call: Call) -> Item:
        """Reject it, once; as `approve`."""
        return self._decide(pk, Outcome.REJECTED, request.body(Rejecting, call.json_body()))

    def _decide(self, pk: str, outcome: Outcome, decision: Approving | Rejecting) -> Item:
        deciding = Deciding(
            authorization=self.caller.authorization,
            requested_by=self.caller.name,
            outcome=outcome,
            reason=decision.reason,
            content=decision.content,
        )
        decided, _ = self.decisions.decide(*owner_of(pk), deciding)
        return decided
