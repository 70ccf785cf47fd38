"""How often the workflow looks whether AWS has made an account, by its definition."""

from __future__ import annotations

import pytest

from embedded.jsonata.evaluator import evaluate, parse
from operations.describe_create_account_status import TOLERATED_DELAY, TOLERATED_SHARE
from tests.unit.test_definitions import DEFINITIONS

HOUR = 3600
STATES = DEFINITIONS["account_vending"]["States"]


def seconds(text: str, waited: float) -> float:
    expression = text.replace("${LeastPollSeconds}", "3").removeprefix("{%").removesuffix("%}")
    variables = {"creationStartedAt": 0}
    return float(evaluate(parse(expression.strip()), variables, millis=int(waited * 1000)))


def pause(waited: float) -> float:
    """Until the next look where no event is sure to come."""
    return seconds(STATES["WaitForAccount"]["Seconds"], waited)


def patience(waited: float) -> float:
    """Until the next look where an event was sure to come."""
    return seconds(STATES["DescribeCreateAccountStatus"]["TimeoutSeconds"], waited)


@pytest.mark.parametrize("waited", [0, 3, 30, 120, 600, 2 * HOUR])
def test_account_is_seen_in_the_time_that_is_tolerated(waited: float) -> None:
    assert pause(0) == 3
    assert 3 <= pause(waited) <= TOLERATED_DELAY + waited * TOLERATED_SHARE


def test_looks_without_events_are_bounded_in_number() -> None:
    looks, waited = 0, 0.0
    while waited < 2 * HOUR:
        waited += pause(waited)
        looks += 1

    assert looks <= 115


def test_looks_where_events_report_are_a_few() -> None:
    looks, waited, by_time = 1, 3.0, {}
    while waited < 2 * HOUR:
        waited += patience(waited)
        looks += 1
        by_time[waited] = looks

    assert max(looks for at, looks in by_time.items() if at <= 600) <= 2
    assert looks <= 7


@pytest.mark.parametrize("waited", [3, 599, 5 * HOUR, 6 * HOUR - 1])
def test_wait_for_an_event_ends_soon_after_the_longest_that_a_creation_may_take(
    waited: float,
) -> None:
    assert patience(waited) >= 300
    assert waited + patience(waited) <= max(6 * HOUR, waited) + 360
