"""Request rates as AWS holds them: token buckets by account and organization, in virtual time."""

from __future__ import annotations

from embedded.organizations.quotas import QUOTAS, Rate


class TokenBucket:
    """Holds `rate.burst` tokens at most and gains `rate.per_second`; each request takes one."""

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._tokens = rate.burst
        self._at = now

    def has_token(self, now: float) -> bool:
        """Bring the bucket up to `now` (epoch seconds); whether a request could be served."""
        gained = max(0.0, now - self._at) * self._rate.per_second
        self._tokens = min(self._rate.burst, self._tokens + gained)
        self._at = max(self._at, now)
        # 0.1/s for 10 s is not exactly one token in binary.
        return self._tokens >= 1 - 1e-9

    def take(self) -> None:
        """Serve one request."""
        self._tokens -= 1


class Throttle:
    """All buckets of one organization. Not thread-safe: callers hold the organization's lock."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], TokenBucket] = {}

    def admits(self, operation: str, account_id: str, now: float) -> bool:
        """Whether `account_id` may call `operation` at `now`; a refused call takes no token."""
        quota = QUOTAS.get(operation)
        if quota is None:
            return True
        buckets = [self._bucket(quota.bucket, account_id, quota.per_account, now)]
        if quota.per_organization is not None:
            buckets.append(self._bucket(quota.bucket, "organization", quota.per_organization, now))
        if not all(bucket.has_token(now) for bucket in buckets):
            return False
        for bucket in buckets:
            bucket.take()
        return True

    def _bucket(self, name: str, holder: str, rate: Rate, now: float) -> TokenBucket:
        return self._buckets.setdefault((name, holder), TokenBucket(rate, now))
