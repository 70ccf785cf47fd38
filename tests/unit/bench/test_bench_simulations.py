"""What the bench computes by itself: queue, schedules, times, prices, speed."""

from __future__ import annotations

import io
import math

import pytest

from bench import __main__ as command
from bench import documents
from bench.bounds import makespan_bound
from bench.closures_alone import (
    GRACE_SECONDS,
    PERIOD,
    closing_bound,
)
from bench.closures_alone import simulate as simulate_closures
from bench.histories import added_time, lambda_runs, retries, states_entered
from bench.machine import Meter
from bench.one_request import PEERS
from bench.peers import follow
from bench.prices import Use
from bench.queue_alone import PACES, Pace, polled, simulate
from bench.random_faults import RandomFaults
from bench.results import Measurement, Report
from bench.schedules import SCHEDULES
from bench.system import Event
from embedded.core.principal import Principal, caller
from tests.grids import few

BY_NAME = {schedule.name: schedule for schedule in SCHEDULES}


def event(kind: str, at: float, name: str = "", **details: str) -> Event:
    return Event(kind=kind, at=at, details={"name": name, **details})


@pytest.mark.parametrize("pace", PACES, ids=lambda pace: pace.name)
@pytest.mark.parametrize("seconds", [3.0, 30.0])
def test_queue_alone_comes_near_the_bound_and_loses_nobody(pace: Pace, seconds: float) -> None:
    outcome = simulate(200, seconds, pace)

    assert outcome.created == 200
    assert makespan_bound(200, seconds) <= outcome.makespan <= 1.05 * makespan_bound(200, seconds)
    assert outcome.refused <= 2


@pytest.mark.parametrize("retired", few([40, 400], quick=[40]))
def test_retirements_of_1000_accounts_end_within_the_bound_and_none_early(retired: int) -> None:
    outcome = simulate_closures(retired, 999)

    bound = closing_bound(retired, 999, 180.0)
    assert len(outcome.closed) == retired
    assert bound <= outcome.makespan <= 1.05 * bound
    assert min(outcome.asked.values()) >= GRACE_SECONDS
    assert outcome.refused <= 4


def test_closures_that_others_used_up_are_waits_and_no_failures() -> None:
    outcome = simulate_closures(30, 200, closed_by_others=240)

    assert len(outcome.closed) == 30
    assert outcome.refused > 0
    begun = sorted(outcome.asked.values())
    assert begun[10] >= GRACE_SECONDS - 1 + PERIOD


def test_closing_bound_is_the_period_where_more_are_closed_than_it_has() -> None:
    assert closing_bound(1, 999, 60.0) == GRACE_SECONDS + 60
    assert closing_bound(3, 999, 60.0) == GRACE_SECONDS + 40 + 60
    assert closing_bound(251, 999, 60.0) == GRACE_SECONDS + PERIOD + 60


def test_queue_that_aws_refuses_is_seen_to_be_refused() -> None:
    # Whoever asks earlier than the queue said is refused by the bucket, not waved through.
    outcome = simulate(20, 30.0, Pace(name="hasty", latency=(-9.0, -9.0)))

    assert outcome.refused > 0


@pytest.mark.parametrize(("seconds", "seen"), [(3, 3), (30, 30), (31, 33), (600, 624)])
def test_polls_come_every_three_seconds_then_every_twentieth_of_the_wait(
    seconds: float, seen: float
) -> None:
    assert polled(seconds) == seen


@pytest.mark.parametrize(
    ("name", "requests", "makespan"),
    [
        pytest.param("LZA", 10, 9 * 45 + 30, id="LZA-80-an-hour"),
        pytest.param("ASEA", 10, 600, id="ASEA-60-an-hour"),
        pytest.param("AFT", 10, 9 * 300 + 30 + 65, id="AFT-12-an-hour"),
        pytest.param("ADF", 3, 30 + 130, id="ADF-within-the-burst"),
    ],
)
def test_schedule_takes_what_its_source_says(name: str, requests: int, makespan: float) -> None:
    outcome = follow(BY_NAME[name], requests, 30.0)

    assert outcome.makespan == pytest.approx(makespan)
    assert outcome.throttled == 0


def test_schedule_without_a_guard_is_throttled_and_gives_some_up() -> None:
    few, many = follow(BY_NAME["ADF"], 20, 30.0), follow(BY_NAME["ADF"], 250, 30.0)

    assert few.throttled > 20
    assert len(few.moments) == 20
    assert len(many.moments) < 250
    assert many.makespan == math.inf


def test_schedule_is_the_same_in_every_run() -> None:
    first, second = (follow(BY_NAME["ADF"], 20, 30.0) for _ in range(2))

    assert first.moments == pytest.approx(second.moments)


