"""Which accounts of the organization can be given a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.errors.aws_errors import translate_aws_errors
from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused, ServiceUnavailable

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import AccountTypeDef


def refusal(account: AccountTypeDef) -> OperationRefused | None:
    """Why this account, as DescribeAccount has it, cannot be worked on; None where it can.

    The management account is not vended: policies do not bind it, and moving it serves nobody.
    """
    account_id = account["Id"]
    if account.get("Arn", "").startswith(f"arn:aws:organizations::{account_id}:"):
        words = explain("ManagementAccountNotVended")
        return OperationRefused(
            f"The account {account_id} is the organization's management account.",
            code=words.code,
            remedy=words.remedy,
        )
    state = account.get("State") or account.get("Status")
    if state != "ACTIVE":
        words = explain("AccountNotActive")
        return OperationRefused(
            f"The account {account_id} is {state}, not ACTIVE.",
            code=words.code,
            reason=state,
            remedy=words.remedy,
        )
    return None


def email_problem(account_id: str, email: str, organizations: OrganizationsClient) -> str | None:
    """Why an account cannot be meant that is said to have this email; None where it has it.

    None, too, of one that is no member: that is said elsewhere. VendingError where AWS gives no
    answer.
    """
    with translate_aws_errors():
        try:
            account = organizations.describe_account(AccountId=account_id)["Account"]
        except organizations.exceptions.AccountNotFoundException:
            return None
    if account.get("Email", "").lower() == email.lower():
        return None
    return (
        f"account.email: the account {account_id} has another one, and no request for it has named "
        "any; write the one that it has, or the id of the account that is meant. To change it, "
        "`vend adopt` it first, or submit a request with the email that it has"
    )


def vended_refusal(account_id: str, organizations: OrganizationsClient) -> OperationRefused | None:
    """Why an account that was vended can no longer be called vended; None where it can.

    VendingError where AWS gives no answer.
    """
    with translate_aws_errors():
        try:
            account = organizations.describe_account(AccountId=account_id)["Account"]
        except organizations.exceptions.AccountNotFoundException:
            return OperationRefused(
                f"The account {account_id} belongs to this request, and is no longer in "
                "the organization.",
                code="AccountNotFoundException",
                remedy=(
                    "To bring the account back, invite it: a request with source invited, its "
                    "accountId and a new requestId. For another account, use a new requestId and "
                    "another email address."
                ),
            )
    return refusal(account)


def moved_since(
    account_id: str, unit_id: str | None, organizations: OrganizationsClient
) -> str | None:
    """What to say of a vended account that was moved out of its unit since; None where it was not.

    No failure: whoever administers the organization may move an account, and the same request
    delivered again must not undo it. VendingError where AWS gives no answer.
    """
    if unit_id is None:
        return None
    with translate_aws_errors():
        parent = parent_id(account_id, organizations)
    if parent == unit_id:
        return None
    return (
        f"The account {account_id} has been moved to {parent} since; this request put it into "
        f"{unit_id}. To move it, submit a request with source existing, its accountId and a new "
        "requestId"
    )


def parent_id(account_id: str, organizations: OrganizationsClient) -> str:
    """The id of the root or the unit that the account is in; ServiceUnavailable before AWS shows
    it.
    """
    for page in organizations.get_paginator("list_parents").paginate(ChildId=account_id):
        for parent in page.get("Parents", []):
            return parent["Id"]
    raise ServiceUnavailable(
        f"ListParents: it is not visible yet where the account {account_id} is.",
        remedy="No action needed: the workflow retries automatically.",
    )
