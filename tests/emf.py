"""Metrics as functions log them, in CloudWatch's embedded metric format.

CloudWatch user guide, "Specification: Embedded metric format".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One value of one metric under one set of dimensions; `at` in epoch seconds."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    value: float
    unit: str
    at: float


def samples_in(line: str, at: float | None = None) -> Iterator[Sample]:
    """What CloudWatch makes of a log line; `at` is when it was logged, else as the line says."""
    if '"_aws"' not in line:
        return
    blob = json.loads(line)
    for directive in blob["_aws"]["CloudWatchMetrics"]:
        for metric in directive["Metrics"]:
            values = blob[metric["Name"]]
            for names in directive["Dimensions"]:
                for value in values if isinstance(values, list) else [values]:
                    yield Sample(
                        namespace=directive["Namespace"],
                        name=metric["Name"],
                        dimensions=tuple(sorted((name, blob[name]) for name in names)),
                        value=float(value),
                        unit=metric["Unit"],
                        at=blob["_aws"]["Timestamp"] / 1000 if at is None else at,
                    )
