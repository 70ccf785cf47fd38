"""States: entered in virtual time, run to their end, their time-out or their interruption.

Waits, retry intervals and the machine's TimeoutSeconds pass in virtual time. A task's
TimeoutSeconds is real seconds, because functions run in real time; only the wait for a task token,
where nothing runs, is virtual.
"""

from __future__ import annotations

import copy
import datetime
import json
import threading
from contextlib import suppress
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.catch.catch_outcome import CatchOutcome
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import (
    ErrorEqualsDecl,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.retry.max_attempts_decl import (
    MaxAttemptsOutcome,
)
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_outcome import RetrierOutcome
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import (
    BranchWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branches_decl import (
    BranchWorkerPool,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.eval.callback import callback
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackConsumerLeft
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from embedded.core.context import current
from embedded.core.timers import Signal
from embedded.jsonata.evaluator import iso
from embedded.stepfunctions import definition_texts, expressions

_UNCATCHABLE = {
    StatesErrorNameType.StatesRuntime.to_name(),
    StatesErrorNameType.StatesStatesDataLimitExceeded.to_name(),
}
_LARGEST_DATA = 262_144
"""Bytes, of JSON in UTF-8."""

_moto_state_body = CommonStateField._eval_body
_moto_state_input = CommonStateField._eval_state_input
_moto_state_output = CommonStateField._eval_state_output
_moto_arguments = StateTask._eval_parameters
_moto_set_next = CommonStateField._set_next
_moto_handle_catch = ExecutionState._handle_catch
_moto_exited_details = CommonStateField._get_state_exited_event_details
_moto_error_equals = ErrorEqualsDecl._eval_body
_moto_wait_for_branches = BranchWorkerPool.wait
_moto_wait_for_iterations = JobPool.await_jobs


def _eval_state_body(self: Any, env: Any) -> None:
    env.assignments = {}
    env.caught = False
    definition_texts.locate(self)
    try:
        _moto_state_body(self, env)
    except FailureEventException as failure:
        event = failure.failure_event
        if event.event_type == HistoryEventType.EvaluationFailed and not (
            env.event_manager.has_recorded(event.event_details)
        ):
            env.event_manager.add_event(
                context=env.event_history_context,
                event_type=HistoryEventType.EvaluationFailed,
                event_details=event.event_details,
            )
        raise


def _eval_state_input(self: Any, env: Any) -> None:
    state = env.states.context_object.context_object_data["State"]
    state["EnteredTime"] = iso(current().clock.datetime())
    env.entered = (self.name, env.event_history_context.last_published_event_id)
    _moto_state_input(self, env=env)


def _state_exited_details(self: Any, env: Any) -> Any:
    expressions.assign(env)
    return _moto_exited_details(self, env=env)


def _evaluate_with_timeout(self: Any, env: Any) -> None:
    """Run the state's work in a thread of its own; end early when the execution does.

    Raises:
        EvalTimeoutError: the state's TimeoutSeconds have passed.
    """
    _renew_task_token(env)
    self.timeout.eval(env=env)
    limit = float(env.stack.pop())
    frame = env.open_frame()
    frame.states.reset(input_value=env.states.get_input())
    frame.stack = copy.deepcopy(env.stack)
    done = Signal()
    failures: list[Exception] = []

    clock = current().clock

    def work() -> None:
        try:
            with clock.computing():
                self._eval_execution(frame)
        except Exception as error:
            failures.append(error)
        else:
            results.append(frame.stack[-1] if frame.stack else None)
        done.set()

    results: list[Any] = []
    with env.interrupted.setting(done):
        threading.Thread(target=work, name=f"state {self.name}", daemon=True).start()
        in_time = clock.wait_for_computation(done, limit)
    if not env.is_running():
        return
    finished = bool(results or failures)
    if finished:
        frame.set_ended()
    else:
        frame.abandon()
    env.close_frame(frame)
    if failures:
        raise failures[0]
    if not finished and not in_time:
        raise EvalTimeoutError
    _finish(self, env, _plain(results[0]))


def _eval_arguments(self: Any, env: Any) -> Any:
    """A task's arguments; States.DataLimitExceeded, which no Catch of States.ALL catches."""
    arguments = _moto_arguments(self, env=env)
    text = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"), default=str)
    if len(text.encode(errors="surrogatepass")) <= _LARGEST_DATA:
        return arguments
    kind = StatesErrorNameType.StatesStatesDataLimitExceeded
    details = {
        "error": kind.to_name(),
        "cause": f"The state/task '{self.name}' tried to schedule a Task with a size exceeding the "
        "maximum number of bytes service limit.",
    }
    raise FailureEventException(
        failure_event=FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=kind),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=details),
        )
    )


