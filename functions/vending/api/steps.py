"""The steps of an execution and what happened in them, as its history has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vending.aws.clock import timestamp
from vending.frozen import frozen

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

StepState = Literal["RUNNING", "SUCCEEDED", "FAILED", "STOPPED"]
StepEvent = Literal["STARTED", "RETRIED", "SUCCEEDED", "FAILED", "STOPPED"]

EVENTS_PER_PAGE = 1_000
"""The most that GetExecutionHistory gives; its rate is limited."""

_ENTERED, _EXITED = "TaskStateEntered", "TaskStateExited"
_FAILURES = ("TaskFailed", "TaskTimedOut", "TaskStartFailed", "TaskSubmitFailed")
_ATTEMPT = "TaskScheduled"
_ENDS = ("ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut", "ExecutionSucceeded")


@dataclass(kw_only=True)
class _Step:
    name: str
    started_at: datetime
    ended_at: datetime | None = None
    attempts: int = 0
    state: StepState = "RUNNING"
    is_open: bool = True

    def note(self, kind: str, at: datetime) -> StepEvent | None:
        """What an event of the state, or the execution's end, changes about it."""
        before = self.state
        if kind == _ENTERED:
            self.state, self.ended_at, self.is_open = "RUNNING", None, True
            return "STARTED"
        if kind == _ATTEMPT:
            self.state, self.attempts = "RUNNING", self.attempts + 1
            return "RETRIED" if before == "FAILED" else None
        if kind in _FAILURES:
            self.state = "FAILED"
            return "FAILED"
        if kind == _EXITED:
            self.ended_at, self.is_open = at, False
            # A failure that was caught ends its state as success does.
            if before != "FAILED":
                self.state = "SUCCEEDED"
                return "SUCCEEDED"
        if kind in _ENDS and self.is_open:
            self.state, self.ended_at, self.is_open = "STOPPED", at, False
            return "STOPPED"
        return None

    def shown(self) -> dict[str, Any]:
        return {
            "step": self.name,
            "state": self.state,
            "attempts": self.attempts,
            "startedAt": timestamp(self.started_at.timestamp()),
            "endedAt": self.ended_at and timestamp(self.ended_at.timestamp()),
        }


@frozen
class Progress:
    """How far an execution has come.

    Attributes:
        steps: {step, state, attempts, startedAt, endedAt} of each Task state, as they began. A
            state that was entered again is one step. One that was caught FAILED; one that did not
            end before its execution was STOPPED.
        events: {id, at, step, event, error} of each change of a step's state, the oldest first.
            `id` counts from 1: a history only grows, so that an event keeps its number. `error` is
            the code of what FAILED, and never its cause, which has what was asked.
        is_over: whether nothing follows, as of one that Step Functions knows no more.
    """

    steps: list[dict[str, Any]]
    events: list[dict[str, Any]]
    is_over: bool


def history(execution_arn: str, stepfunctions: SFNClient) -> Iterator[Mapping[str, Any]]:
    """The events of an execution, in order; none of one that Step Functions knows no more."""
    pages = stepfunctions.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn,
        includeExecutionData=False,
        PaginationConfig={"PageSize": EVENTS_PER_PAGE},
    )
    try:
        for page in pages:
            yield from page["events"]
    except stepfunctions.exceptions.ExecutionDoesNotExist:
        return


def progress_of(history_events: Iterable[Mapping[str, Any]]) -> Progress:
    """What the events of an execution's history, in order, say of it."""
    steps: dict[str, _Step] = {}
    of: dict[int, _Step] = {}
    """By event: the step that it is about."""
    events: list[dict[str, Any]] = []
    is_over = True
    for event in history_events:
        number, kind, at = event["id"], event["type"], event["timestamp"]
        is_over = kind in _ENDS
        if kind == _ENTERED:
            name = event["stateEnteredEventDetails"]["name"]
            of[number] = steps.setdefault(name, _Step(name=name, started_at=at))
        elif event.get("previousEventId") in of and kind.startswith("Task"):
            of[number] = of[event["previousEventId"]]
        own = [of[number]] if number in of else []
        for step in [*steps.values()] if is_over else own:
            change = step.note(kind, at)
            if change is not None:
                events.append(
                    {
                        "id": len(events) + 1,
                        "at": timestamp(at.timestamp()),
                        "step": step.name,
                        "event": change,
                        "error": _error_of(event) if change == "FAILED" else None,
                    }
                )
        if kind == _EXITED:
            of.pop(number, None)
    return Progress(steps=[step.shown() for step in steps.values()], events=events, is_over=is_over)


def _error_of(event: Mapping[str, Any]) -> str | None:
    kind = event["type"]
    code: str | None = event.get(f"{kind[0].lower()}{kind[1:]}EventDetails", {}).get("error")
    return code
