"""What one program costs beside another, on a machine that others use, too.

What else the machine does passes over both programs of a pair that run right after one another; the
median of the pairs' ratios is theirs, where single ratios differ by half.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

T = TypeVar("T")

_PAIRS = 5
_PAIRS_AT_MOST = 25
"""Where the ratio exceeds its limit."""


def measured(
    one: Callable[[], T],
    other: Callable[[], T],
    *,
    cost: Callable[[T], float],
    at_most: float,
) -> list[tuple[T, T]]:
    """What both return, run in turns: five times, and up to 25 while the ratio exceeds a limit."""
    pairs: list[tuple[T, T]] = []
    while not pairs or (len(pairs) < _PAIRS_AT_MOST and ratio(pairs, cost=cost) > at_most):
        pairs += [(one(), other()) for _ in range(_PAIRS)]
    return pairs


def ratio(pairs: Sequence[tuple[T, T]], *, cost: Callable[[T], float]) -> float:
    """How many times the other's cost the one's is."""
    return median(cost(one) / cost(other) for one, other in pairs)
