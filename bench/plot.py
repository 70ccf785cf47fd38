"""Accounts vended over time as a picture: plain SVG, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from bench.results import Curve
from bench.tables import span

WIDTH, HEIGHT = 860, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 190, 44, 48
_LABEL_HEIGHT = 15

_STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #24292f }
    .title { font-size: 15px; font-weight: 600 }
    .faint { fill: #57606a; font-size: 12px }
    .grid { stroke: #d0d7de; stroke-width: 1 }
    .curve { fill: none; stroke-width: 2; stroke-linejoin: round }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .faint { fill: #9198a1 }
      .grid { stroke: #3d444d }
    }
"""

_COLOURS = ("#2da44e", "#8b949e", "#bf8700", "#8250df", "#0969da", "#cf222e")
"""Each is dark enough on white and light enough on black; labels do not depend on them."""


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """From seconds and accounts to the picture's coordinates."""

    seconds: float
    accounts: int

    def x(self, seconds: float) -> float:
        inner = WIDTH - _LEFT - _RIGHT
        return _LEFT + inner * min(seconds, self.seconds) / self.seconds

    def y(self, accounts: float) -> float:
        inner = HEIGHT - _TOP - _BOTTOM
        return HEIGHT - _BOTTOM - inner * accounts / self.accounts


def svg(curves: Sequence[Curve], *, title: str, hours: float, requests: int) -> str:
    """The picture.

    Args:
        curves: the first is drawn strongest. A curve that goes on beyond the right edge is cut
            there and its label says when it ends.
        title: one line above.
        hours: the right edge.
        requests: the upper edge, which a curve that ends higher cannot pass.
    """
    scale = _Scale(seconds=3600 * hours, accounts=requests)
    heights = _label_heights([scale.y(_at(curve, scale.seconds)) for curve in curves])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        f'  width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"  <style>{_STYLE}  </style>",
        f'  <text class="title" x="{_LEFT}" y="24">{escape(title)}</text>',
        *_grid(scale, hours),
    ]
    for number, (curve, height) in enumerate(zip(curves, heights, strict=True)):
        colour = _COLOURS[number % len(_COLOURS)]
        parts += _drawn(curve, scale, colour, height, strong=number == 0)
    return "\n".join([*parts, "</svg>", ""])


def _grid(scale: _Scale, hours: float) -> list[str]:
    lines = []
    for step in range(4):
        accounts = scale.accounts * step / 3
        y = scale.y(accounts)
        lines.append(
            f'  <line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}"/>'
        )
        lines.append(
            f'  <text class="faint" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{accounts:.0f}</text>"
        )
    for hour in range(int(hours) + 1):
        x = scale.x(3600 * hour)
        lines.append(
            f'  <text class="faint" x="{x:.1f}" y="{HEIGHT - _BOTTOM + 18}" '
            f'text-anchor="middle">{hour} h</text>'
        )
    lines.append(
        f'  <text class="faint" x="{WIDTH - _RIGHT}" y="{HEIGHT - 8}" text-anchor="end">'
        "time since all requests were sent</text>"
    )
    return lines


def _drawn(curve: Curve, scale: _Scale, colour: str, label_y: float, *, strong: bool) -> list[str]:
    shown = [(seconds, count) for seconds, count in curve.points if seconds <= scale.seconds]
    points = " ".join(f"{scale.x(s):.1f},{scale.y(c):.1f}" for s, c in _thinned(shown))
    last = curve.points[-1]
    if last[0] > scale.seconds or last[1] < scale.accounts:
        points += f" {scale.x(scale.seconds):.1f},{scale.y(shown[-1][1]):.1f}"
    width = ' style="stroke-width: 3.5"' if strong else ""
    label = f"{escape(curve.name)}: {_ending(curve, scale.accounts)}"
    return [
        f'  <polyline class="curve" stroke="{colour}"{width} points="{points}"/>',
        f'  <circle cx="{WIDTH - _RIGHT + 10}" cy="{label_y:.1f}" r="4" fill="{colour}"/>',
        f'  <text x="{WIDTH - _RIGHT + 20}" y="{label_y + 4:.1f}">{label}</text>',
    ]


def _ending(curve: Curve, requests: int) -> str:
    seconds, count = curve.points[-1]
    return span(seconds) if count >= requests else f"only {count} of {requests}"


def _at(curve: Curve, seconds: float) -> int:
    """How many accounts there are by then."""
    return max(count for moment, count in curve.points if moment <= seconds)


def _thinned(points: Sequence[tuple[float, int]], most: int = 150) -> list[tuple[float, int]]:
    """No more points than the eye can distinguish; the first and the last stay."""
    step = max(1, len(points) // most)
    kept = list(points[::step])
    return kept if kept[-1] == points[-1] else [*kept, points[-1]]


def _label_heights(wanted: Sequence[float]) -> list[float]:
    """Heights next to the wanted ones that keep labels apart, in the order of the curves."""
    heights = list(wanted)
    below = -float("inf")
    for index in sorted(range(len(heights)), key=lambda index: (heights[index], index)):
        heights[index] = below = max(heights[index], below + _LABEL_HEIGHT)
    return heights
