"""The embedded AWS's clocks: waits, creations and quotas run on one, so one knob speeds all up."""

from __future__ import annotations

import contextlib
import datetime
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import cached_property

from embedded.core.frozen import frozen
from embedded.core.time_page import TimePage
from embedded.core.timers import Signal, Timers

_LATER_SECONDS = 60.0


@frozen
class _Pace:
    """How virtual time passes from a moment on."""

    real: float
    virtual: float
    rate: float

    def at(self, real: float) -> float:
        return self.virtual + (real - self.real) * self.rate


class Clock:
    """Time that passes `speed` times as fast as the wall clock.

    Virtual seconds are what AWS's users see (timestamps, waits, rates); real seconds are what this
    process sleeps. With `speed=1` both are the same.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError("speed must be above 0")
        self.speed = speed
        now = time.time()
        self._pace = _Pace(real=now, virtual=now, rate=speed)
        self._page: TimePage | None = None
        self._changing = threading.Lock()
        self._timers = Timers(self.now, self.real)

    def now(self) -> float:
        """Virtual time in epoch seconds."""
        return self._pace.at(time.time())

    def datetime(self) -> datetime.datetime:
        """Virtual time as an aware UTC datetime."""
        return datetime.datetime.fromtimestamp(self.now(), datetime.UTC)

    def real(self, virtual_seconds: float) -> float:
        """How many real seconds `virtual_seconds` take, at least."""
        return virtual_seconds / self.speed

    @property
    def computing_speed(self) -> float:
        """How many times as fast as the wall clock time passes at most while it is computed."""
        return self.speed

    def jump(self, virtual_seconds: float) -> None:
        """Let so much time have passed, for who waits, too."""
        with self._changing:
            self._change(rate=self._pace.rate, ahead=virtual_seconds)
        self._timers.look()

    def sleep(self, virtual_seconds: float) -> None:
        """Block for `virtual_seconds` of virtual time."""
        self.wait(Signal(), virtual_seconds)

    def wait(self, event: Signal, virtual_seconds: float) -> bool:
        """Block until the event is set, for `virtual_seconds` at most; whether it is set."""
        over = threading.Event()
        timer = self._timers.at(self.now() + virtual_seconds, over.set)
        try:
            with self.waiting(), event.setting(over):
                over.wait()
        finally:
            self._timers.cancel(timer)
        return event.is_set()

    def wait_for_computation(self, event: Signal, seconds: float) -> bool:
        """Block until a computation, which may take `seconds` on AWS, sets the event; say whether.

        The machine is given as much of its own time.
        """
        with self.waiting():
            return event.wait(min(seconds, threading.TIMEOUT_MAX))

    def timer(
        self, virtual_seconds: float, call: Callable[..., object], *args: object
    ) -> Callable[[], None]:
        """Run `call(*args)` in a thread of its own after `virtual_seconds`; what cancels that."""

        def run() -> None:
            with self.computing():
                call(*args)

        def start() -> None:
            threading.Thread(target=run, name="timer", daemon=True).start()

        timer = self._timers.at(self.now() + virtual_seconds, start)
        return lambda: self._timers.cancel(timer)

    @contextlib.contextmanager
    def computing(self) -> Iterator[None]:
        """What is computed for AWS's users: here it takes as long as the machine needs."""
        yield

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """A wait in the middle of what is computed."""
        yield

    @cached_property
    def path(self) -> str:
        """The file by which function processes follow this clock (`virtual_time.py`)."""
        with self._changing:
            self._page = TimePage()
            self._write()
        return self._page.path

    def close(self) -> None:
        """Remove that file: nobody follows this clock any more."""
        if self._page is not None:
            self._page.close()

    def _change(self, *, rate: float, ahead: float = 0.0) -> None:
        now = time.time()
        self._pace = _Pace(real=now, virtual=self._pace.at(now) + ahead, rate=rate)
        self._write()

    def _write(self) -> None:
        if self._page is not None:
            pace = self._pace
            self._page.write(real=pace.real, virtual=pace.virtual, rate=pace.rate)


class WaitsOnlyClock(Clock):
    """Time that passes `speed` times as fast as the wall clock while everybody waits.

    While something is computed it passes as if each computation had a processor to itself, as each
    function run has on AWS: at the wall clock's pace, or, with more of them than this machine has
    processors, as much slower. So a schedule of hours takes minutes, and its length does not depend
    on how many run at once on how small a machine.
    """

    def __init__(self, speed: float) -> None:
        super().__init__(speed)
        self._processors = os.cpu_count() or 1
        self._computing = 0
        self._mine = threading.local()

    @property
    def computing_speed(self) -> float:
        """At the wall clock's pace at most."""
        return 1.0

    def wait_for_computation(self, event: Signal, seconds: float) -> bool:
        """As of any clock, in virtual time. A wait within, which begins later, is to end first."""
        return self.wait(event, seconds + _LATER_SECONDS)

    @contextlib.contextmanager
    def computing(self) -> Iterator[None]:
        """One computation; what it does in turn, in the same thread, is part of it."""
        depth = getattr(self._mine, "depth", 0)
        self._mine.depth = depth + 1
        if not depth:
            self._count(+1)
        try:
            yield
        finally:
            self._mine.depth = depth
            if not depth:
                self._count(-1)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Nothing is computed by this thread meanwhile."""
        depth = getattr(self._mine, "depth", 0)
        if not depth:
            yield
            return
        self._mine.depth = 0
        self._count(-1)
        try:
            yield
        finally:
            self._mine.depth = depth
            self._count(+1)

    def _count(self, change: int) -> None:
        with self._changing:
            self._computing += change
            alone = min(1.0, self._processors / max(1, self._computing))
            self._change(rate=alone if self._computing else self.speed)
