"""The quotas of AWS Organizations (user guide, "Quotas and service limits"), read from quotas.json.

`perAccount` and `perOrganization` are [requests per second, burst]; operations of one `oneBucket`
list are counted together, as the guide gives them on one row.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from embedded.core.frozen import frozen

_PUBLISHED: dict[str, Any] = json.loads(Path(__file__).with_name("quotas.json").read_text())


@frozen
class Limits:
    """Counts that the service enforces for every organization."""

    organizational_units: int
    organizational_unit_depth: int
    creations_in_progress: int
    closures_in_progress: int
    closed_account_kept_days: int
    closures_in_30_days: int
    closures_in_30_days_at_most: int
    invitations_in_24_hours: int
    invitation_days: int
    all_features_days: int
    handshake_kept_days: int
    days_before_removal: int
    tags: int


@frozen
class PolicyLimits:
    """Limits of one policy type: a policy's size, how many one entity has, how many there are."""

    characters: int
    attached_at_least: int
    attached_at_most: int
    number: int


@frozen
class Rate:
    """A request rate: `per_second` tokens are added, `burst` at most are held."""

    per_second: float
    burst: float


@frozen
class Quota:
    """How often one operation may be called, by each account and by the whole organization."""

    bucket: str
    per_account: Rate
    per_organization: Rate | None


def _rate(published: list[float]) -> Rate:
    per_second, burst = published
    return Rate(per_second=per_second, burst=burst)


def _quota(operation: str, published: dict[str, list[float]]) -> Quota:
    shared = (names for names in _PUBLISHED["oneBucket"] if operation in names)
    organization = published.get("perOrganization")
    return Quota(
        bucket=next(shared, [operation])[0],
        per_account=_rate(published["perAccount"]),
        per_organization=_rate(organization) if organization else None,
    )


QUOTAS = {operation: _quota(operation, q) for operation, q in _PUBLISHED["throttle"].items()}
"""By operation name; an operation without a published rate is absent."""

_COUNTS: dict[str, int] = _PUBLISHED["limits"]

LIMITS = Limits(
    organizational_units=_COUNTS["organizationalUnits"],
    organizational_unit_depth=_COUNTS["organizationalUnitDepth"],
    creations_in_progress=_COUNTS["creationsInProgress"],
    closures_in_progress=_COUNTS["closuresInProgress"],
    closed_account_kept_days=_COUNTS["closedAccountKeptDays"],
    closures_in_30_days=_COUNTS["closuresIn30Days"],
    closures_in_30_days_at_most=_COUNTS["closuresIn30DaysAtMost"],
    invitations_in_24_hours=_COUNTS["invitationsIn24Hours"],
    invitation_days=_COUNTS["invitationDays"],
    all_features_days=_COUNTS["allFeaturesDays"],
    handshake_kept_days=_COUNTS["handshakeKeptDays"],
    days_before_removal=_COUNTS["daysBeforeRemoval"],
    tags=_COUNTS["tags"],
)

POLICY_LIMITS = {
    policy_type: PolicyLimits(
        characters=published["characters"],
        attached_at_least=published["attached"][0],
        attached_at_most=published["attached"][1],
        number=published["number"],
    )
    for policy_type, published in _PUBLISHED["policies"].items()
}
"""By policy type. Types that the quotas page does not list have the limits of declarative ones."""
