from pathlib import Path

import pytest

from tests.recorded.__main__ import conclude
from tests.recorded.page import IncompleteRunError, page, results_of, right_cases

REPORT = """<testsuites><testsuite>
<testcase classname="tests.aws.test_a.TestA" name="test_x[one]"/>
<testcase classname="tests.aws.test_a.TestA" name="test_y"><failure>E</failure></testcase>
<testcase classname="tests.aws.test_a" name="test_z"><failure>NotImplemented</failure></testcase>
<testcase classname="tests.aws.test_a" name="test_s"><skipped message="no recording"/></testcase>
<testcase classname="tests.aws.test_a" name="test_l"><skipped message="harness: none"/></testcase>
<testcase classname="tests.aws.test_a" name="test_e"><error>fixture</error></testcase>
<testcase classname="tests.aws.test_a" name="test_t"><failure>Timeout &gt;60</failure></testcase>
<testcase classname="tests.aws.test_a" name="test_n"><failure>No state for a recorded.</failure>
</testcase>
<testcase classname="tests.aws.test_a" name="test_d"/>
<testcase classname="tests.aws.test_a" name="test_d"><error>teardown</error></testcase>
</testsuite></testsuites>"""
X = "tests/aws/test_a.py::TestA::test_x[one]"
Y = "tests/aws/test_a.py::TestA::test_y"


def test_report_gives_each_case_one_result(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)

    assert results_of(report) == {
        X: "right",
        Y: "different",
        "tests/aws/test_a.py::test_z": "not offered",
        "tests/aws/test_a.py::test_s": "not compared",
        "tests/aws/test_a.py::test_l": "harness",
        "tests/aws/test_a.py::test_e": "harness",
        "tests/aws/test_a.py::test_t": "harness",
        "tests/aws/test_a.py::test_n": "not compared",
        "tests/aws/test_a.py::test_d": "harness",
    }


@pytest.mark.parametrize(
    ("cases", "message"),
    [
        ("", "no case was run"),
        (
            '<testcase classname="" name="tests.test_a"><error/></testcase>',
            "tests.test_a could not",
        ),
    ],
)
def test_report_of_an_incomplete_run_is_refused(tmp_path: Path, cases: str, message: str) -> None:
    report = tmp_path / "report.xml"
    report.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")

    with pytest.raises(IncompleteRunError, match=message):
        results_of(report)


def test_page_counts_by_suite_and_lists_cases_by_name() -> None:
    results = {X: "right", X.replace("one", "t, wo"): "right", Y: "different"}
    results["tests/aws/test_a.py::test_s"] = "harness"

    text = page(results, commit="abc", not_run={"tests/b.py": "needs b"})

    assert "| tests/aws/test_a.py | 2 | 1 | 0 | 1 | 0 |\n| all | 2 | 1 | 0 | 1 | 0 |" in text
    assert "commit `abc`" in text
    assert "- `tests/b.py`: needs b" in text
    assert "- `TestA::test_x`: `one`, `t, wo`" in text
    assert "- `TestA::test_y`" in text.partition("## Different")[2]
    assert "test_s" not in text


def test_page_gives_back_the_cases_that_it_lists_as_right() -> None:
    right = {X, X.replace("one", "t, wo"), "tests/aws/b/test_b.py::test_plain"}
    results = dict.fromkeys(right, "right") | {Y: "different"}

    assert right_cases(page(results, commit="abc", not_run={})) == right


def test_case_no_longer_right_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "page.md"
    conclude({X: "right", Y: "different"}, commit="abc", target=target, check=False)

    assert conclude({X: "right", Y: "right"}, commit="abc", target=target, check=True) == 0
    assert conclude({X: "different"}, commit="abc", target=target, check=True) == 1
    assert capsys.readouterr().err == f"no longer right: {X}\n"
