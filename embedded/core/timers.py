"""Waits for moments of a clock: one thread looks at it for all who wait."""

from __future__ import annotations

import contextlib
import logging
import sched
import threading
from collections.abc import Callable, Iterator

_LOG = logging.getLogger(__name__)
_LEAST_PAUSE = 0.005
"""Real seconds after which a moment that is nearly there is looked for again."""


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


class Timers:
    """Calls that are made at moments of a clock.

    A thread for each would cost the more the more there are: where a clock changes its pace, as
    `WaitsOnlyClock` does thousands of times a second, each has to look at it again and again.

    Args:
        now: the clock's time in seconds.
        real: how many real seconds so many of its seconds take, at least.
    """

    def __init__(self, now: Callable[[], float], real: Callable[[float], float]) -> None:
        self._scheduler = sched.scheduler(now, self._pause)
        self._real = real
        self._changed = threading.Event()
        self._starting = threading.Lock()
        self._running = False

    def at(self, moment: float, call: Callable[[], object]) -> sched.Event:
        """Have `call()` made at the moment; in the one thread, so it must end soon."""
        timer = self._scheduler.enterabs(moment, 0, call)
        with self._starting:
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="timers", daemon=True).start()
        self.look()
        return timer

    def cancel(self, timer: sched.Event) -> None:
        """Have the call not made, unless it was already."""
        with contextlib.suppress(ValueError):
            self._scheduler.cancel(timer)

    def look(self) -> None:
        """Look at the clock: its time has changed, or what is waited for."""
        self._changed.set()

    def _run(self) -> None:
        while True:
            try:
                self._scheduler.run()
            except Exception:
                _LOG.exception("a timer's call failed")
            with self._starting:
                if self._scheduler.empty():
                    self._running = False
                    return

    def _pause(self, seconds: float) -> None:
        if seconds > 0:
            pause = min(max(self._real(seconds), _LEAST_PAUSE), threading.TIMEOUT_MAX)
            self._changed.wait(pause)
            self._changed.clear()