def _renew_task_token(env: Any) -> None:
    """A task that is tried again waits under a new token; moto's has been answered or left."""
    context = env.states.context_object
    data = context.context_object_data
    if "Task" in data and data["State"].get("RetryCount"):
        env.callback_pool_manager.add(context.update_task_token())


def _finish(self: Any, env: Any, result: Any) -> None:
    env.stack.append(result)
    if self._is_language_query_jsonpath():
        for step in (self.assign_decl, self.result_selector, self.result_path):
            if step:
                step.eval(env=env)
        return
    env.states.set_result(result)
    if self.assign_decl:
        self.assign_decl.eval(env=env)
    # Here, and not when the state exits, so that the state's Catch sees an Output that fails.
    if self.output:
        self.output.eval(env=env)
    else:
        env.states.reset(input_value=result)


def _eval_execution_output(self: Any, env: Any) -> None:
    if self._is_language_query_jsonpath() and not isinstance(env.stack[-1], CatchOutcome):
        _moto_state_output(self, env=env)


def _handle_catch(self: Any, env: Any, failure_event: FailureEvent) -> None:
    _moto_handle_catch(self, env, failure_event)
    env.caught = env.stack[-1] == CatchOutcome.Caught


def _set_next(self: Any, env: Any) -> None:
    # moto would take a Catch that leads back to its own state for none, and go on to Next.
    if not env.caught:
        _moto_set_next(self, env)


def _plain(value: Any) -> Any:
    # Results of AWS calls hold datetimes; Step Functions gives their ISO text.
    if isinstance(value, datetime.datetime):
        return iso(value)
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value


def _run_program(self: Any, env: Any) -> None:
    """Run a state machine, branch or iteration in the calling thread."""
    with suppress(RuntimeError):  # stopped before it began
        env.next_state_name = self.start_at.start_at_name
    clock = current().clock
    with clock.computing():
        if self.timeout_seconds is None:
            self._eval_body(env)
            return
        cancel = clock.timer(self.timeout_seconds.timeout_seconds, env.set_timed_out)
        try:
            self._eval_body(env)
        finally:
            cancel()


def _wait_for_branches(self: Any) -> None:
    with current().clock.waiting():
        _moto_wait_for_branches(self)


def _wait_for_iterations(self: Any) -> None:
    with current().clock.waiting():
        _moto_wait_for_iterations(self)


def _start_branch(self: Any) -> None:
    """As moto's, which writes the whole branch out as its thread's name."""
    if self._worker_thread is not None:
        raise RuntimeError("this branch runs already")
    name = f"branch {self._program.start_at.start_at_name}"
    self._worker_thread = threading.Thread(target=self._thread_routine, name=name, daemon=True)
    self._worker_thread.start()


def _wait_interval(self: Any, env: Any, wait_seconds: float) -> None:  # noqa: ARG001
    env.wait(wait_seconds)


def _seconds_until(self: Any, env: Any) -> float:
    self.string.eval(env=env)
    text = env.stack.pop()
    moment = self._from_timestamp_string(timestamp=text) if isinstance(text, str) else None
    if moment is None:
        raise FailureEventException(self._create_failure_event(env, str(text)))
    until: float = moment.replace(tzinfo=datetime.UTC).timestamp() - current().clock.now()
    return until


