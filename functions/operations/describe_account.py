"""DescribeAccount: whether an existing account can be given a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending import aws, baseline_account, ports
from vending.errors import OperationRefused
from vending.ledger import Ledger
from vending.operation import Json, Payload, operation
from vending.request import AccountId
from vending.rows import record_of

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.announcements import Announcements

CALLS = {
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:DescribeAccount",
}


class DescribeAccount(Payload):
    """The account that is there already, or has come in a moment ago."""

    execution_arn: str
    account_id: AccountId
    has_just_joined: bool = False


def run(
    payload: DescribeAccount,
    *,
    ledger: Ledger,
    organizations: OrganizationsClient,
    announcements: Announcements,
) -> Json:
    """{accountId, email, name, state}; OperationRefused unless it is an active member
    other than the management account.

    Implements DescribeAccount of the AWS Organizations API reference. State replaces Status there.
    """
    account_id = payload.account_id
    try:
        account = organizations.describe_account(AccountId=account_id)["Account"]
    except organizations.exceptions.AccountNotFoundException:
        if payload.has_just_joined:
            raise  # it does not show yet
        raise OperationRefused(
            f"DescribeAccount: the account {account_id} is not in this organization.",
            code="AccountNotFoundException",
            remedy=(
                "Check account.accountId. If the account is outside the organization, invite it "
                "in AWS Organizations and submit the request again once it has joined."
            ),
        ) from None
    refused = baseline_account.refusal(account)
    if refused is not None:
        raise refused
    row = ledger.has_account(
        payload.request_id,
        payload.execution_arn,
        account_id=account_id,
        account_name=account.get("Name"),
    )
    announcements.state_changed(record_of(row))
    return {
        "accountId": account_id,
        "email": account.get("Email"),
        "name": account.get("Name"),
        "state": account.get("State") or account.get("Status"),
    }


@operation(DescribeAccount)
def handler(payload: DescribeAccount) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=ports.ledger(),
        organizations=aws.organizations(),
        announcements=ports.announcements(),
    )
