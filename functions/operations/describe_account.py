"""DescribeAccount: whether an existing account can be given a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.aws import clients
from vending.errors.exceptions import OperationRefused, RequestConflict
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.ledger.decisions import hidden_conflict, is_hidden
from vending.ledger.ledger import Ledger
from vending.ledger.locks import refuse_retired
from vending.ledger.rows import record_of
from vending.organization import eligibility
from vending.request.fields import AccountId
from vending.request.validators import REQUEST_ID_TAG
from vending.states import FINAL, State

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import AccountTypeDef

    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.item_types import Row

CALLS = {
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:DescribeAccount",
    "organizations:ListTagsForResource",
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
    publisher: EventPublisher,
) -> Json:
    """{accountId, email, name, state}; OperationRefused unless it is an active member
    other than the management account; RequestConflict while it is, or may be, another request's.

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
                "Correct account.accountId and submit the request again. If it is right and the "
                "account is outside the organization, submit the request with source invited."
            ),
        ) from None
    refused = eligibility.refusal(account)
    if refused is not None:
        raise refused
    _refuse_anothers(payload, account, ledger, organizations)
    row = ledger.mark_account_created(
        payload.request_id,
        payload.execution_arn,
        account_id=account_id,
        account_name=account.get("Name"),
    )
    publisher.publish_state_changed(record_of(row))
    return {
        "accountId": account_id,
        "email": account.get("Email"),
        "name": account.get("Name"),
        "state": account.get("State") or account.get("Status"),
    }


def _refuse_anothers(
    payload: DescribeAccount,
    account: AccountTypeDef,
    ledger: Ledger,
    organizations: OrganizationsClient,
) -> None:
    """RequestConflict where another request is at the account, or may yet find that it is its own.

    The locks show a request that is in progress, by the account's email where that one does not
    know the id; the tag shows one whose account AWS made without its knowledge.
    """
    known = {"email": account.get("Email"), "accountId": payload.account_id}
    for held in ledger.locks.foreign_locks(payload.request_id, known):
        refuse_retired(held)
        other = ledger.get(held.owner)
        if other and (other["state"] not in FINAL or ledger.locks.may_still_create(other)):
            raise _conflict(payload, other)
    first = _request_tag(payload.account_id, organizations)
    if first is None or first == payload.request_id:
        return
    other = ledger.get(first)
    if other is None or other["state"] == State.REJECTED:
        return
    if other["state"] not in FINAL or "accountId" not in other:
        raise _conflict(payload, other)


def _request_tag(account_id: str, organizations: OrganizationsClient) -> str | None:
    pages = organizations.get_paginator("list_tags_for_resource")
    for page in pages.paginate(ResourceId=account_id):
        for tag in page.get("Tags", []):
            if tag["Key"] == REQUEST_ID_TAG:
                return tag["Value"]
    return None


def _conflict(payload: DescribeAccount, other: Row) -> RequestConflict:
    account_id, request_id, state = payload.account_id, other["requestId"], other["state"]
    if is_hidden(request_id, of=payload.request_id):
        return hidden_conflict("account.accountId")
    remedy = f"Wait until the request '{request_id}' has ended, then submit this one again."
    if state in FINAL:
        remedy = (
            f"Submit the request '{request_id}' again: it adopts the account. Then "
            "submit this one again, if it is still wanted."
        )
    return RequestConflict(
        f"DescribeAccount: the account {account_id} is, or may be, that of the request "
        f"'{request_id}', which is {state}.",
        remedy=remedy,
    )


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return str(result["name"])


@operation(DescribeAccount)
def handler(payload: DescribeAccount) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=wiring.ledger(),
        organizations=clients.organizations(),
        publisher=wiring.event_publisher(),
    )
