"""Step Functions' API where moto's answers lack something: executions, their history, paging."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import InvalidToken, ValidationException
from moto.stepfunctions.parser.api import ExecutionStatus, StateMachineTypeNotSupported
from moto.stepfunctions.responses import StepFunctionResponse

from embedded.stepfunctions.definition_checks import problems
from embedded.stepfunctions.state_checks import Problem

_DEFAULT_PAGE = 100
_LARGEST_PAGE = 1000
_FILTERS = {
    "statusFilter": (
        "SUCCEEDED",
        "TIMED_OUT",
        "PENDING_REDRIVE",
        "ABORTED",
        "FAILED",
        "RUNNING",
    ),
    "redriveFilter": ("REDRIVEN", "NOT_REDRIVEN"),
}
"""The values of ListExecutions' filters, in the order in which AWS's message has them."""
_DATA = {"input", "output", "inputDetails", "outputDetails", "parameters"}


class StepFunctions(StepFunctionResponse):
    """The API of the embedded Step Functions."""

    def validate_state_machine_definition(self) -> ActionResult:
        """ValidateStateMachineDefinition."""
        found = problems(self._get_param("definition"))
        shown = found[: self._get_int_param("maxResults") or _DEFAULT_PAGE]
        return ActionResult(
            {
                "result": "FAIL" if found else "OK",
                "diagnostics": [_diagnostic(each) for each in shown],
                "truncated": len(found) > len(shown),
            }
        )

    def list_state_machines(self) -> ActionResult:
        """ListStateMachines."""
        self._check_list(longest_token=1024)
        return super().list_state_machines()

    def start_sync_execution(self) -> ActionResult:
        """StartSyncExecution, which is for Express workflows only."""
        self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
        raise StateMachineTypeNotSupported(
            "This operation is not supported by this type of state machine"
        )

    def start_execution(self) -> ActionResult:
        """StartExecution."""
        execution = self.stepfunction_backend.start_execution(
            self._get_param("stateMachineArn"),
            self._get_param("name"),
            self._get_param("input"),
            self._get_param("traceHeader"),
        )
        return ActionResult(execution.to_start_output())

    def stop_execution(self) -> ActionResult:
        """StopExecution."""
        execution = self.stepfunction_backend.stop_execution(
            self._get_param("executionArn"), self._get_param("error"), self._get_param("cause")
        )
        return ActionResult({"stopDate": execution.stop_date})

    def describe_execution(self) -> ActionResult:
        """DescribeExecution."""
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        with_data = self._get_param("includedData") != "METADATA_ONLY"
        status = execution.exec_status
        answer = {
            "executionArn": execution.exec_arn,
            "stateMachineArn": execution.state_machine_arn,
            "name": execution.name,
            "status": str(status.value),
            "startDate": execution.start_date,
            "redriveCount": 0,
            "redriveStatus": "NOT_REDRIVABLE",
        }
        if with_data:
            answer |= {"input": execution.execution_input, "inputDetails": {"included": True}}
        if execution.trace_header:
            answer["traceHeader"] = execution.trace_header
        if status != ExecutionStatus.RUNNING:
            answer["stopDate"] = execution.stop_date
        if status == ExecutionStatus.SUCCEEDED and with_data:
            answer |= {"output": execution.output_json(), "outputDetails": {"included": True}}
        for name in ("error", "cause"):
            if with_data and getattr(execution, name) is not None:
                answer[name] = getattr(execution, name)
        return ActionResult(answer)

    def describe_state_machine_for_execution(self) -> ActionResult:
        """DescribeStateMachineForExecution: the machine as it was when the execution started."""
        machine = self.stepfunction_backend.describe_state_machine_for_execution(
            self._get_param("executionArn")
        )
        return ActionResult(
            {
                "stateMachineArn": machine.arn,
                "name": machine.name,
                "definition": machine.definition,
                "roleArn": machine.roleArn,
                "updateDate": machine.update_date,
                "loggingConfiguration": machine.loggingConfiguration,
                "tracingConfiguration": machine.tracingConfiguration,
                "encryptionConfiguration": machine.encryptionConfiguration,
            }
        )

    def list_executions(self) -> ActionResult:
        """ListExecutions, the last started first."""
        self._check_list(longest_token=3096)
        machine = self._get_param("stateMachineArn")
        status, redrive = self._get_param("statusFilter"), self._get_param("redriveFilter")
        executions = self.stepfunction_backend.executions_of(machine, status)
        if redrive == "REDRIVEN":
            executions = []  # nothing is ever redriven here
        query = [machine, status, redrive]
        after = self._token(query)
        if after is not None:
            executions = [each for each in executions if _place(each) < tuple(after)]
        page, rest = self._page(executions)
        answer: dict[str, Any] = {"executions": [_listed(each) for each in page]}
        if rest:
            answer["nextToken"] = _encode(query, list(_place(page[-1])))
        return ActionResult(answer)

    def get_execution_history(self) -> ActionResult:
        """GetExecutionHistory."""
        self._check_list(longest_token=1024)
        execution_arn = self._get_param("executionArn")
        events = self.stepfunction_backend.get_execution_history(execution_arn)["events"]
        backwards = bool(self._get_param("reverseOrder"))
        query = [execution_arn, backwards]
        if backwards:
            events.reverse()
        after = self._token(query)
        if after is not None:
            (last,) = after
            events = [e for e in events if (e["id"] < last if backwards else e["id"] > last)]
        page, rest = self._page(events)
        if self._get_param("includeExecutionData") is False:
            page = [_without_data(event) for event in page]
        answer: dict[str, Any] = {"events": page}
        if rest:
            answer["nextToken"] = _encode(query, [page[-1]["id"]])
        return ActionResult(answer)

    def send_task_failure(self) -> ActionResult:
        """SendTaskFailure."""
        self.stepfunction_backend.send_task_failure(
            self._get_param("taskToken"),
            error=self._get_param("error"),
            cause=self._get_param("cause"),
        )
        return ActionResult({})

    def _check_list(self, *, longest_token: int) -> None:
        """Refuse parameters of a list that are out of their bounds, all of them at once."""
        problems = []
        largest = self._get_int_param("maxResults") or 0
        if largest > _LARGEST_PAGE:
            problems.append(_constraint("maxResults", largest, "value less", _LARGEST_PAGE))
        token = self._get_param("nextToken") or ""
        if len(token) > longest_token:
            problems.append(_constraint("nextToken", token, "length less", longest_token))
        for name, values in _FILTERS.items():
            given = self._get_param(name)
            if given is not None and given not in values:
                problems.append(
                    f"Value '{given}' at '{name}' failed to satisfy constraint: Member must "
                    f"satisfy enum value set: [{', '.join(values)}]"
                )
        if problems:
            errors = "error" if len(problems) == 1 else "errors"
            raise ValidationException(
                f"{len(problems)} validation {errors} detected: {'; '.join(problems)}"
            )

    def _page(self, items: list[Any]) -> tuple[list[Any], bool]:
        size = min(self._get_int_param("maxResults") or _DEFAULT_PAGE, _LARGEST_PAGE)
        return items[:size], len(items) > size

    def _token(self, query: list[Any]) -> list[Any] | None:
        """Where the last page ended.

        Raises:
            InvalidToken: the token was not given for this query.
        """
        token = self._get_param("nextToken")
        if not token:
            return None
        try:
            given_for, place = json.loads(base64.urlsafe_b64decode(token))
        except (ValueError, TypeError, binascii.Error):
            given_for, place = None, None
        if given_for != query or not isinstance(place, list):
            raise InvalidToken("'Invalid token'")
        return place


def _constraint(name: str, value: object, what: str, most: int) -> str:
    return (
        f"Value '{value}' at '{name}' failed to satisfy constraint: Member must have {what} than "
        f"or equal to {most}"
    )


def _diagnostic(problem: Problem) -> dict[str, str]:
    located = {"location": problem.location} if problem.location else {}
    return {"severity": "ERROR", "code": problem.code, "message": problem.message} | located


def _encode(query: list[Any], place: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([query, place]).encode()).decode()


def _place(execution: Any) -> tuple[str, str]:
    return execution.start_date.isoformat(timespec="microseconds"), execution.name


def _listed(execution: Any) -> dict[str, Any]:
    item = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.start_date,
        "redriveCount": 0,
    }
    if execution.exec_status != ExecutionStatus.RUNNING:
        item["stopDate"] = execution.stop_date
    return item


def _without_data(event: Any) -> dict[str, Any]:
    return {
        key: {name: part for name, part in value.items() if name not in _DATA}
        if isinstance(value, dict)
        else value
        for key, value in event.items()
    }
