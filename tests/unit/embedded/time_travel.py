"""Days that pass in a moment on the embedded AWS's clock."""

from __future__ import annotations

from embedded.core.clock import Clock


def pass_days(clock: Clock, days: float) -> None:
    """Let virtual time jump ahead. Timers that run already keep their real time."""
    clock.jump(days * 86_400)
