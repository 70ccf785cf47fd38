"""Following submissions from the moment they are sent to their end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from cli.aws.environment import is_denied
from cli.aws.ledger_reader import LedgerRow
from cli.aws.stack import Stack
from cli.output.progress import FRAMES_PER_SECOND, View
from cli.watch.steps import Plan
from cli.watch.submission import Phase, TrackedSubmission
from cli.watch.trace import Trace
from vending.ledger.approval_records import asked_words, missing
from vending.states import FINAL

AWAIT_APPROVAL = "AwaitApproval"
"""The step that waits for people, of whom the ledger says who they are."""
PATIENCE_SECONDS = 60.0
"""How long an event may take to become an execution before the user learns where to look."""
LEDGER_SECONDS = 15.0
"""How long the ledger may take to learn that an execution was stopped or timed out."""
NEAR_SECONDS, FAR_SECONDS = 0.15, 1.0
"""Between two looks: at this machine, and at AWS, whose request rates all its users share."""
HISTORIES_PER_POLL = 10
WORDLESS_ENDS = {
    "TIMED_OUT": "the execution took longer than its state machine allows",
    "ABORTED": "the execution was stopped by hand",
    "FAILED": "the execution failed and the ledger could not record why",
    "SUCCEEDED": "the execution ended without finishing this request",
}


class Follower:
    """Watches submissions until each has ended.

    Args:
        stack: where they were sent.
        tracked: what to follow; changed in place.
        view: where progress goes.
        clock: seconds from any origin.
        sleep: blocks for seconds.
    """

    def __init__(
        self,
        stack: Stack,
        tracked: Sequence[TrackedSubmission],
        view: View,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._stack = stack
        self._tracked = tracked
        self._view = view
        self._clock = clock
        self._sleep = sleep
        self._definition: str | None = None
        self._may_trace = True
        self._polled_at: dict[str, float] = {}
        self._next_history = 0

    def run(self) -> None:
        """Look, show, wait; until nothing is under way."""
        pause = NEAR_SECONDS if self._stack.is_on_this_machine else FAR_SECONDS
        due = self._clock()
        while self._open():
            now = self._clock()
            if now >= due:
                self._poll(now)
                due = self._clock() + pause
            self._view.show(self._tracked, self._clock())
            if self._open():
                self._sleep(1 / FRAMES_PER_SECOND)
        self._view.show(self._tracked, self._clock())

    def begin(self, one: TrackedSubmission, execution_arn: str) -> None:
        """Follow this execution from now on."""
        one.phase = Phase.RUNNING
        one.execution_arn = execution_arn
        one.over_since = None
        one.trace = None
        if self._may_trace:
            try:
                self._definition = self._definition or self._stack.definition()
                one.trace = Trace(Plan(self._definition))
            except ClientError as error:
                self._give_up_tracing(error)

    def _open(self) -> list[TrackedSubmission]:
        return [one for one in self._tracked if one.phase is not Phase.ENDED]

    def _poll(self, now: float) -> None:
        waiting = self._open()
        rows: Mapping[str, LedgerRow] = {}
        alone = len(self._tracked) == 1 and waiting[0].trace is not None
        if not alone:
            rows = self._stack.ledger.rows([one.submission.request_id for one in waiting])
        for one in waiting:
            self._apply_row(one, rows.get(one.submission.request_id), now)
        for one in self._next_to_trace():
            self._read_history(one)

    def _apply_row(self, one: TrackedSubmission, row: LedgerRow | None, now: float) -> None:
        if one.phase is Phase.SENT:
            arn = row.record.get("executionArn") if row else None
            if row and arn and arn != one.earlier_execution:
                if self._is_of_another(one, row):
                    self._superseded(one, now)
                    return
                one.record = row.record
                self.begin(one, str(arn))
            elif now - one.since > PATIENCE_SECONDS:
                self._timed_out(one, now)
        elif row is not None:
            one.record = row.record
            is_ours = row.record.get("executionArn") == one.execution_arn
            if row.record.get("state") in FINAL and (is_ours or one.trace is None):
                one.end(now)

    def _next_to_trace(self) -> list[TrackedSubmission]:
        traced = [one for one in self._open() if one.trace is not None]
        if len(traced) > HISTORIES_PER_POLL:
            self._next_history = (self._next_history + HISTORIES_PER_POLL) % len(traced)
            traced = (traced[self._next_history :] + traced[: self._next_history])[
                :HISTORIES_PER_POLL
            ]
        return traced

    def _read_history(self, one: TrackedSubmission) -> None:
        trace, arn = one.trace, one.execution_arn
        if trace is None or arn is None:
            return
        try:
            events = self._stack.history(arn, after=trace.seen)
        except ClientError as error:
            self._give_up_tracing(error)
            return
        now = self._clock()
        if events:
            trace.feed(events, self._moments(one, events[-1], now))
            self._note_approval(one, trace)
        self._polled_at[arn] = now
        if trace.ended is not None:
            self._finish(one, trace.ended, now)

    def _note_approval(self, one: TrackedSubmission, trace: Trace) -> None:
        """Say of a step that waits for approvals by whom."""
        current = trace.current
        if current is None or current.name != AWAIT_APPROVAL or current.note == "":
            return
        row = self._stack.ledger.row(one.submission.request_id)
        if row is not None and (approval := row.record.get("approval")):
            one.record = row.record
            current.note = asked_words(missing(approval))

    def _moments(
        self, one: TrackedSubmission, newest: Mapping[str, Any], now: float
    ) -> Callable[[Mapping[str, Any]], float]:
        """Moments on our clock for a batch of events.

        The newest has just happened, and none happened before the last look: AWS's clock need not
        agree with ours, nor run at its pace.
        """
        earliest = self._polled_at.get(one.execution_arn or "", one.since)

        def moment(event: Mapping[str, Any]) -> float:
            behind = (newest["timestamp"] - event["timestamp"]).total_seconds()
            return max(earliest, now - max(0.0, float(behind)))

        return moment

    def _finish(self, one: TrackedSubmission, status: str, now: float) -> None:
        row = self._stack.ledger.row(one.submission.request_id)
        one.record = row.record if row else None
        state = str((one.record or {}).get("state"))
        arn = (one.record or {}).get("executionArn")
        if state in FINAL:
            one.end(now)
        elif arn and arn != one.execution_arn:
            self.begin(one, str(arn))
        elif not self._is_overdue(one, status, now):
            return
        else:
            one.end(
                now,
                code="ExecutionEnded",
                problem=f"{WORDLESS_ENDS.get(status, status)}; the ledger still says {state}",
                remedy="Submit the request again: it resumes where it stopped",
            )

    def _is_overdue(self, one: TrackedSubmission, status: str, now: float) -> bool:
        """Whether the ledger had time enough to record an end that the execution did not report."""
        one.over_since = now if one.over_since is None else one.over_since
        return status == "SUCCEEDED" or now - one.over_since >= LEDGER_SECONDS

    def _is_of_another(self, one: TrackedSubmission, row: LedgerRow) -> bool:
        """Whether another request was accepted for the only revision that this one is about."""
        asked = one.submission.asked
        return asked.if_revision is not None and row.fingerprint not in (None, asked.fingerprint)

    def _superseded(self, one: TrackedSubmission, now: float) -> None:
        one.end(
            now,
            code="Superseded",
            problem=f"ifRevision: is {one.submission.asked.if_revision}, and another request for "
            "the account was accepted at the same time",
            remedy="Nothing was done for this one. Look at what was changed with `vend status` "
            "and the account's id, then submit it again",
        )

    def _timed_out(self, one: TrackedSubmission, now: float) -> None:
        request_id, wanted = one.submission.request_id, one.submission.asked.if_revision
        if wanted is not None:
            rows = self._stack.ledger.rows([request_id])
            accounts = self._stack.ledger.accounts(rows, {request_id: one.submission.content})
            if accounts.get(request_id, {}).get("revision", wanted) != wanted:
                self._superseded(one, now)
                return
        one.end(
            now,
            code="ExecutionNotStarted",
            problem=f"no execution started within {PATIENCE_SECONDS:.0f} s of the event",
            remedy="An event that cannot start the state machine ends in the dead-letter queue, "
            f"with the reason: {self._stack.dead_letter_queue_url}",
        )

    def _give_up_tracing(self, error: ClientError) -> None:
        """Who may not read executions still sees the ledger change."""
        if not is_denied(error):
            raise error
        self._may_trace = False
        for one in self._tracked:
            one.trace = None
