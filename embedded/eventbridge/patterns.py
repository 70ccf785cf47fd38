"""Event patterns, matched as EventBridge matches them.

Implements "Creating event patterns" and "Comparison operators" of the user guide. An array in an
event matches where one of its elements does; fields of one pattern object under an array must all
match in the same element. A dot in a name, of the pattern or of the event, is a step like any
other: `a.b` and `b` in `a` are one field, as in AWS's event-ruler.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import operator
import re
from typing import TYPE_CHECKING, Any

from moto.events.exceptions import InvalidEventPatternException

from embedded.eventbridge.pattern_checks import check

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
    return _object_matches(_stepwise(pattern), event)


def _stepwise(pattern: Mapping[str, Any]) -> dict[str, Any]:
    """The pattern without dots in its names, where that leaves nothing out."""
    nested: dict[str, Any] = {}
    for name, given in pattern.items():
        wanted = given
        if name == "$or" and isinstance(wanted, list):
            nested[name] = [_stepwise(each) for each in wanted]
            continue
        if isinstance(wanted, dict):
            wanted = _stepwise(wanted)
        first, *rest = name.split(".")
        for step in reversed(rest):
            wanted = {step: wanted}
        known = nested.setdefault(first, wanted)
        if known is not wanted:
            both = isinstance(known, dict) and isinstance(wanted, dict)
            nested[first if both else name] = _joined(known, wanted) if both else given
    return nested


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    joined = dict(one)
    for name, wanted in other.items():
        known = joined.get(name)
        both = isinstance(known, dict) and isinstance(wanted, dict)
        joined[name] = _joined(known, wanted) if both else wanted  # type: ignore[arg-type]
    return joined


def _object_matches(pattern: Mapping[str, Any], node: Any) -> bool:
    if isinstance(node, list):
        return any(_object_matches(pattern, element) for element in node)
    fields = node if isinstance(node, dict) else {}
    return all(_field_matches(name, wanted, fields) for name, wanted in pattern.items())


def _field_matches(name: str, wanted: Any, fields: Mapping[str, Any]) -> bool:
    if name == "$or" and isinstance(wanted, list):
        return any(_object_matches(alternative, fields) for alternative in wanted)
    value = _value(name, fields)
    if isinstance(wanted, dict):
        return _object_matches(wanted, {} if value is _ABSENT else value)
    return _leaf_matches(wanted, value)


def _value(name: str, fields: Mapping[str, Any]) -> Any:
    """What the event has under the name, also where its own names have dots."""
    own = fields.get(name, _ABSENT)
    start = f"{name}."
    dotted = {key.removeprefix(start): fields[key] for key in fields if key.startswith(start)}
    if not dotted:
        return own
    if own is _ABSENT:
        return dotted
    return dotted | own if isinstance(own, dict) else [own, dotted]


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
    check(pattern)
    return pattern
