"""Time for the functions: always `time.time`, so that one place can make it run faster."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]
"""Returns epoch seconds. Tests pass their own."""


def now() -> float:
    """Epoch seconds."""
    return time.time()


def pause(seconds: float) -> None:
    """Block, where AWS's rate wants it."""
    time.sleep(seconds)


def timestamp(epoch_seconds: float) -> str:
    """ISO-8601 in UTC with milliseconds and Z, which sorts as text."""
    text = datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def epoch(timestamp_text: str) -> float:
    """Epoch seconds of a text that `timestamp` made."""
    return datetime.fromisoformat(timestamp_text).timestamp()
