"""Accounts of an organization: described, listed, moved, closed.

API reference: DescribeAccount, ListAccounts, ListAccountsForParent, MoveAccount, CloseAccount.
"""

from __future__ import annotations

import datetime
from typing import Any

from embedded import cloudtrail
from embedded.organizations.errors import OrganizationsError, constraint_violation
from embedded.organizations.membership import Membership
from embedded.organizations.paging import page
from embedded.organizations.quotas import LIMITS
from embedded.organizations.state import Account
from embedded.partitions import REGIONS

_QUOTA_PERIOD = datetime.timedelta(days=30)
_SHARE = 0.2
"""Of the members, that may be closed in the period however many they are."""


class Accounts(Membership):
    """Accounts that exist."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.closures: list[datetime.datetime] = []
        """When accounts began to close."""

    def describe_account(self, **request: Any) -> dict[str, Any]:
        """The account, or AccountNotFoundException."""
        return {"Account": self._account_shape(self.account(request["AccountId"]))}

    def list_accounts(self, **request: Any) -> dict[str, Any]:
        """All accounts, closed ones included, in the order they joined."""
        accounts = [self._account_shape(account) for account in self.accounts]
        return page("ListAccounts", "Accounts", accounts, request)

    def list_accounts_for_parent(self, **request: Any) -> dict[str, Any]:
        """The accounts directly in a root or OU."""
        parent = self.container(request["ParentId"], "ParentNotFoundException")
        accounts = [self._account_shape(a) for a in self.accounts if a.parent_id == parent.id]
        return page("ListAccountsForParent", "Accounts", accounts, request)

    def move_account(self, **request: Any) -> None:
        """Move an account between root and OUs.

        Raises:
            OrganizationsError: AccountNotFoundException; DestinationParentNotFoundException;
                DuplicateAccountException when it is there already, whatever the source says;
                SourceParentNotFoundException when the source is unknown or does not hold it.
        """
        account = self.account(request["AccountId"])
        source = self.container(request["SourceParentId"], "SourceParentNotFoundException")
        destination = self.container(
            request["DestinationParentId"], "DestinationParentNotFoundException"
        )
        if account.parent_id == destination.id:
            raise OrganizationsError("DuplicateAccountException")
        if account.parent_id != source.id:
            raise OrganizationsError("SourceParentNotFoundException")
        account.parent_id = destination.id

    def close_account(self, **request: Any) -> None:
        """Begin to close a member account: PENDING_CLOSURE now, CLOSED later.

        Raises:
            OrganizationsError: AccountNotFoundException; AccountAlreadyClosedException;
                ConflictException while it closes; ConstraintViolationException
                CANNOT_CLOSE_MANAGEMENT_ACCOUNT, ORGANIZATION_NOT_IN_ALL_FEATURES_MODE,
                CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED for too many at a time,
                CLOSE_ACCOUNT_QUOTA_EXCEEDED for too many in 30 days.
        """
        account = self.account(request["AccountId"])
        if account.id == self.account_id:
            raise constraint_violation("CANNOT_CLOSE_MANAGEMENT_ACCOUNT")
        if self.org.feature_set != "ALL":
            raise constraint_violation("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE")
        if account.state == "CLOSED":
            raise OrganizationsError("AccountAlreadyClosedException")
        if account.state == "PENDING_CLOSURE":
            raise OrganizationsError("ConflictException")
        closing = sum(1 for one in self.accounts if one.state == "PENDING_CLOSURE")
        if closing >= LIMITS.closures_in_progress:
            raise constraint_violation("CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED")
        self._refuse_closure_above_quota()
        requested_at = self.now()
        self.closures.append(requested_at)
        account.state = "PENDING_CLOSURE"
        self.later(self.settings.closure_seconds, lambda: self._close(account, requested_at))

    def _close(self, account: Account, requested_at: datetime.datetime) -> None:
        self.closed(account)
        self.announce(
            cloudtrail.close_account_result(
                self.account_id, account.id, requested_at, self.now(), REGIONS[self.partition]
            )
        )

    def _refuse_closure_above_quota(self) -> None:
        since = self.now() - _QUOTA_PERIOD
        self.closures = [at for at in self.closures if at > since]
        quota = max(self.settings.closures_in_30_days, int(_SHARE * (len(self.accounts) - 1)))
        if len(self.closures) >= min(quota, LIMITS.closures_in_30_days_at_most):
            raise constraint_violation("CLOSE_ACCOUNT_QUOTA_EXCEEDED")

    def _account_shape(self, account: Account) -> dict[str, Any]:
        return {**account.describe(), "Paths": [self.path(account)]}
