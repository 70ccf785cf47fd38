"""What an embedded organization is like: its quotas, its pace, its feature set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from embedded.organizations.quotas import LIMITS

FeatureSet = Literal["ALL", "CONSOLIDATED_BILLING"]
CreationLimitError = Literal[
    "ConstraintViolationException", "ConcurrentModificationException", "TooManyRequestsException"
]


@dataclass(frozen=True, kw_only=True)
class OrganizationSettings:
    """An organization to found. All times are virtual, `finalizing_until` in epoch seconds."""

    account_limit: int = 50
    """How many accounts it may have, the management account included; AWS starts with 10."""

    creations_in_progress: int = LIMITS.creations_in_progress

    creation_limit_error: CreationLimitError = "ConstraintViolationException"
    """How one creation too many is refused: AWS documents the first, the others have been seen."""

    creation_seconds: float = 3.0

    closure_seconds: float = 3.0

    event_seconds: float = 1.0
    """How long CloudTrail takes to bring an event to the default bus."""

    finalizing_until: float = 0.0
    """Until then the organization initializes and refuses new accounts."""

    feature_set: FeatureSet = "ALL"

    ou_limit: int = LIMITS.organizational_units

    emails_elsewhere: frozenset[str] = frozenset()
    """Addresses of AWS accounts outside this organization; an email is unique in all of AWS."""

    throttled: bool = True
    """Whether the published request rates hold."""