def _eval_retrier(self: Any, env: Any) -> None:
    self.error_equals.eval(env)
    if not env.stack.pop():
        env.stack.append(RetrierOutcome.Skipped)
        return
    self.max_attempts.eval(env=env)
    if env.stack.pop() == MaxAttemptsOutcome.EXHAUSTED:
        env.stack.append(RetrierOutcome.Failed)
        return
    for step in (
        self.interval_seconds,
        self.backoff_rate,
        self.max_delay_seconds,
        self.jitter_strategy,
    ):
        step.eval(env=env)
    env.wait(env.stack.pop())
    env.stack.append(RetrierOutcome.Executed)


def _eval_error_equals(self: Any, env: Any) -> None:
    reported = env.stack[-1]
    wildcard = ErrorEqualsDecl._STATE_ALL_ERROR in self.error_names
    if wildcard and getattr(reported, "error_name", None) in _UNCATCHABLE:
        env.stack[-1] = False
        return
    _moto_error_equals(self, env)


def _eval_choice(self: Any, env: Any) -> None:
    for rule in self.choices_decl.rules:
        rule.eval(env)
        if env.stack.pop() is True:
            env.stack.append(rule.next_stmt.name)
            return
    if self.default_state is None:
        raise _no_choice_matched(self, env)
    # Here, because moto takes any rule that leads to the default's state for the default.
    for step in (self.assign_decl, self.output):
        if step:
            step.eval(env=env)
    env.stack.append(self.default_state.state_name)


def _eval_choice_output(self: Any, env: Any) -> None:
    next_state = env.stack.pop()
    if self._is_language_query_jsonpath():
        _moto_state_output(self, env=env)
    env.next_state_name = next_state


def _no_choice_matched(state: Any, env: Any) -> FailureEventException:
    kind = StatesErrorNameType.StatesNoChoiceMatched
    details = {
        "error": kind.to_name(),
        "cause": f"Failed to transition out of the state '{state.name}'. "
        "The state does not point to a next state.",
    }
    return FailureEventException(
        failure_event=FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=kind),
            event_type=HistoryEventType.ExecutionFailed,
            event_details=EventDetails(executionFailedEventDetails=details),
        )
    )


def _wait_for_token(self: Any, timeout_seconds: float, callback_endpoint: Any) -> Any:  # noqa: ARG001
    callback_endpoint.is_waited_at = True  # what was called with the token has returned
    # Without an outcome where the wait is broken off, as it is at the end of a `.sync` task.
    current().clock.wait(callback_endpoint._notify_event, timeout_seconds)
    callback_endpoint.report(CallbackConsumerLeft())  # later answers get that error
    return callback_endpoint.get_outcome()


def _heap_key(self: Any) -> str:
    # moto makes the key up on first use, which two executions of one parsed definition do at once.
    return str(id(self))


def install() -> None:
    """Put these in the place of moto's."""
    callback.Event = Signal
    EvalComponent.heap_key = property(_heap_key)
    Program.eval = _run_program
    BranchWorker.start = _start_branch
    BranchWorkerPool.wait = _wait_for_branches
    JobPool.await_jobs = _wait_for_iterations
    CommonStateField._eval_body = _eval_state_body
    CommonStateField._eval_state_input = _eval_state_input
    CommonStateField._get_state_exited_event_details = _state_exited_details
    CommonStateField._set_next = _set_next
    ExecutionState._evaluate_with_timeout = _evaluate_with_timeout
    ExecutionState._handle_catch = _handle_catch
    ExecutionState._eval_state_output = _eval_execution_output
    StateTask._eval_parameters = _eval_arguments
    StateChoice._eval_state = _eval_choice
    StateChoice._eval_state_output = _eval_choice_output
    WaitFunction._wait_interval = _wait_interval
    Timestamp._get_wait_seconds = _seconds_until
    RetrierDecl._eval_body = _eval_retrier
    ErrorEqualsDecl._eval_body = _eval_error_equals
    waiting_task = state_task_service_callback.StateTaskServiceCallback
    waiting_task._wait_for_task_token_timeout = _wait_for_token
