"""The email of a member account's root user, as Account Management has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_account import AccountClient


def has_email(account: AccountClient, account_id: str, email: str) -> bool:
    """Whether the account has this email; letter case makes no difference.

    AWS Account Management API reference, GetPrimaryEmail.
    """
    found = account.get_primary_email(AccountId=account_id)["PrimaryEmail"]
    return found.lower() == email.lower()
