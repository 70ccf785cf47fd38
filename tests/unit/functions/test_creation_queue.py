"""The creation queue: never more than AWS allows, never slower than it must be, never stuck."""

from __future__ import annotations

import heapq
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vending.queueing.queue import (
    MAX_QUEUE_BYTES,
    NOTIFY_TIMEOUT,
    Lease,
    Queue,
    Quota,
    Slot,
)

QUOTA = Quota()
SLACK = Quota(slack_seconds=3.0)


def enqueue_all(count: int, now: float = 1000.0, quota: Quota = QUOTA) -> tuple[Queue, list[Slot]]:
    queue, slots = Queue(), []
    for number in range(count):
        queue, more = queue.enqueue(f"r{number}", now, quota)
        slots += more
    return queue, slots


def simulate(count: int, seconds: float, quota: Quota = QUOTA) -> list[float]:
    """Starts of `count` creations of `seconds` each, requested at once; each leaves when done."""
    now = 1000.0
    queue, slots = enqueue_all(count, now, quota)
    starts: list[float] = []
    ends: list[tuple[float, str]] = []
    while slots or ends:
        for slot in slots:
            starts.append(slot.start_at)
            heapq.heappush(ends, (slot.start_at + seconds, slot.request_id))
        now, done = heapq.heappop(ends)
        queue, slots = queue.release(done, now, quota)
    return sorted(start - 1000.0 for start in starts)


def test_burst_starts_at_once_and_the_rest_one_interval_apart() -> None:
    _, slots = enqueue_all(5)

    assert [slot.start_at for slot in slots] == [1000, 1000, 1000, 1010, 1020]


def test_sixth_waits_until_one_ends() -> None:
    queue, slots = enqueue_all(6)

    assert len(slots) == QUOTA.in_progress
    assert queue.waiting == ("r5",)
    queue, slots = queue.release("r0", 1100.0, QUOTA)
    assert slots == [Slot(request_id="r5", start_at=1100.0)]
    assert queue.waiting == ()


