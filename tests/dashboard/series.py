"""A widget's metrics and expressions as series of points.

Of CloudWatch's metric math this knows what the dashboard uses: SEARCH, SUM(METRICS()), FILL and
arithmetic. CloudWatch user guide, "Dashboard body structure and syntax", "Using math expressions".
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.emf import Sample

Points = dict[float, float]
"""Value by the moment at which its period begins, in epoch seconds."""

_SEARCH = re.compile(r"SEARCH\('\{([^}]+)\} MetricName=\"(\w+)\"', '(\w+)', (\d+)\)")
_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b if b else 0.0,
}
_STATISTICS: Mapping[str, Callable[[list[float]], float]] = {
    "Average": lambda values: sum(values) / len(values),
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
    "Sum": sum,
}


@dataclass(frozen=True, kw_only=True)
class Series:
    """What a widget shows as one line, number or gauge."""

    label: str
    points: Points
    color: str | None = None
    right: bool = False
    namespaces: frozenset[str] = field(default_factory=frozenset)
    metric: str = ""


@dataclass(frozen=True, kw_only=True)
class Window:
    """The time that is shown. `whole`: as one period, not in periods of their own."""

    start: float
    end: float
    whole: bool = False

    def begin(self, at: float, period: float) -> float:
        """The beginning of the period of a moment."""
        return self.start if self.whole else at - at % period

    def filled(self, points: Points, period: float) -> Points:
        """With 0 in each period that has no point."""
        if self.whole:
            return points or {self.start: 0.0}
        first = self.begin(self.start, period)
        count = int((self.end - first) / period) + 1
        return {first + number * period: 0.0 for number in range(count)} | points


def series_of(
    properties: Mapping[str, Any], samples: Sequence[Sample], window: Window
) -> list[Series]:
    """All visible series of a metric widget."""
    by_id: dict[str, Points] = {}
    shown: list[Series] = []
    expressions = []
    for entry in properties["metrics"]:
        *path, options = entry if isinstance(entry[-1], dict) else [*entry, {}]
        if "expression" in options:
            expressions.append(options)
            continue
        period = options.get("period", properties.get("period", 300))
        namespace, name, *pairs = path
        dimensions = tuple(sorted(zip(pairs[::2], pairs[1::2], strict=True)))
        points = _points(
            (one for one in samples if (one.namespace, one.name, one.dimensions)
             == (namespace, name, dimensions)),
            options.get("stat", properties.get("stat", "Average")), period, window,
        )  # fmt: skip
        if "id" in options:
            by_id[options["id"]] = points
        if options.get("visible", True):
            shown.append(
                Series(
                    label=options.get("label", name),
                    points=points,
                    color=options.get("color"),
                    right=options.get("yAxis") == "right",
                    namespaces=frozenset({namespace}),
                    metric=name,
                )
            )
    for options in expressions:
        shown += _evaluated(options, by_id, samples, window)
    return shown


def _evaluated(
    options: Mapping[str, Any],
    by_id: Mapping[str, Points],
    samples: Sequence[Sample],
    window: Window,
) -> Iterator[Series]:
    expression, right = options["expression"], options.get("yAxis") == "right"
    found = _SEARCH.fullmatch(expression)
    if found is not None:
        yield from _searched(found, options, samples, window)
        return
    filled = re.fullmatch(r"FILL\((SEARCH\(.*\)), 0\)", expression)
    if filled is not None:
        searched = _evaluated({**options, "expression": filled[1]}, by_id, samples, window)
        yield from (
            replace(one, points=window.filled(one.points, _period(options))) for one in searched
        )
        return
    if expression == "SUM(METRICS())":
        points = _combined(list(by_id.values()), sum)
    else:
        value = _value(ast.parse(expression, mode="eval").body, by_id, window, _period(options))
        assert isinstance(value, dict), expression
        points = value
    yield Series(
        label=options["label"], points=points, color=options.get("color"), right=right, metric="="
    )


def _searched(
    found: re.Match[str], options: Mapping[str, Any], samples: Sequence[Sample], window: Window
) -> Iterator[Series]:
    namespace, *names = found[1].split(",")
    of_metric: dict[tuple[str, ...], list[Sample]] = defaultdict(list)
    for one in samples:
        dimensions = dict(one.dimensions)
        if (one.namespace, one.name) == (namespace, found[2]) and set(dimensions) == set(names):
            varying = tuple(dimensions[name] for name in names if name != "service")
            of_metric[varying].append(one)
    for varying, ones in sorted(of_metric.items()):
        label = " ".join(filter(None, (*varying, options.get("label"))))
        yield Series(
            label=label,
            points=_points(iter(ones), found[3], float(found[4]), window),
            right=options.get("yAxis") == "right",
            namespaces=frozenset({namespace}),
            metric=found[2],
        )


def _points(samples: Iterator[Sample], statistic: str, period: float, window: Window) -> Points:
    values: dict[float, list[float]] = defaultdict(list)
    for one in samples:
        if window.start <= one.at <= window.end:
            values[window.begin(one.at, period)].append(one.value)
    return {at: _statistic(statistic, of) for at, of in sorted(values.items())}


def _statistic(name: str, values: list[float]) -> float:
    if name.startswith("p"):
        ordered = sorted(values)
        rank = (len(ordered) - 1) * float(name[1:]) / 100
        low = int(rank)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)
    return _STATISTICS[name](values)


def _combined(all_points: Sequence[Points], combine: Callable[[list[float]], float]) -> Points:
    moments = sorted({at for points in all_points for at in points})
    return {at: combine([one[at] for one in all_points if at in one]) for at in moments}


def _period(options: Mapping[str, Any]) -> float:
    return float(options.get("period", 300))


def _value(
    node: ast.expr, by_id: Mapping[str, Points], window: Window, period: float
) -> Points | float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return by_id[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _applied(
                _OPERATORS[type(op)],
                _value(left, by_id, window, period),
                _value(right, by_id, window, period),
            )
        case ast.Call(func=ast.Name(id="FILL"), args=[ast.Name(id=name), ast.Constant(value=0)]):
            return window.filled(by_id[name], period)
    raise AssertionError(f"metric math that no test knows: {ast.unparse(node)}")


def _applied(
    operator: Callable[[float, float], float], left: Points | float, right: Points | float
) -> Points | float:
    if isinstance(left, dict) and isinstance(right, dict):
        return {at: operator(left[at], right[at]) for at in left if at in right}
    if isinstance(left, dict):
        assert isinstance(right, float)
        return {at: operator(value, right) for at, value in left.items()}
    if isinstance(right, dict):
        return {at: operator(left, value) for at, value in right.items()}
    return operator(left, right)
