"""The yardstick: no schedule the quotas allow is faster, and AWS's own rules allow this one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.bounds import (
    AWS_QUOTA,
    CreationQuota,
    added_time_bound,
    earliest_starts,
    makespan_bound,
)
from embedded.organizations.quotas import LIMITS, QUOTAS, Rate
from embedded.organizations.throttling import TokenBucket


def greedy(requests: int, seconds: float, quota: CreationQuota, step: float) -> list[float]:
    """Starts of somebody who asks the embedded AWS's own bucket every `step` seconds."""
    bucket = TokenBucket(Rate(per_second=quota.rate_per_second, burst=quota.burst), 0.0)
    starts: list[float] = []
    tick = 0
    while len(starts) < requests:
        now = tick * step
        running = sum(start + seconds > now + 1e-9 for start in starts)
        if running < quota.in_progress and bucket.has_token(now):
            bucket.take()
            starts.append(now)
        else:
            tick += 1
    return starts


def test_quota_is_the_embedded_organizations_own() -> None:
    rate = QUOTAS["CreateAccount"].per_account

    assert (AWS_QUOTA.rate_per_second, AWS_QUOTA.burst) == (rate.per_second, rate.burst)
    assert AWS_QUOTA.in_progress == LIMITS.creations_in_progress


@pytest.mark.parametrize(
    ("requests", "seconds", "bound"),
    [
        pytest.param(1, 30, 30, id="one"),
        pytest.param(3, 30, 30, id="burst"),
        pytest.param(4, 30, 40, id="burst-and-one"),
        pytest.param(100, 30, 1000, id="rate-binds"),
        pytest.param(300, 30, 3000, id="rate-binds-longer"),
        pytest.param(100, 120, 2420, id="places-bind"),
    ],
)
def test_makespan_bound_of_known_cases(requests: int, seconds: float, bound: float) -> None:
    assert makespan_bound(requests, seconds) == pytest.approx(bound)


def test_makespan_bound_of_no_request_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        makespan_bound(0, 30)


@given(
    requests=st.integers(1, 25),
    seconds=st.integers(1, 150),
    burst=st.integers(1, 5),
    places=st.integers(1, 6),
    interval=st.integers(1, 20),
)
def test_earliest_starts_are_those_of_whoever_asks_aws_all_the_time(
    requests: int, seconds: int, burst: int, places: int, interval: int
) -> None:
    quota = CreationQuota(rate_per_second=1 / interval, burst=burst, in_progress=places)

    starts = earliest_starts(requests, seconds, quota)

    assert starts == pytest.approx(greedy(requests, seconds, quota, step=1.0))


@pytest.mark.parametrize(("seconds", "bound"), [(0, 3), (30, 4.5), (600, 33)])
def test_added_time_bound_is_3_seconds_and_a_twentieth(seconds: float, bound: float) -> None:
    assert added_time_bound(seconds) == pytest.approx(bound)