def test_queue_that_is_full_turns_away_and_has_room_again_later() -> None:
    long = "x" * 60
    waiting = tuple(f"{number:04}{long}" for number in range(MAX_QUEUE_BYTES // 65 + 1))
    leases = {f"r{n}": Lease(start_at=0, until=2000) for n in range(QUOTA.in_progress)}
    full = Queue(waiting=waiting, leases=leases)

    queue, slots = full.enqueue("late", 1000.0, QUOTA)
    assert (queue.waiting, slots) == (waiting, [])
    for name in ("r0", "r1"):
        queue, slots = queue.release(name, 1000.0, QUOTA)
        assert len(slots) == 1
    queue, _ = queue.enqueue("late", 1000.0, QUOTA)
    assert queue.waiting[-1] == "late"


def test_burst_comes_back_after_a_quiet_time() -> None:
    queue, _ = enqueue_all(3)
    for number in range(3):
        queue, _ = queue.release(f"r{number}", 1003.0, QUOTA)

    slots = []
    for number in range(3):
        queue, more = queue.enqueue(f"later{number}", 1030.0, QUOTA)
        slots += more

    assert [slot.start_at for slot in slots] == [1030, 1030, 1030]


def test_entering_twice_is_entering_once() -> None:
    queue, _ = enqueue_all(6)

    queued_again, slots = queue.enqueue("r5", 1001.0, QUOTA)
    placed_again, again = queue.enqueue("r0", 1001.0, QUOTA)

    assert (queued_again.waiting, slots) == (("r5",), [])
    assert placed_again.leases == queue.leases
    assert again == [Slot(request_id="r0", start_at=1001.0)]


def test_slot_of_the_dead_is_free_when_its_lease_ends() -> None:
    queue, _ = enqueue_all(6)

    _, too_early = queue.enqueue("new", 1000.0 + QUOTA.lease_seconds - 1, QUOTA)
    _, in_time = queue.enqueue("new", 1000.0 + QUOTA.lease_seconds, QUOTA)

    assert too_early == []
    assert [slot.request_id for slot in in_time] == ["r5", "new"]


def test_lease_that_is_renewed_is_kept() -> None:
    queue, _ = enqueue_all(6)
    queue = queue.renew("r0", 1000.0 + QUOTA.lease_seconds - 1, QUOTA)

    queue, _ = queue.enqueue("new", 1000.0 + QUOTA.lease_seconds + 1, QUOTA)

    assert "r0" in queue.leases


def test_creation_seen_in_progress_has_a_lease_even_where_its_lease_ran_out() -> None:
    late = 1000.0 + QUOTA.lease_seconds + 100

    queue = Queue(waiting=("r0",)).renew("r0", late, QUOTA)

    assert (queue.waiting, queue.leases["r0"].until) == ((), late + QUOTA.lease_seconds)


def test_slot_that_nobody_sent_before_its_lease_ran_out_is_given_again_first() -> None:
    queue, _ = enqueue_all(7)
    queue, _ = queue.release("r0", 1001.0, QUOTA)
    assert queue.leases["r5"].notifier == "r0"

    queue, slots = queue.enqueue("new", queue.leases["r5"].until + 1, QUOTA)

    assert [slot.request_id for slot in slots] == ["r5", "r6", "new"]


def test_refusal_cools_the_queue_down_and_keeps_the_refused_in_front() -> None:
    queue, _ = enqueue_all(7)

    queue, slots = queue.back_off("r0", 1000.0, QUOTA)

    assert slots == [Slot(request_id="r0", start_at=1030.0)]  # after the slots already given
    assert queue.waiting == ("r5", "r6")


def test_nobody_starts_while_the_queue_cools_down() -> None:
    queue, _ = enqueue_all(1)
    queue, _ = queue.back_off("r0", 1000.0, QUOTA)

    queue, (slot,) = queue.enqueue("r1", 1001.0, QUOTA)

    assert slot.start_at == 1020.0


def test_refusals_in_a_row_rest_longer_and_longer() -> None:
    queue, _ = enqueue_all(1)
    now, rests = 1000.0, []

    for _ in range(5):
        queue, (slot,) = queue.back_off("r0", now, QUOTA)
        rests.append(slot.start_at - now)
        now = slot.start_at

    assert rests == [10, 20, 40, 60, 60]


def test_refusal_long_after_the_last_starts_small_again() -> None:
    queue, _ = enqueue_all(1)
    queue, _ = queue.back_off("r0", 1000.0, QUOTA)
    queue, _ = queue.back_off("r0", 1010.0, QUOTA)

    queue, (slot,) = queue.back_off("r0", 2000.0, QUOTA)

    assert slot.start_at == 2010.0


@pytest.mark.parametrize("seconds", [3.0, 30.0, 45.0, 60.0, 600.0])
@pytest.mark.parametrize("count", [100, 1000])  # make bench does 10,000
def test_many_at_once_take_no_longer_than_the_quota_makes_them(count: int, seconds: float) -> None:
    starts = simulate(count, seconds)

    by_rate = (count - QUOTA.burst) * QUOTA.interval + seconds
    by_places = count / QUOTA.in_progress * seconds
    assert starts[-1] + seconds <= 1.01 * max(by_rate, by_places) + 2 * QUOTA.interval


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["enqueue", "release", "back_off", "renew"]),
            st.integers(0, 8),
            st.floats(0, 400),
        ),
        max_size=60,
    )
)
def test_no_order_of_things_exceeds_the_quota(steps: list[tuple[str, int, float]]) -> None:
    queue, now = Queue(), 1000.0
    starts: dict[str, float] = {}
    spent: list[float] = []

    for step, number, pause in steps:
        now += pause
        request_id = f"r{number}"
        held = request_id in queue.leases
        if step in {"back_off", "renew"} and not held:
            continue  # only who had a slot is refused, or creates
        if step == "renew":
            queue, slots = queue.renew(request_id, now, QUOTA), []
        else:
            queue, slots = getattr(queue, step)(request_id, now, QUOTA)
        for slot in slots:
            assert slot.start_at >= now
            if not (step == "enqueue" and held and slot.request_id == request_id):
                starts[slot.request_id] = slot.start_at
                spent.append(slot.start_at)
        assert len(queue.leases) <= QUOTA.in_progress
        assert not set(queue.leases) & set(queue.waiting)
        assert len(set(queue.waiting)) == len(queue.waiting)

    ordered = sorted(spent)
    for first, fourth in zip(ordered, ordered[QUOTA.burst :], strict=False):
        assert fourth - first >= QUOTA.interval - 1e-6
    for earlier, later in pairwise(ordered[:: QUOTA.burst]):
        assert later >= earlier


class Bucket:
    """AWS's side: a bucket of `burst` that fills at the rate, from when it is first used."""

    def __init__(self, quota: Quota) -> None:
        self.quota, self.level, self.at = quota, float(quota.burst), 0.0

    def takes(self, at: float) -> bool:
        filled = self.level + (at - self.at) * self.quota.rate_per_second
        self.level, self.at = min(self.quota.burst, filled), at
        if self.level < 1 - 1e-9:
            return False
        self.level -= 1
        return True


