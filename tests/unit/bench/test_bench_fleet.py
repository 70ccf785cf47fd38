"""What the bench says of a fleet, and that a fleet which is changed unasked breaks its limits."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import pytest

from bench.fleet import Outcome, Schedule, report
from bench.machine import Usage

KEPT = Outcome(
    written=100,
    recorded=100,
    reads=Counter(GetAlternateContact=300),
    adoption_writes=frozenset({"dynamodb:TransactWriteItems"}),
    seconds=30.0,
    slowest=30.0,
    planned=0,
    plan_reads=Counter(ListAccounts=6),
    edited=5,
    executions=5,
    revisions=5,
    settled=0,
    writes=(),
)
USAGE = Usage(real=1.0, embedded=1.0, functions=None)


def test_fleet_that_does_what_its_files_say_keeps_every_limit() -> None:
    made = report(KEPT, 100, 5, USAGE)

    assert made.is_kept
    assert made.table == [["100", "300", "30.0 s", "1.000", "5", "5"]]


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"recorded": 99}, "accounts not adopted"),
        ({"planned": 1}, "accounts that differ right after the adoption"),
        ({"edited": 4}, "accounts planned other than those edited"),
        ({"executions": 6}, "executions other than one for each edit"),
        ({"revisions": 4}, "accounts edited without a second revision"),
        ({"settled": 2}, "accounts that differ at the end"),
        ({"writes": ("events:PutEvents",)}, "calls that write where nothing differs"),
        ({"seconds": 33.1}, "adoption / calls of its slowest operation"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_fleet_that_does_other_than_its_files_say_exceeds_a_limit(
    changes: dict[str, Any], limit: str
) -> None:
    made = report(dataclasses.replace(KEPT, **changes), 100, 5, USAGE)

    assert [one.name for one in made.measurements if not one.is_kept] == [limit]


def test_schedule_takes_as_long_as_the_rate_asks_for() -> None:
    schedule = Schedule()

    for _ in range(300):
        schedule.wait("GetAlternateContact")

    assert schedule.seconds("GetAlternateContact") == pytest.approx(300 / 10, rel=0.03)
    assert schedule.seconds("ListTagsForResource") == 0
