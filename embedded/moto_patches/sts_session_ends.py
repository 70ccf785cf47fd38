"""When role sessions end: moto dates them by the wall clock, lets them go on for ever, and keeps
them all.

Upstream: moto/sts/models.py.
"""

from __future__ import annotations

import datetime
from typing import Any

import moto.sts.models
from moto.sts.models import AssumedRole, sts_backends
from moto.utilities.utils import get_partition

from embedded.core.context import current
from embedded.core.credentials import forget_session

_SHORTEST = 10.0
"""Real seconds that a session lasts at least. Who uses it works at the machine's pace, whatever the
clock's speed: at a thousand times AWS's, a session of 900 s would end before its first call."""

MOST_SESSIONS = 1_000
"""Sessions of one account's roles that are known; of more, those that ended first are forgotten.
Their keys are then refused as unknown, no longer as expired: both are a refusal for good.
"""


class RoleSession(AssumedRole):
    """A session that ends when the embedded AWS's clock says so."""

    def __init__(self, *, duration: int, **more: Any) -> None:
        super().__init__(duration=duration, **more)
        clock = current().clock
        lifetime = datetime.timedelta(seconds=max(duration, _SHORTEST * clock.speed))
        # moto's times are naive, in UTC.
        now = clock.datetime().replace(tzinfo=None)
        self.expiration = now + lifetime
        _forget_ended(self.account_id, get_partition(self.region_name), now)


def _forget_ended(account_id: str, partition: str, now: datetime.datetime) -> None:
    """Make room for one more session of the account's roles; what has not ended stays."""
    sessions = list(sts_backends[account_id][partition].assumed_roles)
    ended = [each for each in sessions if each.expiration <= now]
    for session in ended[: max(0, len(sessions) + 1 - MOST_SESSIONS)]:
        current().credentials.forget(session.access_key_id)
        forget_session(account_id, partition, session.access_key_id)


def install() -> None:
    """Make moto's STS hand out such sessions. Safe to repeat."""
    moto.sts.models.AssumedRole = RoleSession
