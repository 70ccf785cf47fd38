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
