"""Event patterns, matched as EventBridge matches them.

Implements "Creating event patterns" and "Comparison operators" of the user guide. An array in an
event matches where one of its elements does; fields of one pattern object under an array must all
match in the same element.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import operator
import re
from typing import TYPE_CHECKING, Any

from moto.events.exceptions import InvalidEventPatternException

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ABSENT = object()
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether the event, in its envelope, matches."""
    return _object_matches(pattern, event)


def _object_matches(pattern: Mapping[str, Any], node: Any) -> bool:
    if isinstance(node, list):
        return any(_object_matches(pattern, element) for element in node)
    fields = node if isinstance(node, dict) else {}
    return all(_field_matches(name, wanted, fields) for name, wanted in pattern.items())


def _field_matches(name: str, wanted: Any, fields: Mapping[str, Any]) -> bool:
    if name == "$or" and isinstance(wanted, list):
        return any(_object_matches(alternative, fields) for alternative in wanted)
    if isinstance(wanted, dict):
        return _object_matches(wanted, fields.get(name, {}))
    return _leaf_matches(wanted, fields.get(name, _ABSENT))


def _leaf_matches(filters: list[Any], value: Any) -> bool:
    # An empty array and an object are no leaf values: for `exists` the field is not there.
    values = list(_flat(value))
    for wanted in filters:
        if isinstance(wanted, dict) and "exists" in wanted:
            if wanted["exists"] is bool(values):
                return True
        elif any(_value_matches(wanted, each) for each in values):
            return True
    return False


def _flat(value: Any) -> Any:
    if isinstance(value, list):
        yield from itertools.chain.from_iterable(map(_flat, value))
    elif value is not _ABSENT and not isinstance(value, dict):
        yield value


def _value_matches(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, dict):
        return _equal(wanted, value)
    return all(_OPERATORS[name](argument, value) for name, argument in wanted.items())


def _equal(wanted: Any, value: Any) -> bool:
    # In Python true equals 1; in JSON it does not.
    return isinstance(wanted, bool) == isinstance(value, bool) and bool(wanted == value)


def _any_of(argument: Any) -> list[Any]:
    return argument if isinstance(argument, list) else [argument]


def _prefix(argument: Any, value: Any) -> bool:
    return isinstance(value, str) and any(
        _folded(each, value, str.startswith) for each in _any_of(argument)
    )


def _suffix(argument: Any, value: Any) -> bool:
    return isinstance(value, str) and any(
        _folded(each, value, str.endswith) for each in _any_of(argument)
    )


def _folded(argument: Any, value: str, test: Callable[[str, str], bool]) -> bool:
    if isinstance(argument, dict):
        return any(
            test(value.lower(), each.lower()) for each in _any_of(argument["equals-ignore-case"])
        )
    return test(value, argument)


def _ignore_case(argument: Any, value: Any) -> bool:
    return isinstance(value, str) and any(
        value.lower() == each.lower() for each in _any_of(argument)
    )


def _numeric(argument: list[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    pairs = zip(argument[::2], argument[1::2], strict=True)
    return all(_COMPARE[comparison](value, limit) for comparison, limit in pairs)


def _cidr(argument: Any, value: Any) -> bool:
    try:
        address = ipaddress.ip_address(value)
        return any(
            address in ipaddress.ip_network(each, strict=False) for each in _any_of(argument)
        )
    except (ValueError, TypeError):
        return False


def _wildcard(argument: Any, value: Any) -> bool:
    return isinstance(value, str) and any(
        re.fullmatch(_wildcard_expression(each), value, re.DOTALL) for each in _any_of(argument)
    )


def _wildcard_expression(wildcard: str) -> str:
    parts = re.findall(r"\\[*\\]|.", wildcard, re.DOTALL)
    return "".join(
        ".*" if part == "*" else re.escape(part[1:] if part[0] == "\\" and part[1:] else part)
        for part in parts
    )


def _anything_but(argument: Any, value: Any) -> bool:
    if isinstance(argument, dict):
        return not any(_OPERATORS[name](inner, value) for name, inner in argument.items())
    return not any(_equal(each, value) for each in _any_of(argument))


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignore_case,
    "numeric": _numeric,
    "cidr": _cidr,
    "wildcard": _wildcard,
    "anything-but": _anything_but,
}
_UNDER_ANYTHING_BUT = {"prefix", "suffix", "equals-ignore-case", "wildcard"}


def parse(text: str | None) -> dict[str, Any]:
    """The pattern in a rule's EventPattern.

    Raises:
        InvalidEventPatternException: it is not a pattern; the message says where.
    """
    if not text:
        return {}
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise InvalidEventPatternException(reason="Invalid JSON") from error
    if not isinstance(pattern, dict):
        raise InvalidEventPatternException(reason="Filter is not an object")
    _check(pattern)
    return pattern


def _check(pattern: dict[str, Any]) -> None:
    for name, wanted in pattern.items():
        if name == "$or" and isinstance(wanted, list) and all(isinstance(x, dict) for x in wanted):
            for alternative in wanted:
                _check(alternative)
        elif isinstance(wanted, dict):
            _check(wanted)
        elif not isinstance(wanted, list):
            raise InvalidEventPatternException(reason=f'"{name}" must be an object or an array')
        elif not wanted:
            raise InvalidEventPatternException(reason="Empty arrays are not allowed")
        else:
            for each in wanted:
                _check_filter(each)


def _check_filter(wanted: Any) -> None:
    if isinstance(wanted, list):
        raise InvalidEventPatternException(
            reason="Match value must be String, number, true, false, or null"
        )
    if not isinstance(wanted, dict):
        return
    if len(wanted) != 1:
        raise InvalidEventPatternException(reason="Only one key allowed in match expression")
    ((name, argument),) = wanted.items()
    if name == "exists":
        if not isinstance(argument, bool):
            raise InvalidEventPatternException(reason="exists match pattern must be true or false")
    elif name not in _OPERATORS:
        raise InvalidEventPatternException(reason=f"Unrecognized match type {name}")
    elif name == "numeric":
        _check_numeric(argument)
    elif name == "anything-but" and isinstance(argument, dict):
        unknown = argument.keys() - _UNDER_ANYTHING_BUT
        if unknown or len(argument) != 1:
            raise InvalidEventPatternException(reason="Unsupported anything-but pattern")


def _check_numeric(argument: Any) -> None:
    sound = (
        isinstance(argument, list)
        and len(argument) in (2, 4)
        and all(comparison in _COMPARE for comparison in argument[::2])
        and all(isinstance(limit, int | float) for limit in argument[1::2])
    )
    if not sound:
        raise InvalidEventPatternException(reason="Malformed numeric match")
