"""Waits for moments of a clock: one thread looks at it for all who wait."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import threading
from collections.abc import Callable, Iterator

_LOG = logging.getLogger(__name__)
_LEAST_PAUSE = 0.005
"""Real seconds after which a moment that is nearly there is looked for again."""
_MOST_CANCELLED = 100
"""Cancelled timers that are kept, and more only where as many others are."""


class Signal(threading.Event):
    """An event that can set others, so that a thread waits for whichever comes first."""

    def __init__(self) -> None:
        super().__init__()
        self._followers: list[threading.Event] = []
        self._following = threading.Lock()

    def set(self) -> None:
        """Set it and all that follow it."""
        super().set()
        with self._following:
            for follower in self._followers:
                follower.set()

    @contextlib.contextmanager
    def setting(self, follower: threading.Event) -> Iterator[None]:
        """Set `follower` when this is set while in the context, or was before."""
        with self._following:
            self._followers.append(follower)
        try:
            if self.is_set():
                follower.set()
            yield
        finally:
            with self._following:
                self._followers.remove(follower)


class Timer:
    """A call at a moment; without one it was made, or is cancelled."""

    def __init__(self, moment: float, order: int, call: Callable[[], object]) -> None:
        self._place = moment, order
        self.moment = moment
        self.call: Callable[[], object] | None = call

    def __lt__(self, other: Timer) -> bool:
        return self._place < other._place


class Timers:
    """Calls that are made at moments of a clock.

    A thread for each would cost the more the more there are: where a clock changes its pace, as
    `WaitsOnlyClock` does thousands of times a second, each has to look at it again and again.

    `sched.scheduler` goes through all that are left to cancel one, and most are cancelled.

    Args:
        now: the clock's time in seconds.
        real: how many real seconds so many of its seconds take, at least.
    """

    def __init__(self, now: Callable[[], float], real: Callable[[float], float]) -> None:
        self._now, self._real = now, real
        self._timers: list[Timer] = []
        """A heap."""
        self._cancelled = 0
        self._orders = itertools.count()
        self._changed = threading.Condition()
        self._running = False

    def at(self, moment: float, call: Callable[[], object]) -> Timer:
        """Have `call()` made at the moment; in the one thread, so it must end soon."""
        timer = Timer(moment, next(self._orders), call)
        with self._changed:
            heapq.heappush(self._timers, timer)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="timers", daemon=True).start()
            elif self._timers[0] is timer:
                self._changed.notify()
        return timer

    def cancel(self, timer: Timer) -> None:
        """Have the call not made, unless it was already."""
        with self._changed:
            if timer.call is None:
                return
            timer.call = None
            self._cancelled += 1
            if self._cancelled > max(_MOST_CANCELLED, len(self._timers) // 2):
                self._timers = [one for one in self._timers if one.call is not None]
                heapq.heapify(self._timers)
                self._cancelled = 0

    def look(self) -> None:
        """Look at the clock: it has jumped."""
        with self._changed:
            self._changed.notify()

    def _run(self) -> None:
        while (call := self._next()) is not None:
            try:
                call()
            except Exception:
                _LOG.exception("a timer's call failed")

    def _next(self) -> Callable[[], object] | None:
        """The call whose moment has come, after the wait for it; None when none is left."""
        with self._changed:
            while self._timers:
                timer = self._timers[0]
                left = timer.moment - self._now()
                if timer.call is not None and left > 0:
                    pause = min(max(self._real(left), _LEAST_PAUSE), threading.TIMEOUT_MAX)
                    self._changed.wait(pause)
                    continue
                heapq.heappop(self._timers)
                if timer.call is None:
                    self._cancelled -= 1
                    continue
                call, timer.call = timer.call, None
                return call
            self._running = False
            return None
