"""Calls at the rates that AWS publishes, from many threads: as fast as AWS takes them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

RATES: Mapping[str, tuple[float, int]] = {
    "GetAlternateContact": (10, 15),
    "ListAccountsForParent": (5, 8),
    "ListOrganizationalUnitsForParent": (5, 8),
    "ListPolicies": (5, 8),
    "ListRoots": (1, 2),
    "ListTagsForResource": (10, 15),
    "ListTargetsForPolicy": (5, 8),
}
"""Calls a second, and at once, for one account (AWS Organizations User Guide, "Quotas and service
limits"; AWS Account Management Reference Guide, "Quotas")."""


class Pace:
    """Holds up each call until AWS has a place for it.

    Half of what AWS takes at once is left to others, and to calls that arrive sooner than they were
    sent.

    Args:
        clock: seconds from any origin.
        sleep: blocks for seconds.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._taken_until: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, operation: str) -> None:
        """Return when the operation may be called."""
        per_second, burst = RATES[operation]
        with self._lock:
            now = self._clock()
            taken = max(self._taken_until.get(operation, now), now)
            self._taken_until[operation] = taken + 1 / per_second
        ahead = taken - (burst // 2 - 1) / per_second - now
        if ahead > 0:
            self._sleep(ahead)
