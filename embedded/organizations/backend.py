"""AWS Organizations for one account: what moto has, with this package's parts in its place."""

from __future__ import annotations

from typing import Any, cast

from moto.organizations.models import organizations_backends

from embedded.organizations import directory
from embedded.organizations.accounts import Accounts
from embedded.organizations.directory import AwsAccount
from embedded.organizations.errors import OrganizationsError
from embedded.organizations.govcloud import GovCloudCreations
from embedded.organizations.policies import Policies
from embedded.organizations.settings import OrganizationSettings
from embedded.organizations.state import Account
from embedded.organizations.tags import Tags
from embedded.organizations.units import Units
from embedded.partitions import REGIONS


class Organizations(GovCloudCreations, Accounts, Units, Policies, Tags):
    """The backend that `embedded.organizations.install` registers."""

    @staticmethod
    def of(account_id: str) -> Organizations | None:
        """The backend of the organization that `account_id` manages or is in; None without one."""
        place = organizations_backends.master_accounts.get(account_id)
        places = [place] if place else [(account_id, partition) for partition in REGIONS]
        for manager, partition in places:
            # Asked for by index, moto would make the backends of every account that is looked up.
            backend = organizations_backends.get(manager, {}).get(partition)
            if backend is not None and backend.org:
                organization = cast("Organizations", backend)
                return organization if organization.find_account(account_id) else None
        return None

    def closed(self, account: Account) -> None:
        """An account has closed, and with it its twin in GovCloud (CloseAccount)."""
        super().closed(account)
        made = (one for one in self.creations.values() if one.account_id == account.id)
        twin_id = next((one.govcloud_account_id for one in made), None)
        if twin_id is None:
            return
        there = Organizations.of(twin_id)
        twin = there.find_account(twin_id) if there is not None else None
        if there is not None and twin is not None:
            there.closed(twin)
        else:
            directory.close(twin_id)

    def create_organization(self, **request: Any) -> dict[str, Any]:
        """Found an organization that this account manages, if it is in none."""
        if Organizations.of(self.account_id) is not None:
            raise OrganizationsError("AlreadyInOrganizationException")
        settings = OrganizationSettings(feature_set=request.get("FeatureSet", "ALL"))
        owner = directory.by_id(self.account_id) or AwsAccount(
            id=self.account_id,
            email=f"management-{self.account_id}@example.com",
            name="management",
            partition=self.partition,
        )
        self.found(settings, owner)
        return self.describe_organization()

    def describe_organization(self, **_: Any) -> dict[str, Any]:
        """The Organization shape."""
        return cast("dict[str, Any]", self.org.describe())

    def delete_organization(self, **_: Any) -> None:
        """Dissolve an organization that has no members left."""
        if len(self.accounts) > 1:
            raise OrganizationsError("OrganizationNotEmptyException")
        self.reset()
