"""Which names the organization's policies have; each type is listed once at most."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, get_args

from vending.ledger.organization_cache import MINUTE
from vending.organization.policies import of_type
from vending.request.fields import PolicyType

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.ledger.organization_cache import OrganizationCache
    from vending.request.policy import Policy

SOON_MADE = 10
"""Seconds that a policy to be made is taken for missing: the first of many requests makes it."""


class PolicyNames:
    """The organization's policies by name; each type is listed when it is first needed."""

    def __init__(self, organizations: OrganizationsClient, seen: OrganizationCache) -> None:
        self._organizations = organizations
        self._seen = seen
        self._of: dict[str, dict[str, str]] = {}

    def of(self, policy_type: str) -> Mapping[str, str]:
        """The ids of those of a type, by name."""
        if policy_type not in self._of:
            found = of_type(self._organizations, policy_type)
            self._of[policy_type] = {one["Name"]: one["Id"] for one in found}
        return self._of[policy_type]

    def lacks(self, policy_type: str, name: str, *, within: float = MINUTE) -> bool:
        """Whether no policy of the type has the name, or none had it within so many last seconds.

        What a list shows is remembered at once: a request that AWS throttles because of others has
        the more behind it when it tries again.
        """
        if policy_type not in self._of and self._seen.lacks_policy(
            policy_type, name, within=within
        ):
            return True
        if name in self.of(policy_type):
            return False
        self._seen.put_missing_policy(policy_type, name)
        return True

    def other_type_of(self, wanted: Policy) -> str | None:
        """The type of a policy of that name which is of another type."""
        others = [one for one in get_args(PolicyType) if one != wanted.type]
        random.shuffle(others)  # of many requests at once, each lists another type first
        return next((one for one in others if not self.lacks(one, wanted.name)), None)
