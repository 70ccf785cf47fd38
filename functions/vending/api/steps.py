"""The steps of an execution, as its history has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vending.aws.clock import timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

StepState = Literal["RUNNING", "SUCCEEDED", "FAILED", "STOPPED"]

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

    def note(self, kind: str, at: datetime) -> None:
        """What an event of the state says of it."""
        if kind == _ENTERED:
            self.state, self.ended_at, self.is_open = "RUNNING", None, True
        elif kind == _EXITED:
            # A failure that was caught ends its state as success does.
            self.state = "FAILED" if self.state == "FAILED" else "SUCCEEDED"
            self.ended_at, self.is_open = at, False
        elif kind == _ATTEMPT:
            self.state, self.attempts = "RUNNING", self.attempts + 1
        elif kind in _FAILURES:
            self.state = "FAILED"

    def stop(self, at: datetime) -> None:
        """Its execution has ended."""
        if self.is_open:
            self.state, self.ended_at, self.is_open = "STOPPED", at, False

    def shown(self) -> dict[str, Any]:
        return {
            "step": self.name,
            "state": self.state,
            "attempts": self.attempts,
            "startedAt": timestamp(self.started_at.timestamp()),
            "endedAt": self.ended_at and timestamp(self.ended_at.timestamp()),
        }


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


def steps_of(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """{step, state, attempts, startedAt, endedAt} of each Task state, as they began.

    A state that was entered again is one step. One that was caught FAILED; one that did not end
    before its execution was STOPPED.
    """
    steps: dict[str, _Step] = {}
    of: dict[int, _Step] = {}
    """By event: the step that it is about."""
    for event in events:
        number, kind, at = event["id"], event["type"], event["timestamp"]
        if kind in _ENDS:
            for step in steps.values():
                step.stop(at)
            continue
        if kind == _ENTERED:
            name = event["stateEnteredEventDetails"]["name"]
            of[number] = steps.setdefault(name, _Step(name=name, started_at=at))
        elif event.get("previousEventId") in of and kind.startswith("Task"):
            of[number] = of[event["previousEventId"]]
        if number in of:
            of[number].note(kind, at)
        if kind == _EXITED:
            of.pop(number, None)
    return [step.shown() for step in steps.values()]
