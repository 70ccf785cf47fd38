"""What a decision means for a row that awaits approvals, or does not: pure.

Asked by whoever decides, and beforehand by `vend approve`, so that both say the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from vending.authorization.identities import Identity
from vending.aws.clock import epoch, timestamp
from vending.errors.catalogue import explain
from vending.errors.exceptions import RequestNotAllowed, StateConflict
from vending.frozen import frozen
from vending.ledger import approval_records
from vending.ledger.approval_records import Outcome, is_pending
from vending.ledger.approvals import STATE, is_over

if TYPE_CHECKING:
    from vending.authorization.authorization import Authorization
    from vending.ledger.item_types import Approval, Decision

_PAST = {Outcome.APPROVED: "approved", Outcome.REJECTED: "rejected"}


@frozen
class Deciding:
    """One person's decision.

    Attributes:
        authorization: what the request policy says of them now.
        requested_by: who called the API; None of an event.
        outcome: APPROVED or REJECTED.
        reason: why.
        content: what was looked at, as the approval has it; None: whatever is asked for now.
        sent_at: the time of the event, which may be delivered late; None: now.
    """

    authorization: Authorization
    requested_by: str | None
    outcome: Outcome
    reason: str | None
    content: str | None = None
    sent_at: str | None = None

    @property
    def identity(self) -> Identity:
        """Who decides."""
        return Identity.of(self.authorization.as_record(), self.requested_by)

    def at(self, moment: float) -> Decision:
        """The decision as the row keeps it, taken at this moment, epoch seconds."""
        identity = self.identity
        values = {
            "by": identity.name,
            "requester": identity.requester,
            "person": identity.person or identity.name,
            "decision": self.outcome,
            "at": timestamp(moment),
            "reason": self.reason,
            "eventId": self.authorization.sender.event_id,
        }
        return cast(
            "Decision", {name: value for name, value in values.items() if value is not None}
        )


def may_decide(authorization: Authorization, approval: Mapping[str, Any] | None) -> bool:
    """Whether the request policy has the caller approve requests of one of these rules."""
    requester = authorization.requester
    has_role = requester is None or requester.may_approve
    return approval is not None and has_role and authorization.name in approval["by"]


def verdict(row: Mapping[str, Any], deciding: Deciding, *, now: float) -> Approval | None:
    """The row's approval with the decision; None where that is recorded already.

    Args:
        row: of a request, or of a retirement.
        deciding: who decides what.
        now: epoch seconds.

    Raises:
        RequestNotAllowed: this one may not decide, or asked for it.
        StateConflict: it waits for no approval, or no longer.
    """
    approval: Approval | None = row.get("approval")
    me = deciding.identity
    if approval is not None:
        mine = approval_records.decision_of(approval, me.person or me.name)
        if mine is not None and mine["decision"] == deciding.outcome:
            return None
    if not may_decide(deciding.authorization, approval):
        named = ", ".join(approval["by"]) if approval else "nobody"
        raise RequestNotAllowed(
            [f"sender: requesters.{me.requester} may not decide on this request; {named} may"],
            remedy="Have one of those decide whom the request policy names for it "
            "(docs/approvals.md).",
        )
    if approval is None or row.get("state") != STATE or not is_pending(approval):
        raise _decided(_how(row, approval))
    if _is_about_another(approval, deciding):
        raise _decided("what it asks for has changed, or it was asked for again since")
    if is_over(approval, now):
        raise _decided(f"its time was over at {approval['expiresAt']}")
    if me.may_be(Identity.of(row.get("sender"), row.get("requestedBy"))):
        raise RequestNotAllowed(
            [f"sender: {me.name} asked for this, and nobody decides on a request of their own"],
            remedy="Have another approver decide; to take the request back, cancel it.",
        )
    return approval_records.decided(approval, deciding.at(now))


def _is_about_another(approval: Approval, deciding: Deciding) -> bool:
    if deciding.content not in (None, approval["content"]):
        return True
    # An event's time has whole seconds.
    asked_at = math.floor(epoch(approval["askedAt"]))
    return deciding.sent_at is not None and epoch(deciding.sent_at) < asked_at


def _how(row: Mapping[str, Any], approval: Approval | None) -> str:
    outcome = approval.get("outcome") if approval is not None else None
    if approval is not None and outcome in set(_PAST):
        last = approval["decisions"][-1]
        return f"it was {_PAST[Outcome(outcome or '')]} by {last['by']} at {last['at']}"
    if approval is not None and outcome == Outcome.TIMED_OUT:
        return f"its time was over at {approval['expiresAt']}"
    return f"it is {row.get('state')}"


def _decided(how: str) -> StateConflict:
    words = explain("ApprovalDecided")
    return StateConflict(
        f"The request waits for no approval: {how}.", code=words.code, remedy=words.remedy
    )
