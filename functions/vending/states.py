"""A request's states, and which may follow which: one table for all who write or read them.

Pure. Within an execution a state follows as `NEXT` says; each may be written again by whoever
repeats a step. REQUESTED follows every state: an execution that takes over a request which has no
living execution begins there, whatever was achieved.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a request stands; in the order in which it passes through them."""

    REQUESTED = "REQUESTED"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    QUEUED = "QUEUED"
    CREATING = "CREATING"
    INVITED = "INVITED"
    BASELINING = "BASELINING"
    AWAITING_CODE = "AWAITING_CODE"
    VENDED = "VENDED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    SUPERSEDED = "SUPERSEDED"


FINAL = (State.VENDED, State.FAILED, State.REJECTED, State.SUPERSEDED)
"""No execution is at work on a request in one of these."""

UNCLAIMED = (State.REJECTED, State.SUPERSEDED)
"""Nothing is kept of a request in one of these, so that any other may have its id."""

IN_FLIGHT = tuple(state for state in State if state not in FINAL)
"""An execution is at work on a request in one of these, or ended without saying so."""

CANCELLABLE = (State.REQUESTED, State.AWAITING_APPROVAL, State.QUEUED)
"""AWS was not asked for anything yet for a request in one of these."""

FIRST = (State.REQUESTED, *FINAL)
"""What a row begins with: claimed; or written down when all was over, and for an account that was
made elsewhere."""

_UNVENDED = (State.FAILED, State.REJECTED)

NEXT: Mapping[State, tuple[State, ...]] = {
    State.REQUESTED: (
        State.AWAITING_APPROVAL,
        State.QUEUED,
        State.CREATING,
        State.INVITED,
        State.BASELINING,
        *_UNVENDED,
    ),
    # REQUESTED: approved, and looked at again.
    State.AWAITING_APPROVAL: (State.REQUESTED, *_UNVENDED),
    # BASELINING: the account that an unanswered call made was found meanwhile.
    State.QUEUED: (State.CREATING, State.BASELINING, *_UNVENDED),
    # QUEUED: AWS refused for now, or nothing came of an unanswered call.
    State.CREATING: (State.QUEUED, State.BASELINING, *_UNVENDED),
    State.INVITED: (State.BASELINING, *_UNVENDED),
    State.BASELINING: (State.AWAITING_CODE, State.VENDED, *_UNVENDED),
    State.AWAITING_CODE: (State.VENDED, *_UNVENDED),
    State.VENDED: (),
    # The last function of an execution that was stopped may still have been at work.
    State.FAILED: (State.VENDED, State.REJECTED),
    # Nothing is kept of a request that was refused, so that any other may have its id.
    State.REJECTED: (State.FAILED, State.VENDED, State.SUPERSEDED),
    # A newer submission for its account had been accepted when it came: nothing was done for it.
    State.SUPERSEDED: (State.FAILED, State.REJECTED),
}


def may_follow(before: str | None, after: str) -> bool:
    """Whether a row may come to `after`; `before` is None where there was no row."""
    if before is None:
        return after in FIRST
    return after in (before, State.REQUESTED) or after in NEXT[State(before)]
