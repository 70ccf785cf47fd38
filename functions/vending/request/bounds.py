"""The bounds within which a request or an organization's document can be looked at at all.

What is beyond them is refused for that alone, before anything walks through it: JSON can spell
more levels than Python has room for, and numbers that take it minutes to write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

DEPTH_MAX = 16
"""Levels of lists and objects in one another. Neither form has more than four.

The definitions pass on nothing deeper (`IsTextTooDeep`): Lambda's own JSON reader ends at about
1,000 levels, before the function begins.
"""

TOO_DEEP = f"the whole may be nested at most {DEPTH_MAX} levels deep"
"""What is said of anything deeper."""

INTEGER_BITS_MAX = 64
"""Of a whole number. Neither form has any."""


def problems(document: object) -> list[str]:
    """What the document is beyond; nothing else in it can be looked at then."""
    level, depth = [document], 0
    while level:
        if depth == DEPTH_MAX and any(isinstance(one, dict | list | tuple) for one in level):
            return [TOO_DEEP]
        if any(isinstance(one, int) and one.bit_length() > INTEGER_BITS_MAX for one in level):
            return [f"the whole may have no number of more than {INTEGER_BITS_MAX} bits"]
        level, depth = list(_within(level)), depth + 1
    return []


def read(text: str) -> tuple[Any, bool]:
    """What `text` says as JSON, null for what is nested too deep, and whether anything is.

    Reads any depth, which the standard library does not. None for what is no JSON.
    """
    kept, depth, is_deep = [], 0, False
    for token in _TOKENS.findall(text):
        if token in _OPENING:
            depth += 1
            if depth == DEPTH_MAX + 1:
                kept.append("null")
                is_deep = True
        if depth <= DEPTH_MAX:
            kept.append(token)
        if token in _CLOSING:
            depth -= 1
    try:
        return json.loads("".join(kept)), is_deep
    except ValueError:
        return None, is_deep


_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|[^"\[\]{}]+|"', re.DOTALL)
"""Texts, brackets, what is between them, and a quotation mark that nothing closes."""
_OPENING = ("[", "{")
_CLOSING = ("]", "}")


def _within(level: list[Any]) -> Iterator[Any]:
    """What the lists and objects of one level hold, keys included."""
    for value in level:
        if isinstance(value, dict):
            yield from value
            yield from value.values()
        elif isinstance(value, list | tuple):
            yield from value
