"""How accounts become and cease to be members.

API reference: RemoveAccountFromOrganization, LeaveOrganization, CloseAccount.
"""

from __future__ import annotations

import datetime
from typing import Any

from moto.organizations.models import organizations_backends

from embedded.core.partitions import REGIONS
from embedded.eventbridge import cloudtrail
from embedded.organizations import directory
from embedded.organizations.all_features import AllFeatures
from embedded.organizations.errors import OrganizationsError, constraint_violation
from embedded.organizations.quotas import LIMITS
from embedded.organizations.service import Service
from embedded.organizations.state import Account, OrganizationState

_CLOSED_ACCOUNT_KEPT = datetime.timedelta(days=LIMITS.closed_account_kept_days)


class Membership(Service):
    """Joining and departing, and the events of both."""

    def __init__(self, state: OrganizationState) -> None:
        super().__init__(state)
        self.all_features = AllFeatures(state)

    def remove_account_from_organization(self, **request: Any) -> None:
        """Make a member a standalone account.

        Raises:
            OrganizationsError: AccountNotFoundException; MasterCannotLeaveOrganizationException;
                ConstraintViolationException for a delegated administrator, and for an account that
                was created here and is too young or has not signed up for itself.
        """
        self.depart(self.state.account(request["AccountId"]), "REMOVED")

    def leave_organization(self, **_: Any) -> None:
        """Make the caller's own account standalone."""
        self.depart(self.state.account(self.state.caller_id()), "LEFT")

    def join(self, account: Account) -> None:
        """Add an account, and announce it."""
        self.state.add_account(account)
        self.state.announce(
            cloudtrail.account_joined(
                self.state.account_id,
                account.id,
                account.joined_method,
                account.create_time,
                REGIONS[self.state.partition],
            )
        )

    def depart(self, account: Account, method: str) -> None:
        """Remove an account, and announce it, or refuse."""
        self._refuse_departure(account)
        self._take_out(account, method, self.state.now())
        self.all_features.forget(account)

    def close(self, account: Account) -> None:
        """Close an account; for some time it stays a member and counts as one."""
        account.state = "CLOSED"
        directory.close(account.id)
        self.state.leaving.append((self.state.now() + _CLOSED_ACCOUNT_KEPT, account))

    def clean(self) -> bool:
        """Let accounts go that closed so long ago that nobody can reopen them: whether any went."""
        now, left = self.state.now(), False
        while self.state.leaving and self.state.leaving[0][0] <= now:
            gone_at, account = self.state.leaving.pop(0)
            if account in self.state.accounts:
                self.state.delegations.pop(account.id, None)
                self._take_out(account, "CLEANED", gone_at)
                left = True
        return left

    def _take_out(self, account: Account, method: str, at: datetime.datetime) -> None:
        self.state.accounts.remove(account)
        organizations_backends.master_accounts.pop(account.id, None)
        self.state.announce(
            cloudtrail.account_departed(
                self.state.account_id, account.id, method, at, REGIONS[self.state.partition]
            )
        )

    def _refuse_departure(self, account: Account) -> None:
        if account.id == self.state.account_id:
            raise OrganizationsError("MasterCannotLeaveOrganizationException")
        if self.state.administers(account.id):
            raise constraint_violation("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG")
        if account.joined_method == "CREATED":
            youth = datetime.timedelta(days=LIMITS.days_before_removal)
            if self.state.now() < account.create_time + youth:
                raise constraint_violation("WAIT_PERIOD_ACTIVE")
        if account.lacks:
            raise constraint_violation(account.lacks[0])
