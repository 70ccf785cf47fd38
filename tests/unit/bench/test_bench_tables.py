"""Results as people and programs read them."""

from __future__ import annotations

import json
import math

import pytest

from bench.results import Curve, Measurement, Report
from bench.tables import markdown, number, span, text

REPORT = Report(
    part="makespan",
    title="Many at once",
    headings=["system", "makespan"],
    table=[["ours", "50.1 min"], ["theirs", "3 h"]],
    measurements=[
        Measurement(name="makespan / bound", value=1.01, at_most=1.05),
        Measurement(name="throttled", value=4, at_most=3),
        Measurement(name="seen", value=7),
    ],
    notes=["in scaled time"],
)


@pytest.mark.parametrize(
    ("value", "at_most", "kept"),
    [
        pytest.param(1.0, None, True, id="no-limit"),
        pytest.param(1.05, 1.05, True, id="at-the-limit"),
        pytest.param(1.051, 1.05, False, id="above"),
        pytest.param(math.inf, 1.05, False, id="never"),
    ],
)
def test_measurement_against_its_limit(value: float, at_most: float | None, kept: bool) -> None:
    assert Measurement(name="ratio", value=value, at_most=at_most).is_kept is kept


def test_report_with_an_exceeded_limit_is_not_kept() -> None:
    assert not REPORT.is_kept


def test_text_aligns_columns_and_names_kept_and_exceeded_limits() -> None:
    assert text(REPORT).splitlines() == [
        "Many at once",
        "  system   makespan",
        "  ours     50.1 min",
        "  theirs        3 h",
        "  kept: makespan / bound 1.010 (at most 1.050)",
        "  EXCEEDED: throttled 4 (at most 3)",
        "  in scaled time",
    ]


def test_markdown_has_the_same_as_a_table_and_a_list() -> None:
    assert markdown(REPORT).splitlines() == [
        "### Many at once",
        "",
        "| system | makespan |",
        "| --- | --- |",
        "| ours | 50.1 min |",
        "| theirs | 3 h |",
        "",
        "- kept: makespan / bound 1.010 (at most 1.050)",
        "- EXCEEDED: throttled 4 (at most 3)",
        "- in scaled time",
    ]


def test_json_says_never_as_null_and_whether_limits_are_kept() -> None:
    report = Report(
        part="peers",
        title="Others",
        headings=["system"],
        table=[["theirs"]],
        measurements=[Measurement(name="ratio", value=math.inf, at_most=1.0)],
        data={"speed": 20.0},
    )

    document = json.loads(json.dumps(report.as_json(), allow_nan=False))

    assert document["measurements"] == [
        {"name": "ratio", "value": None, "unit": "", "at_most": 1.0, "kept": False}
    ]
    assert document["table"] == [{"system": "theirs"}]
    assert (document["kept"], document["speed"]) == (False, 20.0)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (4.2, "4.2 s"),
        (119, "119.0 s"),
        (3000, "50.0 min"),
        (13_485, "3.7 h"),
        (200_000, "2.3 d"),
        (math.inf, "never"),
    ],
)
def test_span_in_the_unit_that_says_most(seconds: float, expected: str) -> None:
    assert span(seconds) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [(3.0, "", "3"), (1.0049, "", "1.005"), (3.3, "s", "3.300 s"), (0.0006, "$", "$0.000600")],
)
def test_number_with_its_unit(value: float, unit: str, expected: str) -> None:
    assert number(value, unit) == expected


def test_curve_rises_by_one_at_each_moment_in_order() -> None:
    assert Curve.of("ours", [30.0, 10.0]).points == [(0.0, 0), (10.0, 1), (30.0, 2)]
