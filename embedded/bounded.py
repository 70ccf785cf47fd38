"""Collections that take the place of moto's that only ever grow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

Item = TypeVar("Item")


class Unkept(list[Any]):
    """A list that nobody reads."""

    def append(self, _: Any) -> None:
        """Keep nothing."""


class Latest(dict[Item, None]):
    """The items that were added last; `most` of them."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def update(self, items: Iterable[Item]) -> None:  # type: ignore[override]
        """Add items as a set does, and forget the oldest where there are too many."""
        for item in items:
            self[item] = None
        for oldest in list(self)[: max(0, len(self) - self._most)]:
            del self[oldest]
