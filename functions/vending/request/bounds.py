"""The bounds within which a request or an organization's document can be looked at at all.

What is beyond them is refused for that alone, before anything walks through it: JSON can spell
more levels than Python has room for, and numbers that take it minutes to write.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

DEPTH_MAX = 16
"""Levels of lists and objects in one another. Neither form has more than four."""

INTEGER_BITS_MAX = 64
"""Of a whole number. Neither form has any."""


def problems(document: object) -> list[str]:
    """What the document is beyond; nothing else in it can be looked at then."""
    level, depth = [document], 0
    while level:
        if depth > DEPTH_MAX:
            return [f"the whole may be nested at most {DEPTH_MAX} levels deep"]
        if any(isinstance(one, int) and one.bit_length() > INTEGER_BITS_MAX for one in level):
            return [f"the whole may have no number of more than {INTEGER_BITS_MAX} bits"]
        level, depth = list(_within(level)), depth + 1
    return []


def _within(level: list[Any]) -> Iterator[Any]:
    """What the lists and objects of one level hold, keys included."""
    for value in level:
        if isinstance(value, dict):
            yield from value
            yield from value.values()
        elif isinstance(value, list | tuple):
            yield from value
