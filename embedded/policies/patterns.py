"""How IAM compares strings: the wildcards `*` and `?`, policy variables, and ARNs."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

Values = Sequence[str]
"""The values of one condition key; keys that hold a single value have one."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = frozenset("*?$")
_ARN_PARTS = 6


def matches(
    pattern: str, value: str, *, arn: bool = False, context: Mapping[str, Values] | None = None
) -> bool:
    """Whether `value` fits `pattern`, where `*` is any text and `?` any one character.

    With `arn`, a wildcard does not reach past the colon that ends its part of the ARN, save in the
    last part. With `context`, `${key}` stands for that key's value, and a pattern that names an
    absent key fits nothing.
    """
    if pattern == "*" and not arn:
        return True
    if context is None or "${" not in pattern:
        return _regex(pattern, arn).fullmatch(value) is not None
    expression = _with_variables(pattern, arn, context)
    return expression is not None and re.fullmatch(expression, value, re.DOTALL) is not None


def substituted(text: str, context: Mapping[str, Values]) -> str | None:
    """`text` with its variables filled in; None when one of them has no single value."""
    parts = [_value(part, context) if is_name else part for part, is_name in _split(text)]
    known = [part for part in parts if part is not None]
    return "".join(known) if len(known) == len(parts) else None


@functools.lru_cache(maxsize=4096)
def _regex(pattern: str, arn: bool) -> re.Pattern[str]:
    return re.compile(_translate(pattern, arn, 0)[0], re.DOTALL)


def _translate(text: str, arn: bool, colons: int) -> tuple[str, int]:
    out = []
    for character in text:
        inside = arn and colons < _ARN_PARTS - 1
        if character == "*":
            out.append("[^:]*" if inside else ".*")
        elif character == "?":
            out.append("[^:]" if inside else ".")
        else:
            colons += character == ":"
            out.append(re.escape(character))
    return "".join(out), colons


def _with_variables(pattern: str, arn: bool, context: Mapping[str, Values]) -> str | None:
    out, colons = "", 0
    for part, is_name in _split(pattern):
        if is_name:
            value = _value(part, context)
            if value is None:
                return None
            # A wildcard in a variable's value is only a character.
            out += re.escape(value)
            colons += value.count(":")
        else:
            expression, colons = _translate(part, arn, colons)
            out += expression
    return out


def _split(text: str) -> list[tuple[str, bool]]:
    """Alternating literal text and variable names."""
    return [(part, bool(index % 2)) for index, part in enumerate(_VARIABLE.split(text))]


def _value(name: str, context: Mapping[str, Values]) -> str | None:
    if name in _LITERALS:
        return name
    key, _, default = name.partition(",")
    values = context.get(key.strip().lower())
    if values:
        return values[0] if len(values) == 1 else None
    return default.strip().strip("'") if default else None
