"""The account of a request."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from vending.model import Model
from vending.request.fields import AccountId, AccountName, Email, RoleName

DEFAULT_ROLE_NAME = "OrganizationAccountAccessRole"


class Account(Model):
    """The account: what AWS creates it with, or which existing one is meant."""

    name: AccountName | None = Field(None, description="The account's name, for a new account.")
    email: Email | None = Field(
        None,
        description="The root user's address, which no other AWS account may have. Of an existing "
        "account, the one that it has, or another one than its last request named.",
    )
    account_id: AccountId | None = Field(
        None, description="Twelve digits, for an account that is there already."
    )
    role_name: RoleName = Field(
        DEFAULT_ROLE_NAME,
        description="The administrator role AWS makes in a new account. In an invited one, the "
        "role by which this system accepts the invitation itself; absent, its owner accepts.",
    )
    iam_user_access_to_billing: Literal["ALLOW", "DENY"] = Field(
        "ALLOW", description="Whether IAM users of a new account may see its bills."
    )


class NewAccount(Account):
    """An account to create: name and email are there."""

    name: AccountName
    email: Email