@pytest.mark.parametrize("quota", [SLACK, replace(SLACK, burst=1), replace(SLACK, in_progress=50)])
@given(
    st.lists(st.floats(0, SLACK.slack_seconds), min_size=40, max_size=40),
    st.floats(0, 100),
)
def test_calls_that_come_late_within_the_slack_are_none_too_many(
    quota: Quota, delays: list[float], seconds: float
) -> None:
    queue, slots = enqueue_all(len(delays), quota=quota)
    calls: list[float] = []
    ends: list[tuple[float, str]] = []
    while slots or ends:
        for slot in slots:
            calls.append(slot.start_at + delays[len(calls)])
            heapq.heappush(ends, (calls[-1] + seconds, slot.request_id))
        now, done = heapq.heappop(ends)
        queue, slots = queue.release(done, now, quota)

    bucket = Bucket(quota)
    assert all(bucket.takes(at) for at in sorted(calls))


def test_slot_says_who_has_to_notify_its_holder_until_that_is_done() -> None:
    queue, _ = enqueue_all(6)

    queue, (slot,) = queue.release("r0", 1100.0, QUOTA)

    assert queue.pending_notifications("r0", 1100.0) == [slot]
    assert queue.pending_notifications("r1", 1100.0) == []
    assert queue.pending_notifications("r1", 1100.0 + NOTIFY_TIMEOUT + 1) == [
        Slot(request_id="r5", start_at=1100.0 + NOTIFY_TIMEOUT + 1)
    ]
    assert queue.with_notified(["r5"]).pending_notifications("r0", 1100.0) == []


def test_own_slot_needs_no_telling() -> None:
    queue, _ = enqueue_all(5)

    assert [queue.pending_notifications(f"r{number}", 2000.0) for number in range(5)] == [[]] * 5


def test_who_comes_again_for_a_slot_in_the_future_gets_the_same_moment() -> None:
    queue, _ = enqueue_all(5)

    _, slots = queue.enqueue("r4", 1001.0, QUOTA)

    assert slots == [Slot(request_id="r4", start_at=1020.0)]


def test_slot_that_nobody_uses_costs_nobody_a_moment() -> None:
    queue, _ = enqueue_all(7)
    queue, (slot,) = queue.release("r0", 1001.0, QUOTA)

    queue, (next_slot,) = queue.reclaim(slot.request_id, "r0", 1001.0, QUOTA)

    assert (slot.request_id, next_slot.request_id) == ("r5", "r6")
    assert next_slot.start_at == slot.start_at
    assert queue.reclaim("r5", "r0", 1002.0, QUOTA) == (queue, [])


def test_used_slot_is_replaced_by_the_next_one_before_all_who_wait() -> None:
    queue, _ = enqueue_all(6)

    queue, (slot,) = queue.requeue("r0", 1030.0, QUOTA)

    assert slot == Slot(request_id="r0", start_at=1030.0)
    assert queue.waiting == ("r5",)


def test_refusals_of_slots_given_before_the_rest_lengthen_nothing() -> None:
    queue, _ = enqueue_all(3)
    queue, _ = queue.back_off("r0", 1000.0, QUOTA)
    cooldown_until = queue.cooldown_until

    for request_id in ("r1", "r2"):
        queue, _ = queue.back_off(request_id, 1001.0, QUOTA)

    assert (queue.cooldown_until, queue.consecutive_throttles) == (cooldown_until, 1)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30, unique=True), st.floats(0, 200))
def test_everybody_gets_a_slot_in_the_order_of_asking(numbers: list[int], seconds: float) -> None:
    queue, now, order = Queue(), 1000.0, []
    ends: list[tuple[float, int, str]] = []

    def take(slots: list[Slot]) -> None:
        for slot in slots:
            order.append(slot.request_id)
            heapq.heappush(ends, (slot.start_at + seconds, len(order), slot.request_id))

    for number in numbers:
        queue, slots = queue.enqueue(f"r{number}", now, QUOTA)
        take(slots)
    while ends:
        now, _, done = heapq.heappop(ends)
        queue, slots = queue.release(done, now, QUOTA)
        take(slots)

    assert order == [f"r{number}" for number in numbers]
    assert (queue.leases, queue.waiting) == ({}, ())
