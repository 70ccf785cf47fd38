"""Accounts in AWS GovCloud (US): made in pairs, from the commercial partition.

API reference: CreateGovCloudAccount. The commercial account is a member at once; its GovCloud twin
stands alone, with the same email, until the organization in GovCloud invites it.
"""

from __future__ import annotations

import re
from typing import Any

from embedded.core.partitions import COMMERCIAL, GOVCLOUD, GOVCLOUD_ACCOUNT_ID
from embedded.organizations import directory
from embedded.organizations.creation import Creation
from embedded.organizations.creations import Creations
from embedded.organizations.directory import AwsAccount
from embedded.organizations.errors import (
    OrganizationsError,
    constraint_violation,
    invalid_input,
)
from embedded.organizations.member_role import create_member_role

_NAME = re.compile("[A-Za-z0-9.-]+")


class GovCloudCreations(Creations):
    """Creations of either kind."""

    def create_gov_cloud_account(self, **request: Any) -> dict[str, Any]:
        """Accept a request for a pair of accounts and answer IN_PROGRESS.

        Raises:
            OrganizationsError: as CreateAccount; UnsupportedAPIEndpointException in GovCloud;
                ConstraintViolationException MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED;
                InvalidInputException INVALID_PATTERN for a name that GovCloud does not take.
        """
        if self.state.partition != COMMERCIAL:
            raise OrganizationsError("UnsupportedAPIEndpointException")
        if not self.state.settings.govcloud_enabled:
            raise constraint_violation("MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED")
        if not _NAME.fullmatch(request["AccountName"]):
            raise invalid_input("INVALID_PATTERN")
        return self.accept_creation("CreateGovCloudAccount", request)

    def reason_against(self, creation: Creation) -> str | None:
        """Why the accounts cannot be made, when either cannot."""
        reason = super().reason_against(creation)
        if reason is not None or not creation.is_govcloud:
            return reason
        taken = directory.by_email(GOVCLOUD, creation.email) is not None
        return "GOVCLOUD_ACCOUNT_ALREADY_EXISTS" if taken else None

    def make_accounts(self, creation: Creation) -> None:
        """Make the commercial account, and its twin where one is asked for."""
        super().make_accounts(creation)
        if creation.is_govcloud:
            twin = directory.register(
                AwsAccount(
                    id=directory.new_account_id(),
                    email=creation.email,
                    name=creation.name,
                    partition=GOVCLOUD,
                )
            )
            create_member_role(
                twin.id, creation.role_name, trusting=GOVCLOUD_ACCOUNT_ID, partition=GOVCLOUD
            )
            creation.govcloud_account_id = twin.id
