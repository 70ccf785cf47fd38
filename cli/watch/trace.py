"""What has happened in one execution, read from its history events as Step Functions reports them.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from cli.watch import step_summaries
from cli.watch.steps import Plan, Region

Event = Mapping[str, Any]


_LOOKS_AGAIN = {"CreationAnswered", "CreationInProgress"}
"""Errors by which a step that waits says that it is time, or not yet time, to look again."""


class StepStatus(Enum):
    """Where a step stands."""

    PENDING = "pending"
    RUNNING = "running"
    RETRYING = "retrying"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    SKIPPED = "not needed"
    UNREACHED = "not reached"


@dataclass(kw_only=True)
class Step:
    """One line of progress. Moments are seconds on the follower's clock; None when not known."""

    name: str
    status: StepStatus = StepStatus.PENDING
    started: float | None = None
    ended: float | None = None
    entered: int = 0
    attempts: int = 0
    retries: int = 0
    note: str = ""

    def elapsed(self, now: float) -> float | None:
        """Seconds from the first entry to the last exit, or to `now` while it goes on."""
        if self.started is None:
            return None
        return max(0.0, (now if self.ended is None else self.ended) - self.started)

    @property
    def is_active(self) -> bool:
        """Whether something goes on in this step now."""
        return self.status in {StepStatus.RUNNING, StepStatus.RETRYING}


