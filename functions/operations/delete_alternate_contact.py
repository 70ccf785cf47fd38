"""DeleteAlternateContact: deletes the contacts that an account was given and is to have no longer.

As for PutAlternateContact, the call is made from the organization's management account, for a
member, with trusted access for account.amazonaws.com.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.aws import clients
from vending.handler.operation import Json, Payload, operation
from vending.organization.alternate_contacts import TYPES, present
from vending.request.fields import AccountId
from vending.request.merge import surplus

if TYPE_CHECKING:
    from mypy_boto3_account import AccountClient

    from vending.organization.report import Report

CALLS = {"account:DeleteAlternateContact", "account:GetAlternateContact"}


class DeleteAlternateContact(Payload):
    """The account, the contacts that it was given before, and those that it is to have."""

    account_id: AccountId
    given: list[str]
    wanted: list[str]
    authoritative: bool = False


def run(payload: DeleteAlternateContact, *, account: AccountClient) -> Json:
    """{deleted: the contacts that were there}, by their keys in a request.

    Implements DeleteAlternateContact and GetAlternateContact of the AWS Account Management API
    reference.
    """
    looked_for = surplus(
        list(TYPES),
        wanted=payload.wanted,
        given=payload.given,
        authoritative=payload.authoritative,
    )
    deleted = []
    for name in looked_for:
        if present(account, payload.account_id, name) is None:
            continue
        try:
            account.delete_alternate_contact(
                AccountId=payload.account_id, AlternateContactType=TYPES[name]
            )
        except account.exceptions.ResourceNotFoundException:
            # Somebody deleted it between the two calls: VENDED must not say more than is seen.
            if present(account, payload.account_id, name) is not None:
                raise
            continue
        deleted.append(name)
    return {"deleted": deleted}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return ", ".join(result["deleted"]) or "none to delete"


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    for name in result["deleted"]:
        into.say(f"{name} contact removed", changed=True)


def summary(_record: Json) -> None:
    """No line of its own: PutAlternateContact's names the contacts."""


@operation(DeleteAlternateContact)
def handler(payload: DeleteAlternateContact) -> Json:
    """The Lambda entrance."""
    return run(payload, account=clients.account())
