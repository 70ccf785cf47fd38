"""Makes `time.time` and `time.sleep` of a function's process run at the embedded AWS's pace.

Runs inside the function's process, so it imports the standard library only. Monotonic clocks stay
real: locks, queues and botocore's read time-outs measure the machine, not AWS. So does
`datetime.now`, which asks the system itself.
"""

from __future__ import annotations

import mmap
import struct
import time
from pathlib import Path
from typing import SupportsIndex

_real_time = time.time
_real_sleep = time.sleep

_FORMAT = struct.Struct("5d")


class _Followed:
    """The page that the embedded AWS's clock writes (`embedded/core/time_page.py`)."""

    page: mmap.mmap | bytes = _FORMAT.pack(0.0, 0.0, 0.0, 1.0, 0.0)


def _pace() -> tuple[float, float, float]:
    while True:
        count, real, virtual, rate, same = _FORMAT.unpack_from(_Followed.page)
        if count == same:
            return real, virtual, rate


def _now() -> float:
    real, virtual, rate = _pace()
    return float(virtual + (_real_time() - real) * rate)


def _now_ns() -> int:
    return int(_now() * 1e9)


def _sleep(seconds: float | SupportsIndex, /) -> None:
    # Where time passes slower than the wall clock because many compute, none of them sleeps longer.
    _real_sleep(float(seconds) / max(1.0, _pace()[2]))


def install() -> None:
    """Replace the functions of `time`; before other modules keep references to them."""
    time.time = _now
    time.time_ns = _now_ns
    time.sleep = _sleep


def follow(path: str) -> None:
    """Go by the clock that writes this file from now on."""
    with Path(path).open("rb") as file:
        _Followed.page = mmap.mmap(file.fileno(), _FORMAT.size, access=mmap.ACCESS_READ)
