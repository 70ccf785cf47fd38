"""Executions: started in a thread each, stopped at once, timed by the embedded clock."""

from __future__ import annotations

import datetime
import json
import logging
import threading
from typing import Any

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.eval.evaluation_details import ExecutionDetails
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramStopped,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.backend import execution as moto_execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.backend.execution_worker_comm import ExecutionWorkerCommunication

from embedded import eventbridge
from embedded.core.context import current
from embedded.jsonata.evaluator import iso

_LOG = logging.getLogger(__name__)
_LARGEST_DATA = 248 * 1024


class Worker(ExecutionWorker):
    """Runs one execution in a daemon thread."""

    def start(self) -> None:
        """Begin; the environment exists when this returns, so that it can be stopped at once."""
        self.env = self._prepared = super()._get_evaluation_environment()
        self.env.states.context_object.context_object_data["Execution"]["RedriveCount"] = 0
        name = self._evaluation_details.execution_details.name
        threading.Thread(target=self._run, name=f"execution {name}", daemon=True).start()

    def _get_evaluation_environment(self) -> Any:
        return self._prepared

    def _run(self) -> None:
        try:
            self._execution_logic()
        except Exception as error:
            _LOG.exception("an execution broke off")
            self.env.set_error({"error": "States.Runtime", "cause": str(error)})
            self._execution_communication.terminated()


class _Reporter(ExecutionWorkerCommunication):
    def __init__(self, execution: Execution) -> None:
        self._execution = execution

    def terminated(self) -> None:
        """Make the end known: everything about it before the status that others poll."""
        self._execution.end(self._execution.exec_worker.env)


class Execution(moto_execution.Execution):
    """One execution of a Standard workflow."""

    def __init__(self, **details: Any) -> None:
        super().__init__(**details)
        self.exec_status = ExecutionStatus.RUNNING
        self.ended = threading.Event()
        """Set when the status is final and the event of it is on the bus."""

    def start(self) -> None:
        """Run in a thread of its own."""
        self.exec_worker = self._get_start_execution_worker()
        self._announce()
        self.exec_worker.start()

    def stop(self, stop_date: datetime.datetime, error: str | None, cause: str | None) -> None:
        """Abort; what blocks is woken, what runs in a task is abandoned."""
        self.exec_worker.stop(stop_date=stop_date, error=error, cause=cause)

    def end(self, env: Any) -> None:
        """Take over how the program in `env` ended."""
        env.event_manager.close()
        outcome = env.program_state()
        status = ExecutionStatus.FAILED
        if isinstance(outcome, ProgramEnded):
            status = ExecutionStatus.SUCCEEDED
            self.output = env.states.get_input()
        elif isinstance(outcome, ProgramStopped):
            status = ExecutionStatus.ABORTED
            self.error, self.cause = outcome.error, outcome.cause
        elif isinstance(outcome, ProgramTimedOut):
            status = ExecutionStatus.TIMED_OUT
        elif isinstance(outcome, ProgramError):
            self.error = (outcome.error or {}).get("error")
            self.cause = (outcome.error or {}).get("cause")
        self.stop_date = current().clock.datetime()
        self.exec_status = status
        self._announce()
        self.ended.set()

    def output_json(self) -> str:
        """The output as DescribeExecution and events carry it."""
        return json.dumps(self.output, separators=(",", ":"), ensure_ascii=False)

    def get_start_execution_details(self) -> Any:
        """What the context object says of the execution; its start time is a text."""
        return ExecutionDetails(
            arn=self.exec_arn,
            name=self.name,
            role_arn=self.role_arn,
            inpt=self.input_data,
            start_time=iso(self.start_date),
        )

    def _get_start_execution_worker_comm(self) -> Any:
        return _Reporter(self)

    def _get_start_execution_worker(self) -> Any:
        moto_worker = super()._get_start_execution_worker()
        return Worker(
            evaluation_details=moto_worker._evaluation_details,
            exec_comm=moto_worker._execution_communication,
            cloud_watch_logging_session=None,
            activity_store=self._activity_store,
        )

    def _announce(self) -> None:
        # An event that finds no listener, or a broken one, is no fault of the execution.
        try:
            eventbridge.publish(
                source="aws.states",
                detail_type="Step Functions Execution Status Change",
                detail=self._status_change(),
                resources=[self.exec_arn],
                account_id=self.account_id,
                region=self.region_name,
            )
        except Exception:
            _LOG.exception("a status change was not published")

    def _status_change(self) -> dict[str, Any]:
        """The detail as "Automating Step Functions event delivery with EventBridge" has it."""
        succeeded = self.exec_status == ExecutionStatus.SUCCEEDED
        output = self.output_json() if succeeded else None
        fits = len(self.execution_input) + len(output or "") <= _LARGEST_DATA
        running = self.exec_status == ExecutionStatus.RUNNING
        return {
            "executionArn": self.exec_arn,
            "stateMachineArn": self.state_machine_arn,
            "stateMachineVersionArn": None,
            "stateMachineAliasArn": None,
            "name": self.name,
            "status": self.status,
            "startDate": _millis(self.start_date),
            "stopDate": None if running or self.stop_date is None else _millis(self.stop_date),
            "input": self.execution_input if fits else None,
            "inputDetails": {"included": fits},
            "output": output if fits else None,
            "outputDetails": {"included": fits} if succeeded else None,
            "error": self.error,
            "cause": self.cause,
            "redriveCount": 0,
            "redriveDate": None,
            "redriveStatus": "NOT_REDRIVABLE",
            "redriveStatusReason": "The embedded Step Functions does not redrive",
        }


def _millis(moment: datetime.datetime) -> int:
    return int(moment.timestamp() * 1000)
