"""Reports as text for a terminal and as Markdown for the documentation."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.results import Measurement, Report

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def text(report: Report) -> str:
    """Title, table, limits and notes, each line without trailing blanks."""
    lines = [report.title, *_aligned([report.headings, *report.table])]
    lines += [f"  {_verdict(one)}" for one in report.measurements if one.at_most is not None]
    lines += [f"  {note}" for note in report.notes]
    return "\n".join(lines) + "\n"


def markdown(report: Report) -> str:
    """A heading, a table, the limits and the notes."""
    rows = [report.headings, ["---"] * len(report.headings), *report.table]
    lines = [f"### {report.title}", "", *(f"| {' | '.join(row)} |" for row in rows), ""]
    limits = [one for one in report.measurements if one.at_most is not None]
    lines += [f"- {_verdict(one)}" for one in limits]
    lines += [f"- {note}" for note in report.notes]
    return "\n".join(lines).rstrip("\n") + "\n"


def number(value: float, unit: str = "") -> str:
    """As many digits as say something; dollars in front."""
    if not math.isfinite(value):
        return "never"
    if unit == "$":
        return f"${value:.6f}"
    written = f"{value:.0f}" if value == round(value) else f"{value:.3f}"
    return f"{written} {unit}".rstrip()


def span(seconds: float) -> str:
    """Seconds as people say them: 4.2 s, 12.5 min, 3.7 h, 2.1 d."""
    if not math.isfinite(seconds):
        return "never"
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def _verdict(one: Measurement) -> str:
    word = "kept" if one.is_kept else "EXCEEDED"
    limit = one.at_most if one.at_most is not None else math.inf
    return f"{word}: {one.name} {number(one.value, one.unit)} (at most {number(limit, one.unit)})"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns of equal width; the first is flush left, the others, mostly numbers, flush right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append(f"  {'   '.join(cells)}".rstrip())
    return lines
