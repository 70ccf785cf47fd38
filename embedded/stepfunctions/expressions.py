"""Expressions in states: evaluated on data, failing with States.QueryEvaluationError.

moto writes variables into the expression's text and hands the text to an interpreter; here the
text of a definition is all that is ever parsed, so nothing in a request can become code.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.api import (
    EvaluationFailedEventDetails,
    ExecutionFailedEventDetails,
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
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
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringJSONata,
    StringVariableSample,
)
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSecondsJSONata
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison import (
    ConditionStringJSONata,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.items.items import ItemsJSONata
from moto.stepfunctions.parser.asl.component.state.fail.cause_decl import Cause
from moto.stepfunctions.parser.asl.component.state.fail.error_decl import Error
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.seconds import SecondsJSONata
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from embedded.core.context import current
from embedded.jsonata.evaluator import (
    UNDEFINED,
    Expression,
    QueryFailed,
    ResultUnsupported,
    evaluate,
    parse,
)
from embedded.stepfunctions.sizes import LARGEST, size_of

_MEMBERS = ("input", "context", "result", "errorOutput")
_DURING = "An error occurred while executing the state "
_LONGEST_SECONDS = 99_999_999
_LARGEST_STORE = 10 * 1024 * 1024

_moto_failed_details = FailureEventException.get_execution_failed_event_details
_moto_evaluation_details = FailureEventException.get_evaluation_failed_event_details


def evaluation_failed(env: Any, field: Any, problem: str) -> FailureEventException:
    """The exception that ends a state with States.QueryEvaluationError.

    Args:
        env: where the state runs.
        field: moto's expression; it knows where in the state it stands.
        problem: what is wrong, to follow "The JSONata expression '…' specified for the field '…'".
    """
    name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    location = getattr(field, "location", "")
    cause = (
        f"{_while_executing(env)}The JSONata expression '{field.expression.strip()}' specified "
        f"for the field '{location}' {problem}"
    )
    details = EvaluationFailedEventDetails(
        error=name.error_name, cause=cause, location=location, state=env.entered[0]
    )
    return FailureEventException(
        failure_event=FailureEvent(
            env=env,
            error_name=name,
            event_type=HistoryEventType.EvaluationFailed,
            event_details=EventDetails(evaluationFailedEventDetails=details),
        )
    )


def _while_executing(env: Any) -> str:
    state, event_id = env.entered
    return f"{_DURING}'{state}' (entered at the event id #{event_id}). "


def _failed_details(self: Any) -> Any:
    details = _moto_failed_details(self)
    pair = self.extract_error_cause_pair()
    if details is not None and pair is not None and (pair[1] or "").startswith(_DURING):
        details["cause"] = pair[1]  # moto would say it twice
    return details


def _evaluation_details(self: Any) -> Any:
    # The very details of the failure: moto makes a copy, which would be recorded besides them.
    details = self.failure_event.event_details["evaluationFailedEventDetails"]
    if not str(details.get("cause")).startswith(_DURING):
        details.update(_moto_evaluation_details(self) or {})
    return details


def _scope(env: Any, expression: Expression) -> dict[str, Any]:
    store = env.variable_store
    scope = {
        name: value
        for variables in (store._outer_scope, store._inner_scope)
        for name, value in variables.items()
        if name in expression.variables
    }
    if expression.needs_states:
        members = _MEMBERS if expression.states is None else expression.states
        data = env.states._states_data
        scope["states"] = {name: data[name] for name in members if name in data}
    return scope


def _eval_expression(self: Any, env: Any) -> None:
    try:
        expression = parse(self.expression)
        millis = int(current().clock.now() * 1000)
        value = evaluate(expression, _scope(env, expression), millis=millis)
    except ResultUnsupported as error:
        raise evaluation_failed(env, self, "returned an unsupported result type.") from error
    except QueryFailed as error:
        problem = f"threw an error during evaluation. {error}"
        raise evaluation_failed(env, self, problem) from error
    if value is UNDEFINED:
        raise evaluation_failed(env, self, "returned nothing (undefined).")
    env.stack.append(value)


def _eval_condition(self: Any, env: Any) -> None:
    self.string_jsonata.eval(env=env)
    _require(env, self.string_jsonata, bool, "boolean")


def _eval_text(self: Any, env: Any) -> None:
    self.string_expression.eval(env=env)
    if isinstance(self.string_expression, StringJSONata):
        _require(env, self.string_expression, str, "string")


def _eval_items(self: Any, env: Any) -> None:
    self.string_jsonata.eval(env=env)
    _require(env, self.string_jsonata, list, "array")


def _require(env: Any, field: Any, kind: type, name: str) -> None:
    value = env.stack[-1]
    if not isinstance(value, kind):
        shown = to_json_str(value, separators=(",", ":"))
        raise evaluation_failed(
            env,
            field,
            f"returned an unexpected result type. Expected '{name}', but was "
            f"'{_type_name(value)}' for value: {shown}",
        )


def _eval_seconds(self: Any, env: Any) -> int:
    self.string_jsonata.eval(env=env)
    value = env.stack.pop()
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LONGEST_SECONDS:
        raise evaluation_failed(
            env,
            self.string_jsonata,
            f"must return an integer from 0 to {_LONGEST_SECONDS} but returned "
            f"{to_json_str(value)}.",
        )
    return value


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "boolean", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "number")


def _eval_assign(self: Any, env: Any) -> None:
    # Kept back until the state exits: on AWS a state's own fields see the values from before it.
    assignments: dict[str, Any] = {}
    for declared in self.declaration_bindings:
        declared.eval(env=env)
        assignments |= env.stack.pop()
    _check_sizes(env, assignments)
    env.assignments = assignments


def _check_sizes(env: Any, assignments: dict[str, Any]) -> None:
    """Refuse variables that are too large, one by one, in one Assign, and in the execution."""
    sizes = {name: size_of(value) for name, value in assignments.items()}
    largest = next((name for name, size in sizes.items() if size > LARGEST), None)
    if largest is not None:
        raise _too_large(env, f"The variable '{largest}' is", LARGEST)
    if sum(sizes.values()) > LARGEST:
        raise _too_large(env, "The variables of one Assign are", LARGEST)
    store = env.variable_store
    known = store._outer_scope | store._inner_scope
    kept = {name: value for name, value in known.items() if name not in assignments}
    if sum(sizes.values()) + size_of(kept) > _LARGEST_STORE:
        raise _too_large(env, "The variables of the execution are", _LARGEST_STORE)


def _too_large(env: Any, subject: str, limit: int) -> FailureEventException:
    # "Workflow variables" gives the limits and not the error; this is the one of data too large.
    name = StatesErrorName(typ=StatesErrorNameType.StatesStatesDataLimitExceeded)
    cause = f"{_while_executing(env)}{subject} larger than {limit} bytes."
    details = ExecutionFailedEventDetails(error=name.error_name, cause=cause)
    return FailureEventException(
        failure_event=FailureEvent(
            env=env,
            error_name=name,
            event_type=HistoryEventType.ExecutionFailed,
            event_details=EventDetails(executionFailedEventDetails=details),
        )
    )


def assign(env: Any) -> None:
    """Give the variables the values that the state which now exits assigned."""
    assignments, env.assignments = env.assignments, {}
    for name, value in assignments.items():
        env.variable_store.set(name, value)


def _assigned_variables(self: Any) -> dict[str, str]:
    return {
        name: to_json_str(self.get(name), separators=(",", ":"))
        for name in sorted(self._declaration_tracing)
    }


def install() -> None:
    """Put this evaluation in moto's place."""
    FailureEventException.get_execution_failed_event_details = _failed_details
    FailureEventException.get_evaluation_failed_event_details = _evaluation_details
    StringJSONata._eval_body = _eval_expression
    StringVariableSample._eval_body = _eval_expression
    ItemsJSONata._eval_body = _eval_items
    ConditionStringJSONata._eval_body = _eval_condition
    Cause._eval_body = _eval_text
    Error._eval_body = _eval_text
    SecondsJSONata._get_wait_seconds = _eval_seconds
    TimeoutSecondsJSONata._eval_seconds = _eval_seconds
    AssignDecl._eval_body = _eval_assign
    VariableStore.get_assigned_variables = _assigned_variables
