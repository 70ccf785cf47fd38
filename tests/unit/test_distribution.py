"""How tests are given to workers: what stays together, and what is begun first."""

from __future__ import annotations

from pathlib import Path

from tests.distribution import SECONDS, TOGETHER, in_order, unit

ROOT = Path(__file__).parents[2]


def test_tests_of_a_file_or_of_a_package_that_shares_much_are_one_unit() -> None:
    first, second = "tests/unit/test_a.py::test_one", "tests/unit/test_a.py::TestMore::test_two[a]"

    assert unit(first) == unit(second) == "tests/unit/test_a.py"
    assert unit("tests/abuse/test_a.py::test_one") == unit("tests/abuse/test_b.py::test_one")


def test_longest_unit_of_a_package_is_begun_first_and_quick_packages_come_last() -> None:
    tests = [
        "tests/unit/test_many.py::test_one",
        "tests/unit/test_many.py::test_two",
        "tests/workflow/engine/test_states.py::test_one",
        "tests/workflow/test_few.py::test_one",
        "tests/workflow/test_many.py::test_one",
        "tests/workflow/test_many.py::test_two",
        "tests/unknown/test_new.py::test_one",
    ]

    assert in_order(tests) == [
        "tests/workflow/test_many.py",
        "tests/workflow/test_few.py",
        "tests/workflow/engine/test_states.py",
        "tests/unit/test_many.py",
        "tests/unknown/test_new.py",
    ]


def test_places_are_those_that_there_are() -> None:
    named = {*SECONDS, *TOGETHER}

    assert [place for place in named if not (ROOT / place).exists()] == []
    packages = {
        f"tests/{file.relative_to(ROOT / 'tests').parts[0]}/"
        for file in (ROOT / "tests").rglob("test_*.py")
    }
    assert packages <= named
