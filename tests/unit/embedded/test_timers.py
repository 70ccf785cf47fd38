"""Waits for moments: whoever waits costs nothing until then, however many there are."""

from __future__ import annotations

import threading
import time

import pytest

from embedded.core.clock import Clock, WaitsOnlyClock
from embedded.core.timers import Signal, Timers

HOUR = 3_600.0


class CountedClock(WaitsOnlyClock):
    """Counts how often it is looked at."""

    looks = 0

    def now(self) -> float:
        self.looks += 1
        return super().now()


def test_many_who_wait_look_at_the_clock_no_more_often_than_one() -> None:
    clock, event, many = CountedClock(60), Signal(), 50
    waiting = threading.Barrier(many + 1)

    def wait() -> None:
        waiting.wait()
        clock.wait(event, 1)

    threads = [threading.Thread(target=wait) for _ in range(many)]
    with clock.computing():  # time passes slowly: to poll for its end would take many looks
        for thread in threads:
            thread.start()
        waiting.wait()
        time.sleep(0.3)
        event.set()
        for thread in threads:
            thread.join()

    assert clock.looks < 6 * many  # a look of each every 5 ms would be 60 times as many


def test_jump_ends_the_waits_for_what_is_over_then() -> None:
    clock, ended = Clock(), threading.Event()
    clock.timer(HOUR, ended.set)

    clock.jump(HOUR)

    assert ended.wait(5)


def test_earlier_moment_is_not_kept_waiting_by_a_later_one() -> None:
    clock, late, soon = Clock(), threading.Event(), threading.Event()
    cancel = clock.timer(HOUR, late.set)

    clock.timer(0.01, soon.set)

    assert soon.wait(5)
    cancel()
    assert not late.is_set()


def test_call_that_fails_keeps_no_other_from_being_made(caplog: pytest.LogCaptureFixture) -> None:
    made = threading.Event()
    timers = Timers(time.time, lambda seconds: seconds)

    def fail() -> None:
        raise RuntimeError("no")

    timers.at(time.time(), fail)
    timers.at(time.time() + 0.01, made.set)

    assert made.wait(5)
    assert "a timer's call failed" in caplog.text


def test_call_that_was_made_can_still_be_cancelled() -> None:
    made = threading.Event()
    timers = Timers(time.time, lambda seconds: seconds)
    timer = timers.at(time.time(), made.set)

    assert made.wait(5)
    timers.cancel(timer)


@pytest.mark.parametrize("when", ["before", "while", "after"])
def test_signal_sets_those_who_follow_it(when: str) -> None:
    signal, follower = Signal(), threading.Event()

    if when == "before":
        signal.set()
    with signal.setting(follower):
        if when == "while":
            signal.set()
    if when == "after":
        signal.set()

    assert signal.is_set()
    assert follower.is_set() == (when != "after")
