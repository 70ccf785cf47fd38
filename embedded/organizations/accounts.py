"""Accounts of an organization: described, listed, moved, closed.

API reference: DescribeAccount, ListAccounts, ListAccountsForParent, MoveAccount, CloseAccount.
"""

from __future__ import annotations

import datetime
from typing import Any

from embedded.core.partitions import REGIONS
from embedded.eventbridge import cloudtrail
from embedded.organizations import directory
from embedded.organizations.errors import OrganizationsError, constraint_violation
from embedded.organizations.membership import Membership
from embedded.organizations.paging import page
from embedded.organizations.quotas import LIMITS
from embedded.organizations.service import Service
from embedded.organizations.state import Account, OrganizationState, organization_of

_QUOTA_PERIOD = datetime.timedelta(days=30)
_SHARE = 0.2
"""Of the members, that may be closed in the period however many they are."""


class Accounts(Service):
    """Accounts that exist."""

    def __init__(self, state: OrganizationState) -> None:
        super().__init__(state)
        self.membership = Membership(state)

    def describe_account(self, **request: Any) -> dict[str, Any]:
        """The account, or AccountNotFoundException."""
        return {"Account": self._account_shape(self.state.account(request["AccountId"]))}

    def list_accounts(self, **request: Any) -> dict[str, Any]:
        """All accounts, closed ones included, in the order they joined."""
        accounts = [self._account_shape(account) for account in self.state.accounts]
        return page("ListAccounts", "Accounts", accounts, request)

    def list_accounts_for_parent(self, **request: Any) -> dict[str, Any]:
        """The accounts directly in a root or OU."""
        parent = self.state.container(request["ParentId"], "ParentNotFoundException")
        accounts = [self._account_shape(a) for a in self.state.accounts if a.parent_id == parent.id]
        return page("ListAccountsForParent", "Accounts", accounts, request)

    def move_account(self, **request: Any) -> None:
        """Move an account between root and OUs.

        Raises:
            OrganizationsError: AccountNotFoundException; DestinationParentNotFoundException;
                DuplicateAccountException when it is there already, whatever the source says;
                SourceParentNotFoundException when the source is unknown or does not hold it.
        """
        account = self.state.account(request["AccountId"])
        source = self.state.container(request["SourceParentId"], "SourceParentNotFoundException")
        destination = self.state.container(
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
        account = self.state.account(request["AccountId"])
        if account.id == self.state.account_id:
            raise constraint_violation("CANNOT_CLOSE_MANAGEMENT_ACCOUNT")
        if self.state.org.feature_set != "ALL":
            raise constraint_violation("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE")
        if account.state == "CLOSED":
            raise OrganizationsError("AccountAlreadyClosedException")
        if account.state == "PENDING_CLOSURE":
            raise OrganizationsError("ConflictException")
        closing = sum(1 for one in self.state.accounts if one.state == "PENDING_CLOSURE")
        if closing >= LIMITS.closures_in_progress:
            raise constraint_violation("CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED")
        self._refuse_closure_above_quota()
        requested_at = self.state.now()
        self.state.closures.append(requested_at)
        account.state = "PENDING_CLOSURE"
        self.state.later(
            self.state.settings.closure_seconds, lambda: self._close(account, requested_at)
        )

    def _close(self, account: Account, requested_at: datetime.datetime) -> None:
        self._closed(account)
        self.state.announce(
            cloudtrail.close_account_result(
                self.state.account_id,
                account.id,
                requested_at,
                self.state.now(),
                REGIONS[self.state.partition],
            )
        )

    def _closed(self, account: Account) -> None:
        """The account has closed, and with it its twin in GovCloud (CloseAccount)."""
        self.membership.close(account)
        made = (one for one in self.state.creations.values() if one.account_id == account.id)
        twin_id = next((one.govcloud_account_id for one in made), None)
        if twin_id is None:
            return
        there = organization_of(twin_id)
        twin = there.find_account(twin_id) if there is not None else None
        if there is not None and twin is not None:
            Membership(there).close(twin)
        else:
            directory.close(twin_id)

    def _refuse_closure_above_quota(self) -> None:
        since = self.state.now() - _QUOTA_PERIOD
        self.state.closures = [at for at in self.state.closures if at > since]
        quota = max(
            self.state.settings.closures_in_30_days, int(_SHARE * (len(self.state.accounts) - 1))
        )
        if len(self.state.closures) >= min(quota, LIMITS.closures_in_30_days_at_most):
            raise constraint_violation("CLOSE_ACCOUNT_QUOTA_EXCEEDED")

    def _account_shape(self, account: Account) -> dict[str, Any]:
        return {**account.describe(), "Paths": [self.state.path(account)]}
