"""Finding the account that a lost answer left behind.

Email is unique in all of AWS, and every account this system creates carries its request's id as a
tag from the first moment. So an account that owns the email and carries the tag is the request's.
ListCreateAccountStatus shows no email: its rows only say where to look, and what to wait for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vending.limits import REQUEST_ID_TAG
from vending.translation import translating

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import CreateAccountStatusTypeDef

CLOCKS_DIFFER_BY = 60
"""Seconds that AWS's clock and ours may be apart, generously."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found: this request's account, another's, a creation to wait for, or nothing."""

    kind: Literal["ours", "another's", "in progress", "nothing"]
    account_id: str | None = None
    creation_id: str | None = None
    gov_cloud_account_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """Looks for one request's account."""

    client: OrganizationsClient
    request_id: str
    email: str
    account_name: str

    def look(self, *, since: float) -> Finding:
        """Look at the creations requested after `since` (epoch seconds), then at all accounts."""
        with translating():
            creations = self._creations(since - CLOCKS_DIFFER_BY)
            for status in creations:
                account_id = status.get("AccountId")
                if account_id and self._is_ours(account_id):
                    return Finding(
                        kind="ours",
                        account_id=account_id,
                        creation_id=status.get("Id"),
                        gov_cloud_account_id=status.get("GovCloudAccountId"),
                    )
            owner = self.owner()
            if owner is not None:
                ours = self._carries_tag(owner)
                return Finding(kind="ours" if ours else "another's", account_id=owner)
            waiting = any(status.get("State") == "IN_PROGRESS" for status in creations)
            return Finding(kind="in progress" if waiting else "nothing")

    def _creations(self, since: float) -> list[CreateAccountStatusTypeDef]:
        pages = self.client.get_paginator("list_create_account_status").paginate(
            States=["IN_PROGRESS", "SUCCEEDED"]
        )
        return [
            status
            for page in pages
            for status in page.get("CreateAccountStatuses", [])
            if status.get("AccountName") == self.account_name
            and "RequestedTimestamp" in status
            and status["RequestedTimestamp"].timestamp() >= since
        ]

    def _is_ours(self, account_id: str) -> bool:
        try:
            account = self.client.describe_account(AccountId=account_id)["Account"]
        except self.client.exceptions.AccountNotFoundException:
            return False  # created and gone again, or not shown yet: the email's owner decides
        return self._has_email(account.get("Email")) and self._carries_tag(account_id)

    def owner(self) -> str | None:
        """The member account whose root user has the email."""
        for page in self.client.get_paginator("list_accounts").paginate():
            for account in page.get("Accounts", []):
                if self._has_email(account.get("Email")):
                    return account["Id"]
        return None

    def _carries_tag(self, account_id: str) -> bool:
        pages = self.client.get_paginator("list_tags_for_resource").paginate(ResourceId=account_id)
        return any(
            tag["Key"] == REQUEST_ID_TAG and tag["Value"] == self.request_id
            for page in pages
            for tag in page.get("Tags", [])
        )

    def _has_email(self, email: str | None) -> bool:
        return email is not None and email.lower() == self.email.lower()
