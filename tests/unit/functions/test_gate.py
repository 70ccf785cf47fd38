"""The creation gate: never more than AWS allows, never slower than it must be, never stuck."""

from __future__ import annotations

import heapq
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vending.creation.queue import LONGEST_QUEUE, TELLING_TAKES, Gate, Place, Quota, Turn

QUOTA = Quota()
SLACK = Quota(slack_seconds=3.0)


def enter_all(count: int, now: float = 1000.0, quota: Quota = QUOTA) -> tuple[Gate, list[Turn]]:
    gate, turns = Gate(), []
    for number in range(count):
        gate, more = gate.enter(f"r{number}", now, quota)
        turns += more
    return gate, turns


def simulate(count: int, seconds: float, quota: Quota = QUOTA) -> list[float]:
    """Starts of `count` creations of `seconds` each, requested at once; each leaves when done."""
    now = 1000.0
    gate, turns = enter_all(count, now, quota)
    starts: list[float] = []
    ends: list[tuple[float, str]] = []
    while turns or ends:
        for turn in turns:
            starts.append(turn.start_at)
            heapq.heappush(ends, (turn.start_at + seconds, turn.request_id))
        now, done = heapq.heappop(ends)
        gate, turns = gate.leave(done, now, quota)
    return sorted(start - 1000.0 for start in starts)


def test_burst_starts_at_once_and_the_rest_one_interval_apart() -> None:
    _, turns = enter_all(5)

    assert [turn.start_at for turn in turns] == [1000, 1000, 1000, 1010, 1020]


def test_sixth_waits_for_a_place() -> None:
    gate, turns = enter_all(6)

    assert len(turns) == QUOTA.in_progress
    assert gate.queue == ("r5",)
    gate, turns = gate.leave("r0", 1100.0, QUOTA)
    assert turns == [Turn(request_id="r5", start_at=1100.0)]
    assert gate.queue == ()


def test_queue_that_is_full_turns_away_without_a_place_and_has_room_again_later() -> None:
    long = "x" * 60
    queue = tuple(f"{number:04}{long}" for number in range(LONGEST_QUEUE // 67 + 1))
    places = {f"r{n}": Place(start_at=0, until=2000) for n in range(QUOTA.in_progress)}
    full = Gate(queue=queue, places=places)

    gate, turns = full.enter("late", 1000.0, QUOTA)
    assert (gate.queue, turns) == (queue, [])
    for name in ("r0", "r1"):
        gate, turns = gate.leave(name, 1000.0, QUOTA)
        assert len(turns) == 1
    gate, _ = gate.enter("late", 1000.0, QUOTA)
    assert gate.queue[-1] == "late"


def test_burst_comes_back_after_a_quiet_time() -> None:
    gate, _ = enter_all(3)
    for number in range(3):
        gate, _ = gate.leave(f"r{number}", 1003.0, QUOTA)

    turns = []
    for number in range(3):
        gate, more = gate.enter(f"later{number}", 1030.0, QUOTA)
        turns += more

    assert [turn.start_at for turn in turns] == [1030, 1030, 1030]


def test_entering_twice_is_entering_once() -> None:
    gate, _ = enter_all(6)

    queued_again, turns = gate.enter("r5", 1001.0, QUOTA)
    placed_again, again = gate.enter("r0", 1001.0, QUOTA)

    assert (queued_again.queue, turns) == (("r5",), [])
    assert placed_again.places == gate.places
    assert again == [Turn(request_id="r0", start_at=1001.0)]


def test_place_of_the_dead_is_free_when_its_lease_ends() -> None:
    gate, _ = enter_all(6)

    _, too_early = gate.enter("new", 1000.0 + QUOTA.lease_seconds - 1, QUOTA)
    _, in_time = gate.enter("new", 1000.0 + QUOTA.lease_seconds, QUOTA)

    assert too_early == []
    assert [turn.request_id for turn in in_time] == ["r5", "new"]


def test_place_that_is_renewed_is_kept() -> None:
    gate, _ = enter_all(6)
    gate = gate.renew("r0", 1000.0 + QUOTA.lease_seconds - 1, QUOTA)

    gate, _ = gate.enter("new", 1000.0 + QUOTA.lease_seconds + 1, QUOTA)

    assert "r0" in gate.places


def test_creation_seen_in_progress_has_a_place_even_where_its_lease_ran_out() -> None:
    late = 1000.0 + QUOTA.lease_seconds + 100

    gate = Gate(queue=("r0",)).renew("r0", late, QUOTA)

    assert (gate.queue, gate.places["r0"].until) == ((), late + QUOTA.lease_seconds)


def test_turn_that_nobody_told_before_its_lease_ran_out_is_given_again_first() -> None:
    gate, _ = enter_all(7)
    gate, _ = gate.leave("r0", 1001.0, QUOTA)
    assert gate.places["r5"].teller == "r0"

    gate, turns = gate.enter("new", gate.places["r5"].until + 1, QUOTA)

    assert [turn.request_id for turn in turns] == ["r5", "r6", "new"]


def test_refusal_rests_the_gate_and_keeps_the_refused_in_front() -> None:
    gate, _ = enter_all(7)

    gate, turns = gate.refused("r0", 1000.0, QUOTA)

    assert turns == [Turn(request_id="r0", start_at=1030.0)]  # after the turns already given
    assert gate.queue == ("r5", "r6")


def test_nobody_starts_while_the_gate_rests() -> None:
    gate, _ = enter_all(1)
    gate, _ = gate.refused("r0", 1000.0, QUOTA)

    gate, (turn,) = gate.enter("r1", 1001.0, QUOTA)

    assert turn.start_at == 1020.0


def test_refusals_in_a_row_rest_longer_and_longer() -> None:
    gate, _ = enter_all(1)
    now, rests = 1000.0, []

    for _ in range(5):
        gate, (turn,) = gate.refused("r0", now, QUOTA)
        rests.append(turn.start_at - now)
        now = turn.start_at

    assert rests == [10, 20, 40, 60, 60]


def test_refusal_long_after_the_last_starts_small_again() -> None:
    gate, _ = enter_all(1)
    gate, _ = gate.refused("r0", 1000.0, QUOTA)
    gate, _ = gate.refused("r0", 1010.0, QUOTA)

    gate, (turn,) = gate.refused("r0", 2000.0, QUOTA)

    assert turn.start_at == 2010.0


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
            st.sampled_from(["enter", "leave", "refused", "renew"]),
            st.integers(0, 8),
            st.floats(0, 400),
        ),
        max_size=60,
    )
)
def test_no_order_of_things_exceeds_the_quota(steps: list[tuple[str, int, float]]) -> None:
    gate, now = Gate(), 1000.0
    starts: dict[str, float] = {}
    spent: list[float] = []

    for step, number, pause in steps:
        now += pause
        request_id = f"r{number}"
        held = request_id in gate.places
        if step in {"refused", "renew"} and not held:
            continue  # only who had a turn is refused, or creates
        if step == "renew":
            gate, turns = gate.renew(request_id, now, QUOTA), []
        else:
            gate, turns = getattr(gate, step)(request_id, now, QUOTA)
        for turn in turns:
            assert turn.start_at >= now
            if not (step == "enter" and held and turn.request_id == request_id):
                starts[turn.request_id] = turn.start_at
                spent.append(turn.start_at)
        assert len(gate.places) <= QUOTA.in_progress
        assert not set(gate.places) & set(gate.queue)
        assert len(set(gate.queue)) == len(gate.queue)

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
    gate, turns = enter_all(len(delays), quota=quota)
    calls: list[float] = []
    ends: list[tuple[float, str]] = []
    while turns or ends:
        for turn in turns:
            calls.append(turn.start_at + delays[len(calls)])
            heapq.heappush(ends, (calls[-1] + seconds, turn.request_id))
        now, done = heapq.heappop(ends)
        gate, turns = gate.leave(done, now, quota)

    bucket = Bucket(quota)
    assert all(bucket.takes(at) for at in sorted(calls))


