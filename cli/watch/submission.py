"""A validated request on its way, and what is known of it so far."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from cli.watch.trace import Trace
from vending.ledger.decisions import Asked
from vending.states import State

Record = dict[str, Any]
"""A ledger row as a requester sees it; see the blueprint's contract "the record"."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One request that may be sent: `detail` is the event's detail, requestId filled."""

    label: str
    request_id: str
    fingerprint: str
    name: str
    """What people call the account: its name, or its id for an account that exists already."""
    email: str | None
    detail: dict[str, Any]
    content: dict[str, Any]
    """The request normalised."""

    @property
    def asked(self) -> Asked:
        """As it is compared with the ledger's row."""
        return Asked(
            request_id=self.request_id,
            fingerprint=self.fingerprint,
            content=self.content,
            if_revision=self.detail.get("ifRevision"),
        )


class Phase(Enum):
    """How far the follower knows a submission to be."""

    READY = "ready"
    SENT = "sent"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(kw_only=True)
class TrackedSubmission:
    """A submission being followed. Moments are seconds on the follower's clock."""

    submission: Submission
    phase: Phase = Phase.READY
    since: float = 0.0
    """When it was sent, or when following began."""
    until: float | None = None
    earlier_execution: str | None = None
    """The execution that the ledger named before this submission was sent."""
    execution_arn: str | None = None
    trace: Trace | None = None
    over_since: float | None = None
    """When the execution was seen to have ended while the ledger still waited for it."""
    record: Record | None = None
    problem_code: str = ""
    problem: str = ""
    """Why there is no outcome, when there is none."""
    remedy: str = ""
    was_already_vended: bool = False

    @property
    def is_vended(self) -> bool:
        """Whether the account is there and ready."""
        return (
            self.record is not None
            and self.record.get("state") == State.VENDED
            and not self.problem
        )

    def elapsed(self, now: float) -> float:
        """Seconds since it was sent, to its end or to `now`."""
        return (now if self.until is None else self.until) - self.since

    def end(self, now: float, *, code: str = "", problem: str = "", remedy: str = "") -> None:
        """No more will be heard of this submission."""
        self.phase = Phase.ENDED
        self.until = now
        self.problem_code = code
        self.problem = problem
        self.remedy = remedy
