"""PutAlternateContact: ensures the alternate contacts of a member account.

Account Management takes the id of an account from the organization's management account only, for
its members, with all features and trusted access for account.amazonaws.com. The management account
itself would have to be left out of the call; it is never vended. Names, addresses and numbers stay
out of what is returned, and so out of progress and plans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vending.aws import clients
from vending.handler.operation import Json, Payload, operation
from vending.request.account_request import AccountId
from vending.request.contacts import AlternateContact, Contacts

if TYPE_CHECKING:
    from mypy_boto3_account import AccountClient
    from mypy_boto3_account.literals import AlternateContactTypeType

    from vending.organization.report import Report

CALLS = {"account:GetAlternateContact", "account:PutAlternateContact"}

TYPES: dict[str, AlternateContactTypeType] = {
    "billing": "BILLING",
    "operations": "OPERATIONS",
    "security": "SECURITY",
}
"""What AWS calls the contacts of a request."""


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
        if _content(contact) != _present(account, payload.account_id, TYPES[name])
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


def _present(
    account: AccountClient, account_id: str, kind: AlternateContactTypeType
) -> tuple[str, ...] | None:
    """What the account has, None where it has no such contact."""
    try:
        answer = account.get_alternate_contact(AccountId=account_id, AlternateContactType=kind)
    except account.exceptions.ResourceNotFoundException:
        return None
    found = answer["AlternateContact"]
    names = ("Name", "Title", "EmailAddress", "PhoneNumber")
    return tuple(str(found.get(name, "")).strip() for name in names)


def _content(contact: AlternateContact) -> tuple[str, ...]:
    """Without the spaces around it, which AWS takes and may drop."""
    texts = (contact.name, contact.title, contact.email, contact.phone)
    return tuple(text.strip() for text in texts)


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
