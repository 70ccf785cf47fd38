"""State machines that run, for moto's API: names, executions, and what is kept of them."""

from __future__ import annotations

import copy
import datetime
import threading
import uuid
from typing import TYPE_CHECKING, Any

from moto.stepfunctions import urls
from moto.stepfunctions.exceptions import (
    AWSError,
    ExecutionAlreadyExists,
    ExecutionDoesNotExist,
    InvalidExecutionInput,
    InvalidToken,
    ValidationException,
)
from moto.stepfunctions.parser.api import ExecutionStatus, InvalidDefinition, InvalidOutput
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from embedded.core import strict_json
from embedded.core.context import current
from embedded.policies.service_roles import may_assume
from embedded.stepfunctions import kept
from embedded.stepfunctions.definition_checks import problems

if TYPE_CHECKING:
    from embedded.stepfunctions.executions import Execution

_LARGEST_INPUT = 262_144
_PATIENCE = 10.0
MOST_EXECUTIONS = 10_000
"""Executions that are kept with their histories; of more, the oldest that ended are forgotten, as
AWS forgets what ended 90 days ago.
"""


_PROGRAM = "embedded.stepfunctions.parsing.program"

_moto_validate = StepFunctionsParserBackend._validate_definition


class StateMachineAlreadyExists(AWSError):
    """CreateStateMachine with the name of another machine."""

    TYPE = "StateMachineAlreadyExists"


class RoleNotAssumable(AWSError):
    """CreateStateMachine or UpdateStateMachine with a role that Step Functions may not assume."""

    TYPE = "AccessDeniedException"


class TaskTimedOut(AWSError):
    """SendTaskSuccess or SendTaskFailure for a task of an execution that is over."""

    TYPE = "TaskTimedOut"


class TaskDoesNotExist(AWSError):
    """SendTaskSuccess or SendTaskFailure for a task whose function runs, where that is refused."""

    TYPE = "TaskDoesNotExist"


