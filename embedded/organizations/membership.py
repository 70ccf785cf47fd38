"""How accounts become and cease to be members.

API reference: RemoveAccountFromOrganization, LeaveOrganization, CloseAccount.
"""

from __future__ import annotations

import datetime
from typing import Any

from moto.organizations.models import organizations_backends

from embedded import cloudtrail
from embedded.organizations import directory
from embedded.organizations.errors import OrganizationsError, constraint_violation
from embedded.organizations.quotas import LIMITS
from embedded.organizations.state import Account
from embedded.organizations.trusted_access import TrustedAccess
from embedded.partitions import REGIONS

_CLOSED_ACCOUNT_KEPT = datetime.timedelta(days=LIMITS.closed_account_kept_days)


class Membership(TrustedAccess):
    """Joining and departing, and the events of both."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._leaving: list[tuple[datetime.datetime, Account]] = []
        """Closed accounts by when they are gone, the earliest first."""

    def remove_account_from_organization(self, **request: Any) -> None:
        """Make a member a standalone account.

        Raises:
            OrganizationsError: AccountNotFoundException; MasterCannotLeaveOrganizationException;
                ConstraintViolationException for a delegated administrator, and for an account that
                was created here and is too young or has not signed up for itself.
        """
        self.depart(self.account(request["AccountId"]), "REMOVED")

    def leave_organization(self, **_: Any) -> None:
        """Make the caller's own account standalone."""
        self.depart(self.account(self.caller_id()), "LEFT")

    def join(self, account: Account) -> None:
        """Take an account in, and tell of it."""
        self.add_account(account)
        self.announce(
            cloudtrail.account_joined(
                self.account_id,
                account.id,
                account.joined_method,
                account.create_time,
                REGIONS[self.partition],
            )
        )

    def depart(self, account: Account, method: str) -> None:
        """Let an account go, and tell of it, or refuse."""
        self._refuse_departure(account)
        self._take_out(account, method, self.now())

    def closed(self, account: Account) -> None:
        """An account has closed; for some time it stays a member and counts as one."""
        account.state = "CLOSED"
        directory.close(account.id)
        self._leaving.append((self.now() + _CLOSED_ACCOUNT_KEPT, account))

    def clean(self) -> bool:
        """Let accounts go that closed so long ago that nobody can reopen them: whether any went."""
        now, left = self.now(), False
        while self._leaving and self._leaving[0][0] <= now:
            gone_at, account = self._leaving.pop(0)
            if account in self.accounts:
                self.delegations.pop(account.id, None)
                self._take_out(account, "CLEANED", gone_at)
                left = True
        return left

    def _take_out(self, account: Account, method: str, at: datetime.datetime) -> None:
        self.accounts.remove(account)
        organizations_backends.master_accounts.pop(account.id, None)
        self.announce(
            cloudtrail.account_departed(
                self.account_id, account.id, method, at, REGIONS[self.partition]
            )
        )

    def _refuse_departure(self, account: Account) -> None:
        if account.id == self.account_id:
            raise OrganizationsError("MasterCannotLeaveOrganizationException")
        if self.administers(account.id):
            raise constraint_violation("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG")
        if account.joined_method == "CREATED":
            youth = datetime.timedelta(days=LIMITS.days_before_removal)
            if self.now() < account.create_time + youth:
                raise constraint_violation("WAIT_PERIOD_ACTIVE")
        if account.lacks:
            raise constraint_violation(account.lacks[0])
