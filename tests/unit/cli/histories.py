"""Execution histories as Step Functions reports them, built event by event."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


class History:
    """A growing history; each event follows the one before in its branch.

    `at` is the time in seconds since the execution began that the next events get.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.at = 0.0
        self._last: dict[str, int] = {"": 0}
        self.add("ExecutionStarted")

    def add(self, kind: str, branch: str = "", **details: Any) -> History:
        """Add one event of any type."""
        event = {
            "id": len(self.events) + 1,
            "previousEventId": self._last.get(branch, self._last[""]),
            "type": kind,
            "timestamp": START + timedelta(seconds=self.at),
            **details,
        }
        self.events.append(event)
        self._last[branch] = event["id"]
        return self

    def enter(self, state: str, kind: str = "Task", branch: str = "") -> History:
        """A state is entered."""
        return self.add(f"{kind}StateEntered", branch, stateEnteredEventDetails={"name": state})

    def leave(self, state: str, kind: str = "Task", branch: str = "") -> History:
        """A state is left."""
        return self.add(f"{kind}StateExited", branch, stateExitedEventDetails={"name": state})

    def schedule(self, branch: str = "") -> History:
        """The task's function is called."""
        return self.add("TaskScheduled", branch).add("TaskStarted", branch)

    def succeed(self, payload: dict[str, Any] | None = None, branch: str = "") -> History:
        """The task's function answers."""
        output = json.dumps({"Payload": payload or {}, "StatusCode": 200})
        return self.add("TaskSucceeded", branch, taskSucceededEventDetails={"output": output})

    def fail(self, error: str, branch: str = "", **words: Any) -> History:
        """The task's function raises; `words` are code, reason and so on."""
        cause = json.dumps({"errorType": error, "errorMessage": json.dumps(words)})
        return self.add(
            "TaskFailed", branch, taskFailedEventDetails={"error": error, "cause": cause}
        )

    def step(self, state: str, payload: dict[str, Any] | None = None, branch: str = "") -> History:
        """A task from entry to exit, one try."""
        self.enter(state, branch=branch).schedule(branch).succeed(payload, branch)
        return self.leave(state, branch=branch)

    def join(self, *branches: str) -> History:
        """The branches have ended; what follows comes after the last event of all."""
        self._last[""] = len(self.events)
        for branch in branches:
            self._last.pop(branch, None)
        return self
