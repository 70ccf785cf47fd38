"""Clocks: how virtual time passes, and who sees it."""

from __future__ import annotations

import gc
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from embedded.core.clock import Clock, WaitsOnlyClock
from embedded.core.timers import Signal
from embedded.lambda_runtime import virtual_time

HOUR = 3_600.0


def passed(clock: Clock, real_seconds: float = 0.05) -> float:
    """Virtual seconds in each real one."""
    real, virtual = time.time(), clock.now()
    time.sleep(real_seconds)
    return (clock.now() - virtual) / (time.time() - real)


@pytest.mark.parametrize("kind", [Clock, WaitsOnlyClock])
def test_time_passes_at_the_clocks_speed_while_nothing_is_computed(kind: type[Clock]) -> None:
    assert passed(kind(1_000)) == pytest.approx(1_000, rel=0.1)


@pytest.mark.parametrize("kind", [Clock, WaitsOnlyClock])
def test_wait_ends_with_its_event_or_its_time(kind: type[Clock]) -> None:
    clock, event = kind(HOUR), Signal()
    began = clock.now()

    assert clock.wait(event, 60) is False
    assert clock.now() - began >= 60

    event.set()
    assert clock.wait(event, 1_000 * HOUR) is True


def test_timer_calls_after_its_time_unless_it_is_cancelled() -> None:
    clock, called = Clock(HOUR), threading.Event()
    cancelled: list[int] = []
    clock.timer(60, cancelled.append, 1)()

    began = clock.now()
    clock.timer(120, called.set)

    assert called.wait(5)
    assert clock.now() - began >= 120
    assert cancelled == []


def test_jump_is_seen_by_processes_that_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(2)
    monkeypatch.setattr(virtual_time._Followed, "page", b"")
    virtual_time.follow(clock.path)

    before = virtual_time._now()
    clock.jump(HOUR)

    assert HOUR <= virtual_time._now() - before < HOUR + 60
    assert virtual_time._now() == pytest.approx(clock.now(), abs=1)


def test_file_of_a_clock_goes_with_it_or_when_it_is_closed() -> None:
    left, closed = Clock().path, Clock()
    path = closed.path

    closed.close()
    gc.collect()

    assert not os.path.exists(left)  # noqa: PTH110 -- as its readers know it
    assert not os.path.exists(path)  # noqa: PTH110


def test_what_is_computed_takes_as_long_as_it_takes() -> None:
    clock = WaitsOnlyClock(HOUR)

    with clock.computing():
        with clock.computing():
            inner = passed(clock)
        outer = passed(clock)
        with clock.waiting():
            waiting = passed(clock)
    after = passed(clock)

    assert [inner, outer] == pytest.approx([1, 1], rel=0.1)
    assert [waiting, after] == pytest.approx([HOUR, HOUR], rel=0.1)


def test_each_computation_has_a_processor_to_itself() -> None:
    clock = WaitsOnlyClock(HOUR)
    many = 4 * (os.cpu_count() or 1)
    ready, end = threading.Barrier(many + 1), threading.Event()

    def compute() -> None:
        with clock.computing():
            ready.wait()
            end.wait()

    with ThreadPoolExecutor(many) as pool:
        for _ in range(many):
            pool.submit(compute)
        ready.wait()
        crowded = passed(clock)
        end.set()

    assert crowded == pytest.approx(0.25, rel=0.1)


def test_function_that_sleeps_while_many_compute_sleeps_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(virtual_time, "_real_sleep", slept.append)
    clock = WaitsOnlyClock(10)
    monkeypatch.setattr(virtual_time._Followed, "page", b"")
    virtual_time.follow(clock.path)

    virtual_time._sleep(5)
    with clock.computing():
        virtual_time._sleep(5)

    assert slept == [0.5, 5.0]
