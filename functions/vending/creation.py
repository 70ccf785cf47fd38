"""What AWS's answer about an account's creation means for the request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vending.adoption import Adoption
from vending.catalogue import explain
from vending.clock import Clock, epoch, now
from vending.errors import AccountCreationFailed

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import CreateAccountStatusTypeDef

    from vending.ledger import Ledger, Row
    from vending.request import NewAccount

SETTLING_TIME = 60
"""Seconds after which Organizations shows what was made: it is eventually consistent."""

_PERHAPS_OURS = ("EMAIL_ALREADY_EXISTS", "CONCURRENT_ACCOUNT_MODIFICATION")
"""FailureReasons that an earlier creation for the same request explains, whose answer was lost."""


@dataclass(frozen=True, kw_only=True)
class Created:
    """Where a creation stands, and the ledger row that says so."""

    state: Literal["IN_PROGRESS", "SUCCEEDED"]
    row: Row


@dataclass(frozen=True, kw_only=True)
class Creation:
    """One request's creation, as seen by the execution that owns it."""

    request_id: str
    execution_arn: str
    account: NewAccount
    ledger: Ledger
    organizations: OrganizationsClient
    clock: Clock = now

    @property
    def adoption(self) -> Adoption:
        """Looks for the account that this creation may have made."""
        return Adoption(
            client=self.organizations,
            request_id=self.request_id,
            email=self.account.email,
            account_name=self.account.name,
        )

    def settle(self, status: CreateAccountStatusTypeDef, row: Row) -> Created:
        """Write down what a CreateAccountStatus says; AccountCreationFailed when it says so.

        A creation that failed because the account is there already is adopted where the account
        was made for this request, and waited for where it is still being made.
        """
        state, account_id = status.get("State"), status.get("AccountId")
        if state == "SUCCEEDED" and account_id:
            return self.adopt(
                account_id=account_id,
                creation_id=status.get("Id"),
                gov_cloud_account_id=status.get("GovCloudAccountId"),
            )
        if state != "FAILED":
            return Created(state="IN_PROGRESS", row=row)
        reason = status.get("FailureReason")
        if reason in _PERHAPS_OURS:
            finding = self.adoption.look(since=epoch(row["requestedAt"]))
            if finding.kind == "ours" and finding.account_id:
                return self.adopt(account_id=finding.account_id, creation_id=finding.creation_id)
            unsettled = finding.kind == "nothing" and self._is_recent(status)
            if finding.kind == "in progress" or (
                unsettled and reason == "CONCURRENT_ACCOUNT_MODIFICATION"
            ):
                return Created(state="IN_PROGRESS", row=row)
        self.ledger.not_created(self.request_id, self.execution_arn)
        raise _failure(status, reason)

    def adopt(
        self,
        *,
        account_id: str,
        creation_id: str | None = None,
        gov_cloud_account_id: str | None = None,
    ) -> Created:
        """The account is there and it is this request's."""
        row = self.ledger.has_account(
            self.request_id,
            self.execution_arn,
            account_id=account_id,
            creation_id=creation_id,
            gov_cloud_account_id=gov_cloud_account_id,
        )
        return Created(state="SUCCEEDED", row=row)

    def _is_recent(self, status: CreateAccountStatusTypeDef) -> bool:
        completed: Any = status.get("CompletedTimestamp")
        return completed is not None and self.clock() - completed.timestamp() < SETTLING_TIME


def _failure(status: CreateAccountStatusTypeDef, reason: str | None) -> AccountCreationFailed:
    words = explain("AccountCreationFailed", reason)
    return AccountCreationFailed(
        f"{words.what} (creation {status.get('Id', 'unknown')})",
        reason=reason,
        remedy=words.remedy,
    )
