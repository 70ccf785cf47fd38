"""A dashboard as a picture: plain SVG, laid out on CloudWatch's grid of 24 columns."""

from __future__ import annotations

import datetime
import math
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from tests.dashboard.series import Series, Window, series_of
from tests.emf import Sample

_COLUMN, _ROW, _GAP = 62, 46, 6
_COLOURS = (
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b",
    "#e377c2", "#7f7f7f", "#bcbd22", "#17becf", "#aec7e8", "#98df8a",
)  # fmt: skip
_STYLE = """
  text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: #16191f }
  .title { font-size: 14px; font-weight: 600 }
  .faint { fill: #687078; font-size: 11px }
  .number { font-size: 30px; font-weight: 300 }
  .panel { fill: #ffffff; stroke: #d5dbdb }
  .grid { stroke: #eaeded }
  .empty { fill: #687078; font-style: italic }
"""
_TICKS = 4
_LEGEND_ROW = 15
_SHOWN_IN_LEGEND = 12


@dataclass(frozen=True, kw_only=True)
class _Box:
    x: float
    y: float
    width: float
    height: float


def svg(
    body: Mapping[str, Any],
    samples: Sequence[Sample],
    *,
    alarms: Mapping[str, str],
    start: float,
    end: float,
) -> str:
    """The dashboard between two moments. `alarms` has the state of each alarm by its ARN."""
    widgets = body["widgets"]
    width = 24 * _COLUMN
    height = max(one["y"] + one["height"] for one in widgets) * _ROW
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}">'
        ),
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#f2f3f3"/>',
    ]
    for widget in widgets:
        box = _Box(
            x=widget["x"] * _COLUMN + _GAP / 2,
            y=widget["y"] * _ROW + _GAP / 2,
            width=widget["width"] * _COLUMN - _GAP,
            height=widget["height"] * _ROW - _GAP,
        )
        parts += _widget(widget, box, samples, alarms, start, end)
    return "\n".join([*parts, "</svg>", ""])


def _widget(
    widget: Mapping[str, Any],
    box: _Box,
    samples: Sequence[Sample],
    alarms: Mapping[str, str],
    start: float,
    end: float,
) -> Iterator[str]:
    properties = widget["properties"]
    yield (
        f'<rect class="panel" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="4"/>'
    )
    if "title" in properties:
        yield _text(box.x + 12, box.y + 22, properties["title"], "title")
    if widget["type"] == "text":
        yield from _markdown(properties["markdown"], box)
        return
    if widget["type"] == "alarm":
        yield from _alarms(properties["alarms"], alarms, box)
        return
    view = properties.get("view", "timeSeries")
    whole = bool(properties.get("setPeriodToTimeRange")) or view == "gauge"
    window = Window(start=start, end=end, whole=whole)
    found = series_of(properties, samples, window)
    if view == "singleValue":
        yield from _numbers(found, box)
    elif view == "gauge":
        yield from _gauge(found, properties, box)
    else:
        yield from _graph(found, properties, box, window)


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _markdown(markdown: str, box: _Box) -> Iterator[str]:
    y = box.y + 24
    for line in markdown.splitlines():
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line).replace("`", "")
        heading = plain.startswith("#")
        for part in textwrap.wrap(plain.lstrip("# "), int(box.width / 6.6)) or [""]:
            yield _text(box.x + 12, y, part, "title" if heading else "")
            y += 17 if part else 8


def _alarms(arns: Sequence[str], states: Mapping[str, str], box: _Box) -> Iterator[str]:
    columns = 3
    width = (box.width - 24) / columns
    for number, arn in enumerate(arns):
        x = box.x + 12 + number % columns * width
        y = box.y + 36 + number // columns * 46
        state = states[arn]
        colour = {"OK": "#1d8102", "ALARM": "#d13212"}.get(state, "#687078")
        name = re.sub(r".*Alarms|[0-9A-F]{8}-.*", "", arn.rsplit(":", 1)[1])
        yield (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width - 8:.1f}" height="42" rx="3" '
            f'fill="{colour}" fill-opacity="0.12" stroke="{colour}"/>'
        )
        yield _text(x + 10, y + 18, name)
        yield _text(x + 10, y + 34, state, "faint")