HISTORY = [
    event("ExecutionStarted", 0.0),
    event("TaskStateEntered", 0.0, "AcceptRequest"),
    event("TaskScheduled", 0.0, resourceType="lambda"),
    event("TaskFailed", 1.0),
    event("TaskScheduled", 1.5, resourceType="lambda"),
    event("TaskStateExited", 2.0, "AcceptRequest"),
    event("WaitStateEntered", 2.0, "WaitForSlot"),
    event("WaitStateExited", 5.0, "WaitForSlot"),
    event("TaskStateEntered", 5.0, "CreateAccount"),
    event("TaskScheduled", 5.0, resourceType="lambda"),
    event("TaskStateExited", 7.0, "CreateAccount"),
    event("WaitStateEntered", 7.0, "WaitForAccount"),
    event("WaitStateExited", 12.0, "WaitForAccount"),
    event("TaskStateEntered", 12.0, "DescribeCreateAccountStatus"),
    event("TaskScheduled", 12.0, resourceType="lambda"),
    event("TaskStateExited", 13.0, "DescribeCreateAccountStatus"),
    event("TaskStateEntered", 13.0, "RecordVended"),
    event("TaskScheduled", 13.0, resourceType="lambda"),
    event("TaskScheduled", 13.0, resourceType="events"),
    event("TaskStateExited", 17.0, "RecordVended"),
    event("ExecutionSucceeded", 17.0),
]


@pytest.mark.parametrize(
    ("speed", "processing"), [pytest.param(1.0, 8.0, id="as-AWS"), pytest.param(4.0, 2.0, id="x4")]
)
def test_added_time_counts_waiting_at_awss_pace_and_processing_at_the_machines(
    speed: float, processing: float
) -> None:
    added, in_vain, processed = added_time(HISTORY, 6.0, 10.0, speed)

    # 3 s until its turn, 2 s from the end of the creation until the poll that saw it, and the work
    # before the creation and from that poll on: 3 s and 5 s.
    assert in_vain == 2.0
    assert processed == pytest.approx(processing)
    assert added == pytest.approx(3.0 + 2.0 + processing)


def test_end_that_an_event_reports_is_waited_for_until_then() -> None:
    added, in_vain, processed = added_time(HISTORY, 6.0, 10.0, 4.0, reported_after=1.0)

    # What follows the event is processing, but for the Wait state that it did not cut short.
    assert in_vain == 1.0
    assert processed == pytest.approx((3.0 + 5.0) / 4)
    assert added == pytest.approx(3.0 + 1.0 + 1.0 + processed)


def test_history_shows_states_runs_and_retries() -> None:
    assert states_entered(HISTORY) == 6
    assert lambda_runs(HISTORY) == 5
    assert retries(HISTORY) == 2


@pytest.mark.parametrize(
    ("peer", "seconds", "counts"),
    [
        ("AFT", 600, (14, 12)),
        ("LZA", 30, (4, 10)),
        ("LZA creation workflow", 45 * 60, (146, 52)),
        ("ASEA", 30, (8, 4)),
    ],
)
def test_counts_of_others_grow_with_their_polls(
    peer: str, seconds: float, counts: tuple[int, int]
) -> None:
    found = next(one for one in PEERS if one.name == peer)

    assert found.at(seconds) == counts


def test_price_of_a_thousand_transitions_is_two_and_a_half_cents() -> None:
    assert Use(transitions=1000).dollars() == pytest.approx(0.025)
    assert Use(lambda_runs=1_000_000, lambda_gb_seconds=1.0).dollars() == pytest.approx(
        0.2000133334
    )


def test_meter_counts_this_process() -> None:
    meter = Meter.start()
    sum(range(200_000))

    usage = meter.read()

    assert usage.embedded > 0
    assert usage.real > 0
    assert usage.functions is None or usage.functions >= 0


@pytest.mark.parametrize(("value", "code"), [(1.0, 0), (1.1, 1)], ids=["kept", "exceeded"])
def test_command_fails_when_a_limit_is_exceeded(
    value: float, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = Measurement(name="ratio", value=value, at_most=1.05)
    report = Report(
        part="queue", title="Queue", headings=["a"], table=[["b"]], measurements=[limit]
    )
    written: list[object] = []
    monkeypatch.setattr(command, "PARTS", {"queue": lambda: report})
    monkeypatch.setattr(documents, "write_json", written.append)
    monkeypatch.setattr(documents, "write_page", lambda reports, **_: written.append(reports))
    output = io.StringIO()

    assert command.main(["--only", "queue"], output) == code
    assert written == [[report], [report]]
    assert ("every limit is kept" in output.getvalue()) is (code == 0)


def test_random_faults_hit_the_deployed_roles_by_chance_and_nobody_else() -> None:
    faults = RandomFaults(0.5, seed=1)
    administrator = [faults.for_call("organizations", "CreateAccount") for _ in range(50)]
    token = caller.set(Principal(role_name="CreateAccount"))
    try:
        hit = [faults.for_call("organizations", "CreateAccount") for _ in range(400)]
        faults.share = 0.0
        spared = [faults.for_call("organizations", "CreateAccount") for _ in range(50)]
    finally:
        caller.reset(token)

    assert administrator == [None] * 50
    assert spared == [None] * 50
    assert 150 < faults.hits < 250
    assert (faults.seen, faults.hits) == (400, sum(fault is not None for fault in hit))
    assert {fault.lost for fault in hit if fault} == {True, False}
    assert all(fault.lost or fault.error for fault in hit if fault)
