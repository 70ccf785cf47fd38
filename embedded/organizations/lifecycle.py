"""The organization itself: created, described, deleted.

API reference: CreateOrganization, DescribeOrganization, DeleteOrganization.
"""

from __future__ import annotations

from typing import Any, cast

from embedded.organizations import directory
from embedded.organizations.directory import AwsAccount
from embedded.organizations.errors import OrganizationsError
from embedded.organizations.service import Service
from embedded.organizations.settings import OrganizationSettings
from embedded.organizations.state import organization_of


class Lifecycle(Service):
    """How organizations begin and end."""

    def create_organization(self, **request: Any) -> dict[str, Any]:
        """Create an organization that this account manages, if it is in none."""
        account_id = self.state.account_id
        if organization_of(account_id) is not None:
            raise OrganizationsError("AlreadyInOrganizationException")
        settings = OrganizationSettings(feature_set=request.get("FeatureSet", "ALL"))
        owner = directory.by_id(account_id) or AwsAccount(
            id=account_id,
            email=f"management-{account_id}@example.com",
            name="management",
            partition=self.state.partition,
        )
        self.state.create(settings, owner)
        return self.describe_organization()

    def describe_organization(self, **_: Any) -> dict[str, Any]:
        """The Organization shape."""
        return cast("dict[str, Any]", self.state.org.describe())

    def delete_organization(self, **_: Any) -> None:
        """Delete an organization that has no members left."""
        if len(self.state.accounts) > 1:
            raise OrganizationsError("OrganizationNotEmptyException")
        self.state.reset()
