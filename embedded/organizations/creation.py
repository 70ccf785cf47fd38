"""One request for an account that AWS accepted, and how far it has come.

API reference: CreateAccountStatus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime


@dataclass(kw_only=True)
class Creation:
    """One accepted request for an account; times are virtual."""

    id: str
    name: str
    email: str
    role_name: str
    tags: dict[str, str]
    requested_at: datetime.datetime
    state: str = "IN_PROGRESS"
    completed_at: datetime.datetime | None = None
    account_id: str | None = None
    is_govcloud: bool = False
    govcloud_account_id: str | None = None
    failure_reason: str | None = None
    iam_user_access_to_billing: str = "ALLOW"

    def describe(self) -> dict[str, Any]:
        """The CreateAccountStatus shape; members that do not apply are absent. No email."""
        status = {
            "Id": self.id,
            "AccountName": self.name,
            "State": self.state,
            "RequestedTimestamp": self.requested_at,
            "CompletedTimestamp": self.completed_at,
            "AccountId": self.account_id,
            "GovCloudAccountId": self.govcloud_account_id,
            "FailureReason": self.failure_reason,
        }
        return {name: value for name, value in status.items() if value is not None}
