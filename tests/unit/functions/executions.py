"""What the operations see of Step Functions: which executions there are, and who waits there."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any


class Refusal(Exception):
    """AWS's refusal of one call."""

    def __init__(
        self,
        code: str,
        reason: str | None = None,
        *,
        status: int = 400,
        message: str = "as AWS would say",
    ) -> None:
        super().__init__(code)
        self.code, self.reason, self.status, self.message = code, reason, status, message


class Executions:
    """Answers the calls of Step Functions from what a test has put down."""

    def __init__(self) -> None:
        self.executions: dict[str, str] = {}
        self.endings: dict[str, dict[str, Any]] = {}
        self.histories: dict[str, list[dict[str, Any]]] = {}
        self.tokens: dict[str, Any] = {}
        self.waiting: set[str] = set()
        self.ended_steps: list[tuple[str, str, dict[str, Any]]] = []
        self._tokens = itertools.count(1)

    def wait_for_token(self) -> str:
        """A task token, under which an execution waits from now on."""
        token = f"token-{next(self._tokens)}"
        self.tokens[token] = None
        return token

    def wait_for_answer(self) -> str:
        """A task token, under which a step waits from now on to be ended."""
        token = f"token-{next(self._tokens)}"
        self.waiting.add(token)
        return token

    def StartExecution(  # noqa: N802
        self,
        stateMachineArn: str,  # noqa: N803
        name: str,
        input: str,  # noqa: A002
    ) -> dict[str, Any]:
        """A name is taken once, whatever the input: the tests' inputs have the time."""
        arn = f"{stateMachineArn.replace(':stateMachine:', ':execution:')}:{name}"
        if arn in self.executions:
            raise Refusal("ExecutionAlreadyExists")
        self.executions[arn] = "RUNNING"
        began = datetime.fromtimestamp(0, UTC)
        self.endings[arn] = {"input": input, "startDate": began}
        return {"executionArn": arn, "startDate": began}

    def StopExecution(self, executionArn: str, error: str, cause: str) -> dict[str, Any]:  # noqa: N802, N803
        self.executions[executionArn] = "ABORTED"
        return {"stopDate": datetime.fromtimestamp(0, UTC)}

    def GetExecutionHistory(  # noqa: N802
        self,
        executionArn: str,  # noqa: N803
        includeExecutionData: bool,  # noqa: N803
        maxResults: int,  # noqa: N803
        nextToken: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        """Pages of two events."""
        if executionArn not in self.histories:
            raise Refusal("ExecutionDoesNotExist")
        events, start = self.histories[executionArn], int(nextToken or 0)
        more = {"nextToken": str(start + 2)} if start + 2 < len(events) else {}
        return {"events": events[start : start + 2], **more}

    def DescribeExecution(self, executionArn: str) -> dict[str, Any]:  # noqa: N802, N803
        if executionArn not in self.executions:
            raise Refusal("ExecutionDoesNotExist")
        return {"status": self.executions[executionArn], **self.endings.get(executionArn, {})}

    def ListExecutions(  # noqa: N802
        self,
        stateMachineArn: str,  # noqa: N803
        statusFilter: str,  # noqa: N803
        nextToken: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        """Small pages with an empty one in front, as AWS may answer."""
        if nextToken is None:
            return {"executions": [], "nextToken": "0"}
        chosen = [
            {"executionArn": arn, "status": status}
            for arn, status in self.executions.items()
            if status == statusFilter
        ]
        start, end = int(nextToken), int(nextToken) + 2
        more = {"nextToken": str(end)} if end < len(chosen) else {}
        return {"executions": chosen[start:end], **more}

    def SendTaskSuccess(self, taskToken: str, output: str) -> dict[str, Any]:  # noqa: N802, N803
        if taskToken not in self.tokens:
            return self._end_step(taskToken, "", output)
        if self.tokens[taskToken] is not None:
            raise Refusal("TaskTimedOut")
        self.tokens[taskToken] = json.loads(output)
        return {}

    def SendTaskFailure(self, taskToken: str, error: str, cause: str) -> dict[str, Any]:  # noqa: N802, N803
        return self._end_step(taskToken, error, cause)

    def _end_step(self, token: str, error: str, text: str) -> dict[str, Any]:
        if token not in self.waiting:
            raise Refusal("TaskTimedOut")
        self.waiting.remove(token)
        self.ended_steps.append((token, error, json.loads(text)))
        return {}