class Backend(StepFunctionsParserBackend):
    """Step Functions of one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._executions: dict[str, Execution] = {}
        self._lock = threading.RLock()

    @property
    def _url_module(self) -> Any:
        # moto derives it from the module of the class, which is not moto's here.
        return urls

    def reset(self) -> None:
        """Forget everything; what runs is stopped."""
        self.forget_executions()
        super().reset()

    def forget_executions(self) -> None:
        """Stop and forget all executions; the state machines stay."""
        with self._lock:
            executions = list(self._executions.values())
            self._executions.clear()
            for machine in self.state_machines:
                machine.executions.clear()
        for execution in executions:
            if execution.exec_status == ExecutionStatus.RUNNING:
                execution.stop(stop_date=current().clock.datetime(), error=None, cause=None)
        for execution in executions:
            execution.ended.wait(_PATIENCE)

    def create_state_machine(
        self,
        name: str,
        definition: str,
        roleArn: str,  # noqa: N803 - moto's callers name it so
        **more: Any,
    ) -> Any:
        """Create it, or return the one that is equal.

        Raises:
            InvalidDefinition: the definition has problems; all are listed.
            RoleNotAssumable: the role does not exist, or does not trust Step Functions.
            StateMachineAlreadyExists: another one has the name.
        """
        _check(definition)
        self._check_role(roleArn, self._machine_arn(name))
        with self._lock:
            known = self._revision_by_name(name)
            if known is not None and (known.definition, known.roleArn) != (definition, roleArn):
                raise StateMachineAlreadyExists(f"State Machine Already Exists: '{known.arn}'")
            machine = super().create_state_machine(
                name=name, definition=definition, roleArn=roleArn, **more
            )
        machine.loggingConfiguration = {
            "includeExecutionData": False,
            **machine.loggingConfiguration,
        }
        machine.creation_date = machine.update_date = current().clock.datetime()
        return machine

    def update_state_machine(
        self,
        arn: str,
        definition: str | None = None,
        role_arn: str | None = None,
        **more: Any,
    ) -> Any:
        """Change it; executions that run keep the definition they started with.

        Raises:
            InvalidDefinition: the definition has problems; all are listed.
            RoleNotAssumable: the role does not exist, or does not trust Step Functions.
        """
        if definition is not None:
            _check(definition)
        if role_arn is not None:
            self._check_role(role_arn, arn)
        machine = super().update_state_machine(arn, definition, role_arn, **more)
        machine.update_date = current().clock.datetime()
        return machine

    def _machine_arn(self, name: str) -> str:
        place = f"{self.region_name}:{self.account_id}"
        return f"arn:{self.partition}:states:{place}:stateMachine:{name}"

    def _check_role(self, role_arn: str, machine_arn: str) -> None:
        self._validate_role_arn(role_arn)
        region = self.region_name
        if not may_assume(role_arn, "states", region=region, source_arn=machine_arn):
            raise RoleNotAssumable(
                "Neither the global service principal states.amazonaws.com, nor the regional one "
                "is authorized to assume the provided role."
            )

    def start_execution(
        self,
        state_machine_arn: str,
        name: str | None = None,
        execution_input: str | None = None,
        trace_header: str | None = None,
    ) -> Execution:
        """Start one, or return the running one with this name and input.

        Raises:
            InvalidName, InvalidExecutionInput, ValidationException: what is given is not valid.
            ExecutionAlreadyExists: the name was used with another input, or for one that ended.
        """
        machine = self.describe_state_machine(state_machine_arn)
        if name:
            self._validate_name(name)
        given = _checked("{}" if execution_input is None else execution_input)
        chosen = name or str(uuid.uuid4())
        with self._lock:
            known = self._executions.get(self._execution_arn(machine, chosen))
            if known is not None:
                running = known.exec_status == ExecutionStatus.RUNNING
                if running and known.execution_input == given:
                    return known
                raise ExecutionAlreadyExists(f"Execution Already Exists: '{known.exec_arn}'")
            execution = self._execution(machine, chosen, given, trace_header)
            self._executions[execution.exec_arn] = execution
            machine.executions.append(execution)
            execution.start()
            if len(self._executions) > MOST_EXECUTIONS:
                self._forget_oldest()
        return execution

    def _forget_oldest(self) -> None:
        """Forget the execution that started first of those that ended; called under the lock."""
        ended = (each for each in self._executions.values() if each.ended.is_set())
        execution = next(ended, None)
        if execution is None:
            return
        del self._executions[execution.exec_arn]
        for machine in self.state_machines:
            if execution in machine.executions:
                machine.executions.remove(execution)

    def _execution_arn(self, machine: Any, name: str) -> str:
        place = f"{self.region_name}:{self.account_id}"
        return f"arn:{self.partition}:states:{place}:execution:{machine.name}:{name}"

    def _execution(
        self, machine: Any, name: str, given: str, trace_header: str | None
    ) -> Execution:
        from embedded.stepfunctions import interpreter  # noqa: PLC0415 - when something runs

        # What the execution sees stays as it is now, whatever becomes of the machine.
        snapshot = copy.copy(machine)
        snapshot.executions = []
        return interpreter.Execution(
            name=name,
            sm_type=snapshot.sm_type,
            role_arn=snapshot.roleArn,
            exec_arn=self._execution_arn(machine, name),
            account_id=self.account_id,
            region_name=self.region_name,
            state_machine=snapshot,
            start_date=current().clock.datetime(),
            cloud_watch_logging_session=None,
            input_data=given,
            trace_header=trace_header,
            activity_store={},
        )

    def describe_execution(self, execution_arn: str) -> Execution:
        """The execution; ExecutionDoesNotExist for an unknown ARN, InvalidArn for none."""
        self._validate_execution_arn(execution_arn)
        execution = self._executions.get(execution_arn)
        if execution is None:
            raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{execution_arn}'")
        return execution

    def describe_state_machine_for_execution(self, execution_arn: str) -> Any:
        """The machine as it was when the execution started."""
        return self.describe_execution(execution_arn).state_machine

    def executions_of(self, state_machine_arn: str, status: str | None = None) -> list[Execution]:
        """Executions of a machine, the last started first."""
        machine = self.describe_state_machine(state_machine_arn)
        with self._lock:
            executions = [each for each in machine.executions if status in (None, each.status)]
        return sorted(executions, key=lambda each: (each.start_date, each.name), reverse=True)

    def stop_execution(
        self, execution_arn: str, error: str | None = None, cause: str | None = None
    ) -> Execution:
        """Abort a running execution; one that has ended stays as it is."""
        execution = self.describe_execution(execution_arn)
        if execution.exec_status == ExecutionStatus.RUNNING:
            execution.stop(stop_date=current().clock.datetime(), error=error, cause=cause)
            execution.ended.wait(_PATIENCE)
        return execution

    def send_task_success(self, task_token: str, outcome: str) -> None:
        """Let the task under the token go on.

        Raises:
            InvalidToken: no task was ever given it.
            TaskTimedOut: its execution is over.
            TaskDoesNotExist: its task was answered before, or waits no more; or does not wait yet,
                where the context's `answers_while_function_runs` is off.
            InvalidOutput: the output is not JSON.
        """
        self._check_running(task_token)
        try:
            strict_json.loads(outcome)
        except ValueError as error:
            raise InvalidOutput(f"Invalid Output: '{error}'") from error
        super().send_task_success(task_token, outcome)

    def send_task_failure(
        self, task_token: str, error: str | None = None, cause: str | None = None
    ) -> None:
        """Let the task under the token fail; raises as `send_task_success`."""
        self._check_running(task_token)
        super().send_task_failure(task_token, error=error, cause=cause)

    def machine_of_token(self, task_token: str) -> str | None:
        """The ARN of the machine whose execution was given the token."""
        execution = self._execution_of_token(task_token)
        return str(execution.state_machine_arn) if execution else None

    def _check_running(self, task_token: str) -> None:
        execution = self._execution_of_token(task_token)
        if execution is None:
            raise InvalidToken("'Invalid token'")
        if execution.exec_status != ExecutionStatus.RUNNING:
            raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")
        endpoint = _endpoint(execution, task_token)
        if not (current().answers_while_function_runs or getattr(endpoint, "is_waited_at", False)):
            raise TaskDoesNotExist("Task does not exist")

    def _execution_of_token(self, task_token: str) -> Execution | None:
        return next((each for each in self._get_executions() if _endpoint(each, task_token)), None)

    def _get_executions(self, execution_status: ExecutionStatus | None = None) -> list[Execution]:
        """As moto's, but the latest first: of the thousands that are kept, it is they that wait."""
        with self._lock:
            executions = list(self._executions.values())
        executions.reverse()
        if execution_status is None:
            return executions
        return [each for each in executions if each.exec_status == execution_status]

    def get_execution_history(self, execution_arn: str) -> Any:
        """All events; their timestamps are datetimes."""
        events = self.describe_execution(execution_arn).to_history_output()["events"]
        for event in events:
            if isinstance(event["timestamp"], str):
                event["timestamp"] = datetime.datetime.fromisoformat(event["timestamp"])
        return {"events": events}