def _numbers(found: Sequence[Series], box: _Box) -> Iterator[str]:
    width = box.width / max(1, len(found))
    for number, one in enumerate(found):
        x = box.x + width * (number + 0.5)
        value = list(one.points.values())
        text = _amount(value[-1]) if value else "--"
        yield _text(x, box.y + box.height * 0.62, text, "number", "middle")
        yield _text(x, box.y + box.height * 0.62 + 26, one.label, "faint", "middle")
        yield (
            f'<rect x="{x - 24:.1f}" y="{box.y + box.height * 0.62 + 34:.1f}" width="48" '
            f'height="3" fill="{one.color or _COLOURS[number]}"/>'
        )


def _gauge(found: Sequence[Series], properties: Mapping[str, Any], box: _Box) -> Iterator[str]:
    (one,) = found
    axis = properties["yAxis"]["left"]
    values = list(one.points.values())
    x, y, radius = box.x + box.width / 2, box.y + box.height - 34, box.height * 0.52
    least, most = axis["min"], axis["max"]

    def arc(begin: float, end: float, colour: str, width: int) -> str:
        def point(value: float) -> str:
            angle = math.pi * (1 - (value - least) / (most - least))
            return f"{x + radius * math.cos(angle):.1f} {y - radius * math.sin(angle):.1f}"

        return (
            f'<path d="M {point(begin)} A {radius:.1f} {radius:.1f} 0 0 1 {point(end)}" '
            f'fill="none" stroke="{colour}" stroke-width="{width}"/>'
        )

    yield arc(least, most, "#eaeded", 18)
    for mark in properties.get("annotations", {}).get("horizontal", []):
        yield arc(mark["value"], most, "#f5b7b1", 18)
    if values:
        yield arc(least, max(least, min(most, values[-1])), one.color or _COLOURS[0], 10)
    text = f"{values[-1]:.0f} %" if values else "--"
    yield _text(x, y - 4, text, "number", "middle")
    yield _text(x, y + 18, one.label, "faint", "middle")


def _graph(
    found: Sequence[Series], properties: Mapping[str, Any], box: _Box, window: Window
) -> Iterator[str]:
    drawn = [one for one in found if one.points]
    if properties.get("stacked"):
        # Those without a value would only fill the legend; CloudWatch lists them all the same.
        drawn = [one for one in drawn if any(one.points.values())] or drawn[:1]
    coloured = [
        (one, one.color or _COLOURS[number % len(_COLOURS)]) for number, one in enumerate(drawn)
    ]
    lines = _legend_lines(drawn[:_SHOWN_IN_LEGEND], box.width - 24)
    plot = _Box(
        x=box.x + 52,
        y=box.y + 46,
        width=box.width - 52 - (52 if any(one.right for one in drawn) else 26),
        height=box.height - 46 - 26 - _LEGEND_ROW * max(1, len(lines)),
    )
    axes = properties.get("yAxis", {})
    for side, right in (("left", False), ("right", True)):
        ones = [each for each in coloured if each[0].right == right]
        if ones or not right:
            stacked = bool(properties.get("stacked"))
            yield from _side(ones, axes.get(side, {}), plot, window, right=right, stacked=stacked)
    yield from _times(plot, window)
    if not drawn:
        middle = plot.y + plot.height / 2
        yield _text(plot.x + plot.width / 2, middle, "no data", "empty", "middle")
    colours = {one.label: colour for one, colour in coloured}
    y = box.y + box.height - 8 - _LEGEND_ROW * (len(lines) - 1)
    for line in lines:
        x = box.x + 14
        for label in line:
            yield (
                f'<rect x="{x:.1f}" y="{y - 9:.1f}" width="9" height="9" fill="{colours[label]}"/>'
            )
            yield _text(x + 13, y, label, "faint")
            x += _legend_width(label)
        y += _LEGEND_ROW


