"""What a run leaves behind: JSON, the picture, and the tables in docs/performance.md."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.plot import svg
from bench.results import Curve, Report
from bench.tables import markdown

PROJECT = Path(__file__).resolve().parent.parent
JSON_FILE = PROJECT / "build" / "bench.json"
PICTURE = PROJECT / "docs" / "bench.svg"
PAGE = PROJECT / "docs" / "performance.md"

BEGIN, END = "<!-- bench: tables -->", "<!-- bench: end -->"

_HOURS = 6.0


def write_json(reports: Sequence[Report], path: Path = JSON_FILE) -> None:
    """All results of the run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "kept": all(report.is_kept for report in reports),
        "python": platform.python_version(),
        "parts": [report.as_json() for report in reports],
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def write_picture(reports: Sequence[Report], path: Path = PICTURE) -> bool:
    """Accounts over time; False, and nothing written, without both ours and the others' curves."""
    curves = [curve for report in reports for curve in report.curves]
    parts = {report.part for report in reports if report.curves}
    if not {"makespan", "peers"} <= parts:
        return False
    requests = max(count for curve in curves for _, count in curve.points)
    title = f"{requests} accounts requested at once, AWS's quotas of 0.1 a second and 5 at a time"
    path.write_text(
        svg(_ours_first(curves), title=title, hours=_HOURS, requests=requests), encoding="utf-8"
    )
    return True


def write_page(reports: Sequence[Report], path: Path = PAGE, *, keep_others: bool = False) -> None:
    """Put the tables between the page's two marks; ValueError when it lacks them.

    `keep_others`: those of other parts, by their headings, stay as they are.
    """
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    there, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} lacks {BEGIN} or {END}")
    tables = dict(_tables(there)) if keep_others else {}
    tables |= {report.title: markdown(report) for report in reports}
    shown = "\n".join(tables.values())
    path.write_text(f"{before}{BEGIN}\n{shown}{END}{after}", encoding="utf-8")


def _tables(page: str) -> Iterator[tuple[str, str]]:
    """The tables of a page, each with its title."""
    for table in re.split("^### ", page, flags=re.MULTILINE)[1:]:
        yield table.partition("\n")[0], f"### {table.rstrip()}\n"


def _ours_first(curves: Sequence[Curve]) -> list[Curve]:
    """The fastest first: it is drawn strongest."""
    return sorted(curves, key=lambda curve: curve.name != "this project")
