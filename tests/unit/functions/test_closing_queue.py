"""The queue under a rolling period's quota, and beside others who use the same quota up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vending.queueing.queue import (
    DAY,
    MOMENTS_DIFFER_BY,
    Observed,
    Period,
    Queue,
    Quota,
    Slot,
)

NOW = 1_800_000_000.0
PERIOD = Period(seconds=30 * DAY, least=2, share=0.2, most=4)
QUOTA = Quota(
    rate_per_second=0.05,
    burst=1,
    in_progress=3,
    lease_seconds=3_600.0,
    max_cooldown=600.0,
    period=PERIOD,
)


def closed(queue: Queue, accounts: int, at: float) -> tuple[Queue, float]:
    """The queue once so many accounts were closed, one after another."""
    for number in range(accounts):
        queue, slots = queue.enqueue(f"closed-{at}-{number}", at, QUOTA)
        (slot,) = slots
        at = slot.start_at
        queue, _ = queue.release(slot.request_id, at, QUOTA)
    return queue, at


@pytest.mark.parametrize(
    ("members", "number"), [(0, 250), (999, 250), (1_250, 250), (1_255, 251), (9_000, 1_000)]
)
def test_number_in_the_period_is_of_the_members_between_the_least_and_the_most(
    members: int, number: int
) -> None:
    assert Period().number(members) == number


def test_slot_beyond_the_period_is_not_handed_out_days_ahead() -> None:
    queue, at = closed(Queue(), 2, NOW)

    queue, slots = queue.enqueue("third", at, QUOTA)

    assert slots == []
    assert queue.waiting == ("third",)
    assert queue.leases == {}


def test_slot_comes_when_the_first_use_leaves_the_period() -> None:
    queue, at = closed(Queue(), 2, NOW)
    queue, _ = queue.enqueue("third", at, QUOTA)
    near = NOW + PERIOD.seconds - 60

    queue, slots = queue.enqueue("third", near, QUOTA)

    assert slots == [Slot(request_id="third", start_at=NOW + PERIOD.seconds + MOMENTS_DIFFER_BY)]
    assert queue.waiting == ()


def test_more_members_allow_more_in_the_period() -> None:
    queue, at = closed(Queue(), 2, NOW)
    queue, _ = queue.enqueue("third", at, QUOTA)

    queue, slots = queue.observe(Observed(at=at, members=15), "looker", at, QUOTA)

    assert [slot.request_id for slot in slots] == ["third"]


def test_use_that_aws_refused_does_not_count_in_the_period() -> None:
    queue, at = closed(Queue(), 1, NOW)
    queue, _ = queue.enqueue("refused", at, QUOTA)

    queue, slots = queue.back_off("refused", at + 20, QUOTA)

    assert len(queue.uses) == 2  # the first, and the next slot of the one that was refused
    assert [slot.request_id for slot in slots] == ["refused"]


def test_slot_that_nobody_will_use_does_not_count_in_the_period() -> None:
    queue, at = closed(Queue(), 1, NOW)
    queue, _ = queue.enqueue("restored", at, QUOTA)

    queue, _ = queue.reclaim("restored", "restored", at, QUOTA)

    assert len(queue.uses) == 1


def test_what_others_have_in_progress_takes_places() -> None:
    theirs = frozenset({"a", "b", "c"})
    queue, _ = Queue().observe(Observed(at=NOW, in_progress=theirs), "looker", NOW, QUOTA)

    queue, slots = queue.enqueue("ours", NOW, QUOTA)
    assert slots == []

    done = Observed(at=NOW + 600, ended=theirs, members=20)
    queue, slots = queue.observe(done, "looker", NOW + 600, QUOTA)
    assert [slot.request_id for slot in slots] == ["ours"]


def test_our_own_use_is_not_taken_for_anothers() -> None:
    queue, _ = Queue().enqueue("ours", NOW, QUOTA)

    queue, _ = queue.observe(
        Observed(at=NOW + 30, in_progress=frozenset({"ours"})), "looker", NOW + 30, QUOTA
    )

    assert queue.observed.in_progress == frozenset()
    assert len(queue.uses) == 1


def test_what_we_closed_is_not_taken_for_anothers_however_late_somebody_looks() -> None:
    queue, _ = Queue().observe(Observed(at=NOW, members=5), "looker", NOW, QUOTA)
    queue, at = closed(queue, 1, NOW)
    ours = frozenset(queue.uses)
    late = at + 80 * DAY

    queue, _ = queue.observe(Observed(at=late, ended=ours), "looker", late, QUOTA)
    queue, slots = queue.enqueue("next", late, QUOTA)

    assert len(queue.uses) == 2
    assert [slot.request_id for slot in slots] == ["next"]


def test_what_others_closed_since_the_last_look_counts_in_the_period() -> None:
    queue, _ = Queue().observe(
        Observed(at=NOW, ended=frozenset({"long ago"})), "looker", NOW, QUOTA
    )
    assert queue.uses == {}

    queue, _ = queue.observe(
        Observed(at=NOW + 600, ended=frozenset({"long ago", "x", "y"})), "looker", NOW + 600, QUOTA
    )
    assert queue.uses == {"x": NOW + 600, "y": NOW + 600}
    queue, slots = queue.enqueue("ours", NOW + 600, QUOTA)
    assert slots == []


def test_refusal_for_the_period_is_a_wait_of_a_day_at_most() -> None:
    queue, at = closed(Queue(), 1, NOW)
    queue, _ = queue.enqueue("refused", at, QUOTA)

    queue, slots = queue.back_off_period("refused", at, QUOTA)

    assert slots == []
    assert queue.cooldown_until == at + DAY
    assert queue.waiting == ("refused",)
    queue, slots = queue.enqueue("refused", at + DAY, QUOTA)
    assert [slot.request_id for slot in slots] == ["refused"]


def test_refusal_for_the_period_ends_sooner_where_one_of_ours_leaves_it() -> None:
    queue, _ = closed(Queue(), 1, NOW)
    late = NOW + PERIOD.seconds - 3_600
    queue, _ = queue.enqueue("refused", late, QUOTA)

    queue, _ = queue.back_off_period("refused", late, QUOTA)

    assert queue.cooldown_until == NOW + PERIOD.seconds


def test_queue_without_a_period_keeps_no_moments() -> None:
    quota = replace(QUOTA, period=None)

    queue, _ = Queue().enqueue("one", NOW, quota)

    assert queue.uses == {}


@given(
    st.lists(st.floats(0, 3 * DAY), min_size=30, max_size=30),
    st.lists(st.booleans(), min_size=30, max_size=30),
)
def test_no_more_are_used_in_any_period_than_it_allows(
    pauses: list[float], refusals: list[bool]
) -> None:
    queue, at, used = Queue(), NOW, list[float]()
    for number, (pause, is_refused) in enumerate(zip(pauses, refusals, strict=True)):
        at += pause
        queue, slots = queue.enqueue(f"account-{number}", at, QUOTA)
        for slot in slots:
            if is_refused:
                queue, _ = queue.back_off(slot.request_id, slot.start_at, QUOTA)
            else:
                used.append(slot.start_at)
                queue, _ = queue.release(slot.request_id, slot.start_at, QUOTA)

    number = PERIOD.number(0)
    for first, beyond in zip(sorted(used), sorted(used)[number:], strict=False):
        assert beyond - first >= PERIOD.seconds
