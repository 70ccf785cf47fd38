"""JSONata as Step Functions evaluates it: variables are data, AWS adds functions.

Implements "Transforming data with JSONata in Step Functions" of the developer guide on the
`jsonata-python` package. Expressions are parsed once; one parsed expression serves any number of
threads, because everything that an evaluation writes lives in a frame and an instance of its own.
"""

from __future__ import annotations

import copy
import datetime
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from jsonata.jexception import JException
from jsonata.jsonata import Jsonata
from jsonata.utils import Utils

from embedded.jsonata.functions import FUNCTIONS, string

if TYPE_CHECKING:
    from collections.abc import Mapping

UNDEFINED: Final = object()
"""What an expression returns that returns nothing; JSON has no value for it."""

_EXACT = 2**53
_REFERENCE = re.compile(r"\$(\w+)(?:\.(\w+))?")
_BARE_STATES = re.compile(r"\$states\b(?!\.\w)")


class QueryFailed(Exception):
    """The expression does not parse, has a type error, or has a result that is not JSON."""


class ResultUnsupported(QueryFailed):
    """The result is a function."""


class _Interpreter(Jsonata):
    """jsonata-python with what it does differently from JavaScript's JSONata mended."""

    def evaluate_numeric_expression(self, lhs: Any, rhs: Any, op: str) -> Any:
        if op == "%" and Utils.is_numeric(lhs) and Utils.is_numeric(rhs):
            return Utils.convert_number(math.fmod(lhs, rhs))
        return super().evaluate_numeric_expression(lhs, rhs, op)

    def evaluate_string_concat(self, lhs: Any, rhs: Any) -> str:
        return "".join(string(side) for side in (lhs, rhs) if side is not None)


def _library() -> Any:
    frame = Jsonata.Frame(Jsonata.static_frame)
    for name, (signature, implementation) in FUNCTIONS.items():
        frame.bind(name, Jsonata.JFunction(Jsonata.JLambda(implementation), signature))
    # Step Functions has no $eval: data must never become code.
    frame.bind("eval", None)
    return frame


_LIBRARY = _library()


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A parsed expression and the variables it may refer to.

    `states` holds the members of `$states` it names; None stands for all of them.
    """

    parsed: Any
    variables: frozenset[str]
    states: frozenset[str] | None

    @property
    def needs_states(self) -> bool:
        """Whether it refers to `$states` at all."""
        return "states" in self.variables


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Parse `text` once for all evaluations.

    Raises:
        QueryFailed: it is not JSONata.
    """
    try:
        parsed = _Interpreter(text)
    except Exception as error:
        raise QueryFailed(_message(error)) from error
    references = _REFERENCE.findall(text)
    members = frozenset(member for name, member in references if name == "states" and member)
    return Expression(
        parsed=parsed,
        variables=frozenset(name for name, _ in references),
        states=None if _BARE_STATES.search(text) else members,
    )


def evaluate(expression: Expression, variables: Mapping[str, Any], *, millis: int) -> Any:
    """The expression's value as plain JSON data, or `UNDEFINED`.

    Args:
        expression: what to evaluate.
        variables: JSON values by name without the dollar sign; never read as JSONata.
        millis: the time that `$now()` and `$millis()` return, in milliseconds since the epoch.

    Raises:
        QueryFailed: a type error, a failing function, or a result that is not JSON.
    """
    frame = Jsonata.Frame(_LIBRARY)
    frame.bind("$", None)
    instance = copy.copy(expression.parsed)
    instance.timestamp = millis
    Jsonata.CURRENT.jsonata = instance
    try:
        for name, value in variables.items():
            frame.bind(name, _bound(value))
        result = instance.eval(instance.ast, None, frame)
        return UNDEFINED if result is None else _plain(result)
    except QueryFailed:
        raise
    except Exception as error:
        raise QueryFailed(_message(error)) from error


def _message(error: Exception) -> str:
    if isinstance(error, JException):
        return f"{error.error}: {error}"
    if isinstance(error, RecursionError):
        return "D1011: Stack overflow"
    return str(error) or type(error).__name__


def _bound(value: Any) -> Any:
    # A copy, because jsonata-python writes into some arrays it reads; JSON's null needs a marker,
    # because None is its undefined.
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        return {key: _bound(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_bound(member) for member in value]
    if isinstance(value, datetime.datetime):
        return iso(value)
    return value


def _plain(value: Any) -> Any:
    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise QueryFailed(f"D1001: Number out of range: {value}")
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    if isinstance(value, dict):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    raise ResultUnsupported("The result is not JSON")


def iso(moment: datetime.datetime) -> str:
    """The moment as Step Functions writes it: ISO 8601 in UTC with milliseconds and Z."""
    utc = moment.astimezone(datetime.UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
