"""Expressions in states: evaluated on data, failing with States.QueryEvaluationError.

moto writes variables into the expression's text and hands the text to an interpreter; here the
text of a definition is all that is ever parsed, so nothing in a request can become code.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
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
from moto.stepfunctions.parser.asl.component.state.fail.cause_decl import Cause
from moto.stepfunctions.parser.asl.component.state.fail.error_decl import Error
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.seconds import SecondsJSONata
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from embedded.context import current
from embedded.stepfunctions.jsonata import UNDEFINED, Expression, QueryFailed, evaluate, parse

_MEMBERS = ("input", "context", "result", "errorOutput")
_LONGEST_SECONDS = 99_999_999


def evaluation_failed(env: Any, cause: str) -> FailureEventException:
    """The exception that ends a state with States.QueryEvaluationError."""
    name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    return FailureEventException(
        failure_event=FailureEvent(
            env=env,
            error_name=name,
            event_type=HistoryEventType.EvaluationFailed,
            event_details=EventDetails(
                evaluationFailedEventDetails=EvaluationFailedEventDetails(
                    error=name.error_name, cause=cause
                )
            ),
        )
    )


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


def _evaluate(env: Any, text: str) -> Any:
    shown = text.strip()
    try:
        expression = parse(text)
        millis = int(current().clock.now() * 1000)
        value = evaluate(expression, _scope(env, expression), millis=millis)
    except QueryFailed as error:
        raise evaluation_failed(
            env, f"The JSONata expression '{shown}' threw an error during evaluation. {error}"
        ) from error
    if value is UNDEFINED:
        raise evaluation_failed(
            env, f"The JSONata expression '{shown}' returned nothing (undefined)."
        )
    return value


def _eval_expression(self: Any, env: Any) -> None:
    env.stack.append(_evaluate(env, self.expression))


def _eval_condition(self: Any, env: Any) -> None:
    self.string_jsonata.eval(env=env)
    _require(env, self.string_jsonata, env.stack[-1], bool, "boolean")


def _eval_text(self: Any, env: Any) -> None:
    self.string_expression.eval(env=env)
    if isinstance(self.string_expression, StringJSONata):
        _require(env, self.string_expression, env.stack[-1], str, "string")


def _require(env: Any, field: Any, value: Any, kind: type, name: str) -> None:
    if not isinstance(value, kind):
        raise evaluation_failed(
            env,
            f"The JSONata expression '{field.expression.strip()}' returned a value of type "
            f"'{_type_name(value)}', expected '{name}'.",
        )


def _eval_seconds(self: Any, env: Any) -> int:
    self.string_jsonata.eval(env=env)
    value = env.stack.pop()
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LONGEST_SECONDS:
        raise evaluation_failed(
            env,
            f"The JSONata expression '{self.string_jsonata.expression.strip()}' must return an "
            f"integer from 0 to {_LONGEST_SECONDS} but returned {to_json_str(value)}.",
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
    env.assignments = assignments


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
    StringJSONata._eval_body = _eval_expression
    StringVariableSample._eval_body = _eval_expression
    ConditionStringJSONata._eval_body = _eval_condition
    Cause._eval_body = _eval_text
    Error._eval_body = _eval_text
    SecondsJSONata._get_wait_seconds = _eval_seconds
    TimeoutSecondsJSONata._eval_seconds = _eval_seconds
    AssignDecl._eval_body = _eval_assign
    VariableStore.get_assigned_variables = _assigned_variables
