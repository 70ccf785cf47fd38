"""The table of a request's states; every write of the other tests is held against it, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from vending.states import FINAL, FIRST, IN_FLIGHT, NEXT, State, may_follow


def test_every_state_is_in_flight_or_final_and_has_its_row_in_the_table() -> None:
    assert {*IN_FLIGHT, *FINAL} == set(State) == set(NEXT)
    assert not set(IN_FLIGHT) & set(FINAL)


def test_architecture_page_has_the_table_as_it_is() -> None:
    page = (Path(__file__).parents[3] / "docs" / "architecture.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| ") and line.split()[1] in set(State)
    ]

    written = {state: set(NEXT[state]) for state in State}
    assert {row[0]: {name for name in row[2].split(", ") if name} for row in rows} == written


@pytest.mark.parametrize("state", IN_FLIGHT)
def test_state_in_flight_can_fail_and_can_come_to_be_vended(state: State) -> None:
    reached, more = {state}, {state}
    while more:
        more = {after for before in more for after in NEXT[before]} - reached
        reached |= more

    assert State.FAILED in NEXT[state]
    assert State.VENDED in reached


@pytest.mark.parametrize("state", FINAL)
def test_ended_request_goes_on_by_a_new_execution_alone(state: State) -> None:
    assert not set(NEXT[state]) & set(IN_FLIGHT)
    assert may_follow(state, State.REQUESTED)


def test_step_that_is_repeated_may_write_its_state_again() -> None:
    assert all(may_follow(state, state) for state in State)


def test_row_begins_claimed_or_ended() -> None:
    assert [state for state in State if may_follow(None, state)] == list(FIRST)


@pytest.mark.parametrize(
    ("before", "after"),
    [("QUEUED", "VENDED"), ("BASELINING", "CREATING"), ("VENDED", "FAILED"), ("FAILED", "QUEUED")],
)
def test_what_the_table_lacks_may_not_follow(before: str, after: str) -> None:
    assert not may_follow(before, after)