def validate(definition: str) -> None:
    """As moto's `_validate_definition`; what was parsed before needs no parser.

    Raises:
        InvalidDefinition: the grammar does not have it.
    """
    if not kept.has(_PROGRAM, definition):
        from embedded.stepfunctions import interpreter  # noqa: F401, PLC0415 - its parser

        _moto_validate(definition)


def _endpoint(execution: Execution, task_token: str) -> Any:
    """Where the execution waits for the token, or waited; None if it is not the execution's."""
    worker = getattr(execution, "exec_worker", None)
    environment = getattr(worker, "env", None)
    return environment.callback_pool_manager.get(task_token) if environment else None


def _checked(execution_input: str) -> str:
    if len(execution_input.encode(errors="surrogatepass")) > _LARGEST_INPUT:
        raise ValidationException(
            "1 validation error detected: Value at 'input' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_LARGEST_INPUT}"
        )
    try:
        strict_json.loads(execution_input)
    except ValueError as error:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error
    return execution_input


def _check(definition: str) -> None:
    """InvalidDefinition that lists what is wrong, as CreateStateMachine answers."""
    found = kept.found(problems, definition)
    if found:
        listed = ", ".join(map(str, found))
        raise InvalidDefinition(f"Invalid State Machine Definition: '{listed}'")