def test_turn_says_who_has_to_tell_it_until_it_is_told() -> None:
    gate, _ = enter_all(6)

    gate, (turn,) = gate.leave("r0", 1100.0, QUOTA)

    assert gate.untold("r0", 1100.0) == [turn]
    assert gate.untold("r1", 1100.0) == []
    assert gate.untold("r1", 1100.0 + TELLING_TAKES + 1) == [
        Turn(request_id="r5", start_at=1100.0 + TELLING_TAKES + 1)
    ]
    assert gate.told(["r5"]).untold("r0", 1100.0) == []


def test_own_turn_needs_no_telling() -> None:
    gate, _ = enter_all(5)

    assert [gate.untold(f"r{number}", 2000.0) for number in range(5)] == [[]] * 5


def test_who_comes_again_for_a_turn_in_the_future_gets_the_same_moment() -> None:
    gate, _ = enter_all(5)

    _, turns = gate.enter("r4", 1001.0, QUOTA)

    assert turns == [Turn(request_id="r4", start_at=1020.0)]


def test_turn_that_nobody_uses_costs_nobody_a_moment() -> None:
    gate, _ = enter_all(7)
    gate, (turn,) = gate.leave("r0", 1001.0, QUOTA)

    gate, (next_turn,) = gate.forfeit(turn.request_id, "r0", 1001.0, QUOTA)

    assert (turn.request_id, next_turn.request_id) == ("r5", "r6")
    assert next_turn.start_at == turn.start_at
    assert gate.forfeit("r5", "r0", 1002.0, QUOTA) == (gate, [])


def test_used_turn_is_replaced_by_the_next_one_before_all_who_wait() -> None:
    gate, _ = enter_all(6)

    gate, (turn,) = gate.again("r0", 1030.0, QUOTA)

    assert turn == Turn(request_id="r0", start_at=1030.0)
    assert gate.queue == ("r5",)


def test_refusals_of_turns_given_before_the_rest_lengthen_nothing() -> None:
    gate, _ = enter_all(3)
    gate, _ = gate.refused("r0", 1000.0, QUOTA)
    resting_until = gate.resting_until

    for request_id in ("r1", "r2"):
        gate, _ = gate.refused(request_id, 1001.0, QUOTA)

    assert (gate.resting_until, gate.refusals) == (resting_until, 1)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30, unique=True), st.floats(0, 200))
def test_everybody_gets_a_turn_in_the_order_of_asking(numbers: list[int], seconds: float) -> None:
    gate, now, order = Gate(), 1000.0, []
    ends: list[tuple[float, int, str]] = []

    def take(turns: list[Turn]) -> None:
        for turn in turns:
            order.append(turn.request_id)
            heapq.heappush(ends, (turn.start_at + seconds, len(order), turn.request_id))

    for number in numbers:
        gate, turns = gate.enter(f"r{number}", now, QUOTA)
        take(turns)
    while ends:
        now, _, done = heapq.heappop(ends)
        gate, turns = gate.leave(done, now, QUOTA)
        take(turns)

    assert order == [f"r{number}" for number in numbers]
    assert (gate.places, gate.queue) == ({}, ())
