"""What the quotas allow at best: the yardstick of every schedule here."""

from __future__ import annotations

from dataclasses import dataclass

MAKESPAN_RATIO = 1.05
"""How much longer than the bound all accounts together may take."""

THROTTLED_SHARE = 0.01
"""Refused CreateAccount calls, as a share of the requests."""

CALLS_GROWTH_RATIO, CPU_GROWTH_RATIO = 1.1, 1.25
"""What a vend may cost with the most requests at once, beside one with the fewest: calls of the
functions and the workflow, and CPU of the embedded AWS. Who waits for long looks once in a while.
"""


@dataclass(frozen=True, kw_only=True)
class CreationQuota:
    """AWS's limits on creating accounts (AWS Organizations User Guide, Quotas): a bucket of `burst`
    calls that gains `rate_per_second`, and `in_progress` creations at once.
    """

    rate_per_second: float = 0.1
    burst: int = 3
    in_progress: int = 5


AWS_QUOTA = CreationQuota()


def earliest_starts(requests: int, creation_seconds: float, quota: CreationQuota) -> list[float]:
    """The earliest moments at which `requests` creations may start, in seconds from the first.

    Each start takes a token and needs a place: it waits for what the starts before it left in the
    bucket, and for the end of the creation that started `in_progress` earlier. Starting each as
    early as that allows is optimal, because all creations take equally long and a later start never
    frees anything sooner.
    """
    interval = 1 / quota.rate_per_second
    tolerance = (quota.burst - 1) * interval
    starts: list[float] = []
    refilled = 0.0  # when the bucket would be full again
    for number in range(requests):
        place_from = 0.0
        if number >= quota.in_progress:
            place_from = starts[number - quota.in_progress] + creation_seconds
        start = max(place_from, refilled - tolerance)
        refilled = max(refilled, start) + interval
        starts.append(start)
    return starts


def makespan_bound(
    requests: int, creation_seconds: float, quota: CreationQuota = AWS_QUOTA
) -> float:
    """Seconds from the first start to the end of the last creation; nobody can be faster.

    Where the rate binds (T up to in_progress / rate = 50 s) it is (n - burst) / rate + T.
    """
    if requests < 1:
        raise ValueError("at least one request")
    return earliest_starts(requests, creation_seconds, quota)[-1] + creation_seconds


def added_time_bound(creation_seconds: float) -> float:
    """Seconds that one request may take besides AWS's own creation time T where no event reports
    its end in time: 3 s and 5 % of T.
    """
    return 3.0 + 0.05 * creation_seconds
