"""PutAlternateContact: ensures the alternate contacts of a member account.

Names, addresses and numbers stay out of what is returned, and so out of progress and plans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vending.aws import clients
from vending.handler.operation import Json, Payload, operation
from vending.organization.alternate_contacts import TYPES, content, present
from vending.request.contacts import Contacts
from vending.request.fields import AccountId

if TYPE_CHECKING:
    from mypy_boto3_account import AccountClient

    from vending.organization.report import Report

CALLS = {"account:GetAlternateContact", "account:PutAlternateContact"}


class PutAlternateContact(Payload):
    """The account and the contacts it must have; others that it has stay as they are."""

    account_id: AccountId
    contacts: Contacts


def run(payload: PutAlternateContact, *, account: AccountClient) -> Json:
    """{set: the contacts that were missing or different, alreadySet: the others}, by their keys.

    Implements PutAlternateContact and GetAlternateContact of the AWS Account Management API
    reference.
    """
    wanted = payload.contacts.given()
    different = [
        name
        for name, contact in wanted.items()
        if content(contact) != present(account, payload.account_id, name)
    ]
    for name in different:
        account.put_alternate_contact(
            AccountId=payload.account_id,
            AlternateContactType=TYPES[name],
            Name=wanted[name].name,
            Title=wanted[name].title,
            EmailAddress=wanted[name].email,
            PhoneNumber=wanted[name].phone,
        )
    return {"set": different, "alreadySet": [name for name in wanted if name not in different]}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return ", ".join(result["set"]) or "already set"


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    for name in [*result["set"], *result["alreadySet"]]:
        into.say(f"{name} contact", changed=name in result["set"])


def summary(record: Json) -> tuple[str, Any]:
    """The line of a request's result: a label, and nothing where the request asked for nothing."""
    return "contacts", ", ".join(record["request"].get("contacts") or {})


@operation(PutAlternateContact)
def handler(payload: PutAlternateContact) -> Json:
    """The Lambda entrance."""
    return run(payload, account=clients.account())
