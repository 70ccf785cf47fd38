"""What an embedded organization is like: its quotas, its pace, its feature set."""

from __future__ import annotations

from typing import Literal

from embedded.core.frozen import frozen
from embedded.organizations.quotas import LIMITS

FeatureSet = Literal["ALL", "CONSOLIDATED_BILLING"]
CreationLimitError = Literal[
    "ConstraintViolationException", "ConcurrentModificationException", "TooManyRequestsException"
]
AllFeaturesAction = Literal["ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES"]
NewAccountResource = Literal["account", "*"]


@frozen
class StandaloneAccount:
    """An account outside the organization; the management account may assume `role_name` in it.

    None as `role_name` leaves the account without a role, so that only its owner can act in it.
    """

    id: str
    email: str
    name: str
    role_name: str | None = "OrganizationAccountAccessRole"
    accepting_role_name: str | None = "AccountVendingAcceptHandshake"
    """A second such role, for who accepts invitations by none of an administrator's."""


STANDALONE = StandaloneAccount(id="222222222222", email="standalone@example.com", name="Standalone")


@frozen
class OrganizationSettings:
    """An organization to found. All times are virtual, `finalizing_until` in epoch seconds."""

    account_limit: int = 50
    """How many accounts it may have, the management account included; AWS starts with 10."""

    creations_in_progress: int = LIMITS.creations_in_progress

    creation_limit_error: CreationLimitError = "ConstraintViolationException"
    """How one creation too many is refused: AWS documents the first, the others have been seen."""

    creation_seconds: float = 3.0

    closure_seconds: float = 3.0

    closures_in_30_days: int = LIMITS.closures_in_30_days
    """How many closures any organization has; a fifth of its members when that is more."""

    event_seconds: float = 1.0
    """How long CloudTrail takes to bring an event to the default bus."""

    finalizing_until: float = 0.0
    """Until then the organization initializes and refuses new accounts."""

    feature_set: FeatureSet = "ALL"

    new_account_resource: NewAccountResource = "account"
    """What TagResource at creation and InviteAccountToOrganization are authorized on: the ARN of an
    account that is not there yet, or only `*`. AWS documents neither."""

    all_features_action: AllFeaturesAction = "ENABLE_ALL_FEATURES"
    """The Action of the handshake that the management account accepts in the end; the invited
    members' handshakes have the other one. AWS's pages disagree on which is which."""

    ou_limit: int = LIMITS.organizational_units

    policy_limit: int | None = None
    """How many policies of any one type it may have; None for AWS's limit of each type."""

    emails_elsewhere: frozenset[str] = frozenset()
    """Addresses of AWS accounts outside this organization; an email is unique in all of AWS."""

    standalone: tuple[StandaloneAccount, ...] = (STANDALONE,)
    """Accounts that are in no organization, to be invited."""

    second_organization: bool = False
    """Whether there is another organization, with an account to invite from it."""

    govcloud_enabled: bool = True
    """Whether the management account is linked with a GovCloud account, which then manages an
    organization of its own in GovCloud."""

    throttled: bool = True
    """Whether the published request rates hold."""