class Trace:
    """The steps of one execution, kept up to date by feeding it the history's events.

    Args:
        plan: what the definition says will happen.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.ended: str | None = None
        """How the execution ended: SUCCEEDED, FAILED, TIMED_OUT or ABORTED; None while it runs."""
        self.seen = 0
        """The id of the newest event fed."""
        self._steps = {name: Step(name=name) for name in plan.order}
        self._owner: dict[int, str] = {}
        self._last: dict[int, str] = {}
        self._cut: dict[int, str] | None = None
        """The state entered last in each region when a step failed that does not come again."""
        self._failing = False

    @property
    def steps(self) -> list[Step]:
        """The plan's steps, and those on the way to failure once they are entered."""
        planned = set(self.plan.steps)
        return [step for step in self._steps.values() if step.name in planned or step.entered]

    @property
    def shown(self) -> list[Step]:
        """The steps without those of other sources than the request's."""
        return [
            step
            for step in self.steps
            if step.status is not StepStatus.SKIPPED
            or self.plan.region_of[step.name].parent is not None
        ]

    @property
    def current(self) -> Step | None:
        """The step that has been active longest."""
        active = [step for step in self._steps.values() if step.is_active]
        return min(active, key=lambda step: step.started or 0.0, default=None)

    @property
    def finished(self) -> int:
        """How many steps need no more work."""
        return sum(step.status in {StepStatus.DONE, StepStatus.SKIPPED} for step in self.shown)

    def feed(self, events: Iterable[Event], moment: Callable[[Event], float]) -> None:
        """Take in history events; those already seen are passed over.

        Args:
            events: events of `GetExecutionHistory`, in any order, none missing in between.
            moment: when an event happened, in seconds on the follower's clock.
        """
        for event in sorted(events, key=lambda event: int(event["id"])):
            if int(event["id"]) > self.seen:
                self.seen = int(event["id"])
                self._apply(event, moment(event))
        self._settle()

    def _apply(self, event: Event, at: float) -> None:
        kind = str(event["type"])
        entered = event.get("stateEnteredEventDetails")
        named = entered or event.get("stateExitedEventDetails")
        before = self._owner.get(int(event.get("previousEventId", 0)))
        state = named["name"] if named else before
        if state is not None:
            self._owner[int(event["id"])] = state
        if kind.startswith("Execution"):
            if kind != "ExecutionStarted":
                self._end(kind, at)
            return
        if state is None or state not in self.plan.region_of:
            return
        if entered:
            self._enter(state, at)
        name = self.plan.step_of(state)
        if name is not None and not kind.startswith(("Parallel", "Map")):
            self._advance(self._steps[name], kind, event, at, state=state)

    def _enter(self, state: str, at: float) -> None:
        region = self.plan.region_of[state]
        if region.parent is None:
            self._stop(at, within=region)
        if self.plan.is_failing(state):
            self._failing = True
            return
        if region.parent is None:
            self._last.clear()
        self._last[id(region)] = state
        if region.states[state].get("Type") != "Choice":
            self._reopen(region.reachable(state))

    def _advance(self, step: Step, kind: str, event: Event, at: float, *, state: str) -> None:
        own, details = step.name == state, _details(event)
        if kind.endswith("StateEntered"):
            step.started = at if step.started is None else step.started
            step.ended = None
            step.status = StepStatus.RUNNING
            if own:
                step.entered += 1
                step.attempts = 0
        elif not own and not (self.plan.is_after(state) and kind.endswith("StateExited")):
            return
        elif kind in {"TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled"}:
            step.attempts += 1
            step.retries += step.attempts > 1
            step.status = StepStatus.RUNNING
        elif kind == "TaskSubmitted":
            step.note = step_summaries.of_waiting(step.name) or step.note
        elif kind.endswith("Succeeded") or details.get("error") == "TaskTokenRefused":
            step.status = StepStatus.RUNNING
            output = details.get("output", step_summaries.carried(details.get("cause")))
            step.note = step_summaries.of_result(step.name, output)
        elif (kind.endswith("TimedOut") and self.plan.waits_for_answer(step.name)) or details.get(
            "error"
        ) in _LOOKS_AGAIN:
            step.status = StepStatus.RUNNING
            step.attempts = 0
        elif kind.endswith(("Failed", "TimedOut")):
            step.status = StepStatus.RETRYING
            step.note = step_summaries.of_error(details.get("error"), details.get("cause"))
        elif kind.endswith("StateExited"):
            step.ended = at
            step.status = (
                StepStatus.DONE if step.status is not StepStatus.RETRYING else self._failed()
            )

    def _end(self, kind: str, at: float) -> None:
        name = kind.removeprefix("Execution")
        self.ended = {"TimedOut": "TIMED_OUT"}.get(name, name.upper())
        for step in self._steps.values():
            if step.is_active:
                step.status = (
                    StepStatus.FAILED if step.status is StepStatus.RETRYING else StepStatus.STOPPED
                )
                step.ended = at

    def _settle(self) -> None:
        """Say of each step that was not entered whether it can still be, or could have been."""
        for name in self.plan.steps:
            step = self._steps[name]
            if step.entered:
                continue
            if not self.plan.may_come(name, self._last):
                cut_off = self._cut is not None and self.plan.may_come(name, self._cut)
                step.status = StepStatus.UNREACHED if cut_off else StepStatus.SKIPPED
            elif self._failing or self.ended not in {None, "SUCCEEDED"}:
                step.status = StepStatus.UNREACHED
            elif self.ended is not None:
                step.status = StepStatus.SKIPPED
            elif step.started is None:
                step.status = StepStatus.PENDING

    def _failed(self) -> StepStatus:
        """FAILED; from here on, what could still have come without that is remembered."""
        self._cut = self._cut or dict(self._last)
        return StepStatus.FAILED

    def _reopen(self, ahead: frozenset[str]) -> None:
        """Steps that failed and were caught are pending again, where the way taken leads there."""
        failed = [step for step in self._steps.values() if step.status is StepStatus.FAILED]
        for step in failed:
            if step.name in ahead:
                step.status = StepStatus.PENDING
        if all(step.status is StepStatus.PENDING for step in failed):
            self._cut = None

    def _stop(self, at: float, *, within: Region) -> None:
        """Steps that an error in or beside them ended: the history is silent on them."""
        for step in self._steps.values():
            if step.is_active and self.plan.region_of[step.name] is not within:
                step.status = (
                    self._failed() if step.status is StepStatus.RETRYING else StepStatus.STOPPED
                )
                step.ended = at


def _details(event: Event) -> Mapping[str, Any]:
    for key, value in event.items():
        if key.endswith("EventDetails") and isinstance(value, Mapping):
            return value
    return {}
