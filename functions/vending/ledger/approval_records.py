"""What a row keeps of the approvals that its request needs: pure, without a table.

{needs, required, rules, by, content, askedAt, expiresAt, decisions, outcome, decidedAt}: what the
rules of the request policy wanted when the request was accepted, and what was decided. Once it has
an outcome nothing of it changes any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vending.ledger.item_types import Approval, Decision, Need


class Outcome(StrEnum):
    """How a request's approval has ended, and what one person decides."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    TIMED_OUT = "TIMED_OUT"


def begin(
    needs: Sequence[Need],
    *,
    content: str,
    expires_at: str,
    at: str,
    decisions: Sequence[Decision] = (),
) -> Approval:
    """The approval of a request that is accepted now; APPROVED where nothing is missing.

    Args:
        needs: what the rules want; not empty.
        content: the fingerprint of what is asked for.
        expires_at: until when it can be decided.
        at: now.
        decisions: that count from before, and those of a requester that counts as approved.
    """
    approval: Approval = {
        "needs": list(needs),
        "required": _required(needs),
        "rules": [need["rule"] for need in needs],
        "by": list(dict.fromkeys(name for need in needs for name in need["by"])),
        "content": content,
        "askedAt": at,
        "expiresAt": expires_at,
        "decisions": list(decisions),
    }
    return _concluded(approval, at)


def decided(approval: Approval, decision: Decision) -> Approval:
    """The approval with one decision more; with an outcome where it was the last one needed.

    A rejection by one of those who may approve is the outcome. Whoever approved before and rejects
    now has rejected.
    """
    after: Approval = {**approval, "decisions": [*approval["decisions"], decision]}
    if decision["decision"] == Outcome.REJECTED:
        return {**after, "outcome": Outcome.REJECTED, "decidedAt": decision["at"]}
    return _concluded(after, decision["at"])


def given(approval: Approval, need: Need) -> int:
    """How many people have approved under a rule."""
    return len(
        {
            decision["person"]
            for decision in approval["decisions"]
            if decision["decision"] == Outcome.APPROVED
            and decision["requester"] in need["by"]
            and "waives" not in decision
        }
    )


def missing(approval: Approval) -> list[Need]:
    """What is not approved yet."""
    return [
        need
        for need in approval["needs"]
        if not need.get("isWaived") and given(approval, need) < need["approvals"]
    ]


def asked_words(needs: Sequence[Need]) -> str:
    """How many approvals are needed, by whom, and why, for people."""
    words = [
        f"{need['approvals']} approval{'' if need['approvals'] == 1 else 's'} by "
        f"{' or '.join(need['by'])} ({need['rule']})"
        for need in needs
    ]
    return f"needs {', and '.join(words)}"


def decision_of(approval: Approval, person: str) -> Decision | None:
    """What a person decided last."""
    return next((one for one in reversed(approval["decisions"]) if one["person"] == person), None)


def is_pending(approval: Approval | Mapping[str, Any] | None) -> bool:
    """Whether approvals are needed and it is not decided yet."""
    return approval is not None and "outcome" not in approval


def _concluded(approval: Approval, at: str) -> Approval:
    if missing(approval):
        return approval
    return {**approval, "outcome": Outcome.APPROVED, "decidedAt": at}


def _required(needs: Sequence[Need]) -> int:
    """How many approvals suffice: those of a rule count for each whose approvers include its own.

    Where some approvers of two rules are the same and others are not, fewer may do.
    """
    kept: list[Need] = []
    for need in needs:
        if any(_implies(other, need) for other in kept):
            continue
        kept = [other for other in kept if not _implies(need, other)] + [need]
    return sum(need["approvals"] for need in kept)


def _implies(one: Need, other: Need) -> bool:
    return set(one["by"]) <= set(other["by"]) and one["approvals"] >= other["approvals"]
