"""What PutRule and TestEventPattern refuse as no pattern.

The rules and the wording are those of AWS's event-ruler, without the place in the text that AWS
adds. How many wildcards AWS takes for too complex is not known, so none are refused for that.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from moto.events.exceptions import InvalidEventPatternException

if TYPE_CHECKING:
    from collections.abc import Callable

_AFFIXES = ("prefix", "suffix")
_UPPER = ("<", "<=")
_LOWER = (">", ">=")
_WIDEST = {4: 31, 6: 127}


def check(pattern: dict[str, Any]) -> None:
    """Raise InvalidEventPatternException for the first thing that is wrong with a pattern."""
    if not pattern:
        raise _refused("Empty objects are not allowed")
    for name, wanted in pattern.items():
        if name == "$or" and isinstance(wanted, list) and all(isinstance(x, dict) for x in wanted):
            for alternative in wanted:
                check(alternative)
        elif isinstance(wanted, dict):
            check(wanted)
        elif not isinstance(wanted, list):
            raise _refused(f'"{name}" must be an object or an array')
        elif not wanted:
            raise _refused("Empty arrays are not allowed")
        else:
            for each in wanted:
                _check_filter(each)


def _refused(reason: str) -> InvalidEventPatternException:
    return InvalidEventPatternException(reason=reason)


def _check_filter(wanted: Any) -> None:
    if isinstance(wanted, list):
        raise _refused("Match value must be String, number, true, false, or null")
    if not isinstance(wanted, dict):
        return
    if not wanted:
        raise _refused("Match expression name not found")
    name, argument = next(iter(wanted.items()))
    if name not in _CHECKS:
        raise _refused(f"Unrecognized match type {name}")
    _CHECKS[name](argument)
    if len(wanted) != 1:
        raise _refused("Only one key allowed in match expression")


def _check_text(name: str, argument: Any) -> None:
    if not isinstance(argument, str):
        raise _refused(f"{name} match pattern must be a string")


def _check_affix(name: str, argument: Any) -> None:
    if not isinstance(argument, dict):
        _check_text(name, argument)
        return
    if not argument:
        raise _refused(f"{name.title()} expression name not found")
    (inner, value), *others = argument.items()
    if inner != "equals-ignore-case":
        raise _refused(f"Unsupported {name} pattern: {inner}")
    _check_text(inner, value)
    if others:
        raise _refused("Only one key allowed in match expression")


def _check_exists(argument: Any) -> None:
    if not isinstance(argument, bool):
        raise _refused("exists match pattern must be either true or false.")


def _check_wildcard(argument: Any) -> None:
    _check_text("wildcard", argument)
    position = 0
    while position < len(argument):
        if argument.startswith("**", position):
            raise _refused(f"Consecutive wildcard characters at pos {position + 1}")
        if argument[position] == "\\":
            if argument[position + 1 : position + 2] not in ("*", "\\"):
                raise _refused(f"Invalid escape character at pos {position + 1}")
            position += 1
        position += 1


def _check_cidr(argument: Any) -> None:
    if not isinstance(argument, str):
        raise _refused("prefix match pattern must be a string")  # the word that AWS uses here too
    address, slash, bits = argument.partition("/")
    if not slash or "/" in bits:
        raise _refused("Malformed CIDR, one '/' required")
    if not re.fullmatch(r"[+-]?\d+", bits):
        raise _refused("Malformed CIDR, mask bits must be an integer")
    if int(bits) < 0:
        raise _refused("Malformed CIDR, mask bits must not be negative")
    try:
        version = ipaddress.ip_address(address).version
    except ValueError as error:
        raise _refused(f"Nonstandard IP address: {address}") from error
    if int(bits) > _WIDEST[version]:
        raise _refused(f"IPv{version} mask bits must be < {_WIDEST[version] + 1}")


def _check_numeric(argument: Any) -> None:
    if not isinstance(argument, list):
        raise _refused("Value of numeric must be an array.")
    if not argument or not isinstance(argument[0], str):
        shown = argument[0] if argument else "]"
        raise _refused(f"Invalid member in numeric match: {shown}")
    first, *rest = argument
    if first not in ("=", *_UPPER, *_LOWER):
        raise _refused(f"Unrecognized numeric range operator: {first}")
    _check_number("equals" if first == "=" else first, rest[:1])
    if first in _LOWER and rest[1:]:
        _check_upper_end(rest)
    elif rest[1:]:
        raise _refused("Too many elements in numeric expression")


def _check_upper_end(rest: list[Any]) -> None:
    bottom, second, *top = rest
    if not isinstance(second, str):
        raise _refused(f"Bad value in numeric range: {second}")
    if second not in _UPPER:
        raise _refused(f"Bad numeric range operator: {second}")
    _check_number(second, top[:1])
    if top[1:]:
        raise _refused("Too many terms in numeric range expression")
    if not bottom < top[0]:
        raise _refused("Bottom must be less than top")


def _check_number(name: str, value: list[Any]) -> None:
    if not value or isinstance(value[0], bool) or not isinstance(value[0], int | float):
        raise _refused(f"Value of {name} must be numeric")


def _check_anything_but(argument: Any) -> None:
    if isinstance(argument, dict):
        _check_anything_but_operator(argument)
    elif isinstance(argument, list):
        kinds = {_kind(each) for each in argument}
        if None in kinds:
            raise _refused("Inside anything but list, start|null|boolean is not supported.")
        if len(kinds) != 1:
            raise _refused(
                "Inside anything but list, either all values are number or string, mixed type is "
                "not supported"
            )
    elif _kind(argument) is None:
        raise _refused("Value of anything-but must be an array or single string/number value.")


def _kind(value: Any) -> type | None:
    if isinstance(value, str):
        return str
    return float if isinstance(value, int | float) and not isinstance(value, bool) else None


def _check_anything_but_operator(argument: dict[str, Any]) -> None:
    if not argument:
        raise _refused("Anything-But expression name not found")
    (name, value), *others = argument.items()
    if name not in (*_AFFIXES, "wildcard", "equals-ignore-case"):
        raise _refused(f"Unsupported anything-but pattern: {name}")
    if isinstance(value, dict):
        raise _refused("Value of anything-but must be an array or single string/number value.")
    for each in value if isinstance(value, list) else [value]:
        if name == "wildcard":
            _check_wildcard(each)
        elif not isinstance(each, str):
            raise _refused(
                "prefix/suffix match pattern must be a string"
                if name in _AFFIXES
                else "Inside anything-but/equals-ignore-case list, number|start|null|boolean is "
                "not supported."
            )
        elif not each and name in _AFFIXES:
            raise _refused("Null prefix/suffix not allowed")
    if others:
        raise _refused("Only one key allowed in match expression")


_CHECKS: dict[str, Callable[[Any], None]] = {
    "prefix": lambda argument: _check_affix("prefix", argument),
    "suffix": lambda argument: _check_affix("suffix", argument),
    "equals-ignore-case": lambda argument: _check_text("equals-ignore-case", argument),
    "exists": _check_exists,
    "wildcard": _check_wildcard,
    "cidr": _check_cidr,
    "numeric": _check_numeric,
    "anything-but": _check_anything_but,
}