def _legend_width(label: str) -> float:
    return 30 + 6.2 * len(label)


def _legend_lines(drawn: Sequence[Series], width: float) -> list[list[str]]:
    lines: list[list[str]] = []
    used = width
    for one in drawn:
        if used + _legend_width(one.label) > width:
            lines.append([])
            used = 0
        lines[-1].append(one.label)
        used += _legend_width(one.label)
    return lines


def _side(
    ones: Sequence[tuple[Series, str]],
    axis: Mapping[str, Any],
    plot: _Box,
    window: Window,
    *,
    right: bool,
    stacked: bool,
) -> Iterator[str]:
    heights = _stacked(ones) if stacked else [dict(one.points) for one, _ in ones]
    top = _round_up(max((value for each in heights for value in each.values()), default=0.0))
    for tick in range(_TICKS + 1):
        y = plot.y + plot.height * (1 - tick / _TICKS)
        if not right:
            yield (
                f'<line class="grid" x1="{plot.x:.1f}" x2="{plot.x + plot.width:.1f}" '
                f'y1="{y:.1f}" y2="{y:.1f}"/>'
            )
        edge = plot.x + plot.width + 6 if right else plot.x - 6
        anchor = "start" if right else "end"
        yield _text(edge, y + 4, _amount(top * tick / _TICKS), "faint", anchor)
    if "label" in axis:
        edge = plot.x + plot.width + 40 if right else plot.x - 40
        anchor = "end" if right else "start"
        yield _text(edge, plot.y - 10, axis["label"], "faint", anchor)

    def x_of(at: float) -> float:
        return plot.x + plot.width * (at - window.start) / (window.end - window.start)

    for (_, colour), points in reversed(list(zip(ones, heights, strict=True))):
        places = [
            (max(plot.x, x_of(at)), plot.y + plot.height * (1 - value / top))
            for at, value in sorted(points.items())
        ]
        if not places:
            continue
        path = " L ".join(f"{x:.1f} {y:.1f}" for x, y in places)
        if stacked:
            bottom = plot.y + plot.height
            yield (
                f'<path d="M {places[0][0]:.1f} {bottom:.1f} L {path} L {places[-1][0]:.1f} '
                f'{bottom:.1f} Z" fill="{colour}" fill-opacity="0.35"/>'
            )
        yield f'<path d="M {path}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
        for x, y in places:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{colour}"/>'


def _stacked(ones: Sequence[tuple[Series, str]]) -> list[dict[float, float]]:
    """Each on top of those before it."""
    moments = sorted({at for one, _ in ones for at in one.points})
    below = dict.fromkeys(moments, 0.0)
    heights = []
    for one, _ in ones:
        below = {at: below[at] + one.points.get(at, 0.0) for at in moments}
        heights.append(below)
    return heights


def _times(plot: _Box, window: Window) -> Iterator[str]:
    for tick in range(_TICKS + 1):
        at = window.start + (window.end - window.start) * tick / _TICKS
        moment = datetime.datetime.fromtimestamp(at, datetime.UTC)
        x = plot.x + plot.width * tick / _TICKS
        yield _text(x, plot.y + plot.height + 16, f"{moment:%H:%M}", "faint", "middle")


def _round_up(value: float) -> float:
    if value <= 0:
        return 1.0
    scale = 10.0 ** math.floor(math.log10(value))
    return next(step * scale for step in (1, 2, 4, 5, 8, 10) if step * scale >= value)


def _amount(value: float) -> str:
    if value >= 1_000:
        return f"{value / 1_000:.3g}k"
    return f"{value:.0f}" if value == int(value) else f"{value:.3g}"
