"""Makes `time.time` and `time.sleep` of a function's process run at the embedded AWS's speed.

Runs inside the function's process, so it imports the standard library only. Monotonic clocks stay
real: locks, queues and botocore's read time-outs measure the machine, not AWS. So does
`datetime.now`, which asks the system itself.
"""

from __future__ import annotations

import time
from typing import SupportsIndex

_real_time = time.time
_real_sleep = time.sleep


class _Rate:
    speed = 1.0
    origin = 0.0


def _now() -> float:
    return _Rate.origin + (_real_time() - _Rate.origin) * _Rate.speed


def _now_ns() -> int:
    return int(_now() * 1e9)


def _sleep(seconds: float | SupportsIndex, /) -> None:
    _real_sleep(float(seconds) / _Rate.speed)


def install() -> None:
    """Replace the functions of `time`; before other modules keep references to them."""
    time.time = _now
    time.time_ns = _now_ns
    time.sleep = _sleep


def follow(*, speed: float, origin: float) -> None:
    """Run `speed` times as fast as the wall clock since `origin`, in epoch seconds."""
    _Rate.speed = speed
    _Rate.origin = origin
