"""Late is not new: the newest submission stays, however submissions are reordered and repeated."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.functions.world import EXECUTION
from vending.authorization.sender import Sender
from vending.ledger.submissions import Submission, after, is_late, newer_of

STARTED = "2026-11-28T10:00:05.250Z"


def submission(second: int, name: str = "") -> Submission:
    return Submission(time=f"2026-11-28T10:00:{second:02}Z", id=name or f"event-{second}")


def delivered(submissions: list[Submission]) -> tuple[Submission | None, Any]:
    """The submission that stands after these deliveries, and what is remembered of it."""
    stands, newest = None, None
    for one in submissions:
        if not is_late(one, newest):
            stands, newest = one, after(newest, one)
    return stands, newest


@given(st.lists(st.integers(0, 9), min_size=1))
def test_newest_submission_stands_whatever_the_order_of_deliveries(seconds: list[int]) -> None:
    stands, _ = delivered([submission(second) for second in seconds])

    assert stands == submission(max(seconds))


@given(
    firsts=st.lists(st.sampled_from("abcdef"), min_size=1, unique=True),
    again=st.lists(st.integers(0, 5)),
)
@settings(max_examples=200)
def test_submission_of_the_same_second_is_not_new_again(
    firsts: list[str], again: list[int]
) -> None:
    repeated = [firsts[number % len(firsts)] for number in again]

    stands, _ = delivered([submission(1, name) for name in [*firsts, *repeated]])

    assert stands == submission(1, firsts[-1])


def test_newest_submission_itself_is_not_late() -> None:
    assert not is_late(submission(1), after(None, submission(1)))


def test_submission_of_an_unknown_time_is_not_late_and_changes_no_order() -> None:
    newest = after(None, submission(1))

    assert not is_late(None, newest)
    assert after(newest, None) == newest


@pytest.mark.parametrize(
    ("sender", "started_at", "expected"),
    [
        (Sender(event_id="e", sent_at="2026-11-28T10:00:01Z"), STARTED, ("10:00:01", "e")),
        (Sender(event_id="e", sent_at="2026-11-28T12:00:01+02:00"), STARTED, ("10:00:01", "e")),
        (Sender(event_id="e", sent_at="2099-01-01T00:00:00Z"), STARTED, ("10:00:05", "e")),
        (Sender(event_id="e", sent_at="yesterday"), STARTED, ("10:00:05", "e")),
        (Sender(), STARTED, ("10:00:05", EXECUTION)),
        (Sender(event_id="e", sent_at="2026-11-28T10:00:01Z"), None, ("10:00:01", "e")),
        (Sender(), None, None),
    ],
    ids=["event", "zone", "future", "no time", "by hand", "no start", "nothing"],
)
def test_submission_is_as_old_as_its_event_or_its_execution(
    sender: Sender, started_at: str | None, expected: tuple[str, str] | None
) -> None:
    found = Submission.of(
        event_id=sender.event_id,
        sent_at=sender.sent_at,
        started_at=started_at,
        execution_arn=EXECUTION,
    )

    assert (None if found is None else (found.time[11:19], found.id)) == expected


@pytest.mark.parametrize("turned", [False, True])
def test_newer_of_two_orders(turned: bool) -> None:
    first, second = after(None, submission(1)), after(None, submission(2))
    longer = after(second, submission(2, "another"))

    pairs = [(first, second, second), (None, first, first), (second, longer, longer)]
    for one, other, newer in pairs:
        assert (newer_of(other, one) if turned else newer_of(one, other)) == newer
