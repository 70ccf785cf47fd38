"""The quotas of AWS Organizations (user guide, "Quotas and service limits"), read from quotas.json.

`perAccount` and `perOrganization` are [requests per second, burst]; operations of one `oneBucket`
list are counted together, as the guide gives them on one row.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PUBLISHED: dict[str, Any] = json.loads(Path(__file__).with_name("quotas.json").read_text())


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Counts that the service enforces for every organization."""

    organizational_units: int
    organizational_unit_depth: int
    creations_in_progress: int
    closures_in_progress: int
    tags: int


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A request rate: `per_second` tokens are added, `burst` at most are held."""

    per_second: float
    burst: float


@dataclass(frozen=True, kw_only=True)
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

LIMITS = Limits(
    organizational_units=_PUBLISHED["limits"]["organizationalUnits"],
    organizational_unit_depth=_PUBLISHED["limits"]["organizationalUnitDepth"],
    creations_in_progress=_PUBLISHED["limits"]["creationsInProgress"],
    closures_in_progress=_PUBLISHED["limits"]["closuresInProgress"],
    tags=_PUBLISHED["limits"]["tags"],
)
