"""When role sessions end: moto dates them by the wall clock, and lets them go on for ever.

Upstream: moto/sts/models.py.
"""

from __future__ import annotations

import datetime
from typing import Any

import moto.sts.models
from moto.sts.models import AssumedRole

from embedded.core.context import current

_SHORTEST = 10.0
"""Real seconds that a session lasts at least. Who uses it works at the machine's pace, whatever the
clock's speed: at a thousand times AWS's, a session of 900 s would end before its first call."""


class RoleSession(AssumedRole):
    """A session that ends when the embedded AWS's clock says so."""

    def __init__(self, *, duration: int, **more: Any) -> None:
        super().__init__(duration=duration, **more)
        clock = current().clock
        lifetime = datetime.timedelta(seconds=max(duration, _SHORTEST * clock.speed))
        # moto's times are naive, in UTC.
        self.expiration = clock.datetime().replace(tzinfo=None) + lifetime


def install() -> None:
    """Make moto's STS hand out such sessions. Safe to repeat."""
    moto.sts.models.AssumedRole = RoleSession
