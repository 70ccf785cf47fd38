"""AWS Organizations for one account: what moto has, with this package's parts in its place."""

from __future__ import annotations

from typing import Any, cast

from moto.organizations.models import organizations_backends

from embedded.organizations.accounts import Accounts
from embedded.organizations.creations import Creations
from embedded.organizations.errors import OrganizationsError
from embedded.organizations.settings import OrganizationSettings
from embedded.organizations.tags import Tags
from embedded.organizations.trusted_access import TrustedAccess
from embedded.organizations.units import Units


class Organizations(Creations, Accounts, Units, Tags, TrustedAccess):
    """The backend that `embedded.organizations.install` registers; policies are still moto's."""

    @staticmethod
    def of(account_id: str) -> Organizations | None:
        """The backend of the organization that `account_id` manages or is in; None without one."""
        manager, _ = organizations_backends.master_accounts.get(account_id, (account_id, "aws"))
        backend = cast("Organizations", organizations_backends[manager]["aws"])
        return backend if backend.org and backend.find_account(account_id) else None

    def create_organization(self, **request: Any) -> dict[str, Any]:
        """Found an organization that this account manages, if it is in none."""
        if Organizations.of(self.account_id) is not None:
            raise OrganizationsError("AlreadyInOrganizationException")
        settings = OrganizationSettings(feature_set=request.get("FeatureSet", "ALL"))
        self.found(settings, email=f"management-{self.account_id}@example.com")
        return self.describe_organization()

    def describe_organization(self, **_: Any) -> dict[str, Any]:
        """The Organization shape."""
        return cast("dict[str, Any]", self.org.describe())

    def delete_organization(self, **_: Any) -> None:
        """Dissolve an organization that has no members left."""
        if len(self.accounts) > 1:
            raise OrganizationsError("OrganizationNotEmptyException")
        self.reset()
