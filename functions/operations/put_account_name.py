"""PutAccountName: ensures the name of an account that is there.

Account Management takes the id of a member from the organization's management account, with trusted
access for account.amazonaws.com. A name may be that of other accounts, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.aws import clients
from vending.handler.operation import Json, Payload, operation
from vending.request.fields import AccountId, AccountName

if TYPE_CHECKING:
    from mypy_boto3_account import AccountClient
    from mypy_boto3_organizations import OrganizationsClient

    from vending.organization.report import Report

CALLS = {"account:PutAccountName", "organizations:DescribeAccount"}


class PutAccountName(Payload):
    """The account, and the name that it is to have; null: it keeps its own."""

    account_id: AccountId
    account_name: AccountName | None


def run(
    payload: PutAccountName, *, organizations: OrganizationsClient, account: AccountClient
) -> Json:
    """{renamed: whether it had another name}.

    Organizations may show a new name late: the same name is put again then, which changes nothing.

    Implements PutAccountName of the AWS Account Management API reference.
    """
    name = payload.account_name
    if name is None:
        return {"renamed": False}
    found = organizations.describe_account(AccountId=payload.account_id)["Account"]
    renamed = found.get("Name") != name
    if renamed:
        account.put_account_name(AccountId=payload.account_id, AccountName=name)
    return {"renamed": renamed}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return "renamed" if result["renamed"] else "as it is to be"


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    if result["renamed"]:
        into.say("name of the account", changed=True)


def summary(_record: Json) -> None:
    """No line of its own: the result names the account."""


@operation(PutAccountName)
def handler(payload: PutAccountName) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=clients.organizations(), account=clients.account())
