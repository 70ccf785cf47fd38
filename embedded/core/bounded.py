"""Collections that have an end, in place of those that only ever grow. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

Item = TypeVar("Item")


class Unkept(list[Any]):
    """A list that nobody reads."""

    def append(self, _: Any) -> None:
        """Keep nothing."""


class Log(list[Item]):
    """The latest entries, oldest first; a list, so that it can be read while it is added to."""

    MOST: ClassVar[int]
    """Entries that are kept at least; when there are a tenth more, the oldest are forgotten."""

    @property
    def most(self) -> int:
        """Entries that this log keeps at least."""
        return self.MOST

    def append(self, entry: Item, /) -> None:
        """Add an entry, and forget the oldest where there are too many."""
        super().append(entry)
        if len(self) > self.most + self.most // 10:
            del self[: -self.most]


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
