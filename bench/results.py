"""What a part of the bench hands back: measurements, a table to read, curves to plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One number. `at_most` is the limit it is held to; None for a number that is only reported."""

    name: str
    value: float
    unit: str = ""
    at_most: float | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the number is within its limit."""
        return self.at_most is None or self.value <= self.at_most


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Accounts vended over time: `points` are (seconds, accounts), in order."""

    name: str
    points: Sequence[tuple[float, int]]

    @classmethod
    def of(cls, name: str, moments: Sequence[float]) -> Curve:
        """A curve that rises by one account at each of `moments`."""
        rising = enumerate(sorted(moments), start=1)
        return cls(name=name, points=[(0.0, 0), *((moment, count) for count, moment in rising)])


@dataclass(frozen=True, kw_only=True)
class Report:
    """One part's outcome. `table` is rows of text under `headings`."""

    part: str
    title: str
    headings: Sequence[str]
    table: Sequence[Sequence[str]]
    measurements: Sequence[Measurement] = ()
    notes: Sequence[str] = ()
    curves: Sequence[Curve] = ()
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def is_kept(self) -> bool:
        """Whether every limit is kept."""
        return all(one.is_kept for one in self.measurements)

    def as_json(self) -> dict[str, Any]:
        """For build/bench.json; a number that is not finite becomes null."""
        return {
            "part": self.part,
            "title": self.title,
            "kept": self.is_kept,
            "measurements": [
                {**asdict(one), "value": finite(one.value), "kept": one.is_kept}
                for one in self.measurements
            ],
            "table": [dict(zip(self.headings, row, strict=True)) for row in self.table],
            "notes": list(self.notes),
            **self.data,
        }


def finite(value: float) -> float | None:
    """JSON has no infinity."""
    return value if math.isfinite(value) else None
