"""The picture: valid SVG, everybody on it, nothing outside of it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest

from bench import documents
from bench.plot import HEIGHT, WIDTH, svg
from bench.results import Curve, Report

SVG = "{http://www.w3.org/2000/svg}"

FAST = Curve.of("fast & sure", [10.0 * number for number in range(1, 301)])
SLOW = Curve.of("slow", [300.0 * number for number in range(1, 301)])
GIVEN_UP = Curve.of("gives up", [60.0 * number for number in range(1, 101)])
ALIKE = [Curve.of(f"alike {number}", [3000.0] * 300) for number in range(4)]


def drawn(*curves: Curve) -> ET.Element:
    return ET.fromstring(svg(curves, title="300 at once", hours=6.0, requests=300))


def points(polyline: ET.Element) -> list[tuple[float, float]]:
    pairs = (pair.split(",") for pair in polyline.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


def labels(picture: ET.Element) -> list[str]:
    return [text.text or "" for text in picture.iter(f"{SVG}text")]


def report(part: str, *curves: Curve) -> Report:
    return Report(part=part, title=part, headings=["a"], table=[["b"]], curves=curves)


def test_picture_names_every_curve_and_how_it_ends() -> None:
    picture = drawn(FAST, SLOW, GIVEN_UP)

    assert {"fast & sure: 50.0 min", "slow: 25.0 h", "gives up: only 100 of 300"} <= set(
        labels(picture)
    )


def test_picture_keeps_everything_inside() -> None:
    picture = drawn(FAST, SLOW, GIVEN_UP)

    lines = [points(line) for line in picture.iter(f"{SVG}polyline")]

    assert len(lines) == 3
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for line in lines for x, y in line)
    assert all(x <= later for line in lines for (x, _), (later, _) in pairwise(line))


def test_picture_of_a_faster_system_rises_faster() -> None:
    fast, slow = (points(line) for line in drawn(FAST, SLOW).iter(f"{SVG}polyline"))

    assert fast[-1][0] < slow[-1][0]
    assert fast[-1][1] < slow[-1][1]  # further up is smaller


def test_labels_of_like_curves_stay_apart() -> None:
    picture = drawn(*ALIKE)
    heights = sorted(
        float(text.attrib["y"])
        for text in picture.iter(f"{SVG}text")
        if (text.text or "").startswith("alike")
    )

    assert all(lower - upper >= 14 for upper, lower in pairwise(heights))


def test_picture_has_colours_for_light_and_for_dark_pages_and_no_background() -> None:
    picture = drawn(FAST)

    style = picture.findtext(f"{SVG}style") or ""

    assert "prefers-color-scheme: dark" in style
    assert picture.find(f"{SVG}rect") is None


def test_picture_is_written_only_with_ours_and_the_others(tmp_path: Path) -> None:
    path = tmp_path / "bench.svg"

    alone = documents.write_picture([report("makespan", FAST)], path)
    both = documents.write_picture([report("peers", SLOW), report("makespan", FAST)], path)

    assert (alone, both) == (False, True)
    assert ET.parse(path).getroot().tag == f"{SVG}svg"


def test_page_gets_new_tables_between_its_marks_and_keeps_the_rest(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{documents.BEGIN}\nold\n{documents.END}\nafter\n")

    documents.write_page([report("queue"), report("soak")], page)
    documents.write_page([report("queue")], page)

    assert page.read_text() == (
        f"before\n{documents.BEGIN}\n### queue\n\n| a |\n| --- |\n| b |\n{documents.END}\nafter\n"
    )


def test_page_keeps_the_tables_of_parts_that_were_not_run(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{documents.BEGIN}\n{documents.END}\nafter\n")
    documents.write_page([report("queue"), report("soak")], page)
    both = page.read_text()

    documents.write_page([report("queue")], page, keep_others=True)

    assert page.read_text() == both
    documents.write_page([report("fleet")], page, keep_others=True)
    assert re.findall("### (.*)", page.read_text()) == ["queue", "soak", "fleet"]


def test_page_without_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("nothing to fill in\n")

    with pytest.raises(ValueError, match="lacks"):
        documents.write_page([report("queue")], page)


def test_projects_own_page_has_the_marks() -> None:
    text = documents.PAGE.read_text()

    assert text.index(documents.BEGIN) < text.index(documents.END)
