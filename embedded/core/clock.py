"""The embedded AWS's clock: waits, creations and quotas run on it, so one knob speeds all up."""

from __future__ import annotations

import datetime
import threading
import time


class Clock:
    """Time that passes `speed` times as fast as the wall clock.

    Virtual seconds are what AWS's users see (timestamps, waits, rates); real seconds are what this
    process sleeps. With `speed=1` both are the same.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError("speed must be above 0")
        self.speed = speed
        self.origin = time.time()
        """Epoch seconds at which virtual and real time were equal."""

    def now(self) -> float:
        """Virtual time in epoch seconds."""
        return self.origin + (time.time() - self.origin) * self.speed

    def datetime(self) -> datetime.datetime:
        """Virtual time as an aware UTC datetime."""
        return datetime.datetime.fromtimestamp(self.now(), datetime.UTC)

    def real(self, virtual_seconds: float) -> float:
        """How many real seconds `virtual_seconds` take."""
        return virtual_seconds / self.speed

    def sleep(self, virtual_seconds: float) -> None:
        """Block for `virtual_seconds` of virtual time."""
        if virtual_seconds > 0:
            time.sleep(self.real(virtual_seconds))

    def timer(self, virtual_seconds: float, call: object, *args: object) -> threading.Timer:
        """Start a daemon timer that runs `call(*args)` after `virtual_seconds`."""
        timer = threading.Timer(self.real(virtual_seconds), call, args)  # type: ignore[arg-type]
        timer.daemon = True
        timer.start()
        return timer
