"""The alternate contacts of a member account, as Account Management has them.

It takes the id of an account from the organization's management account only, for its members, with
all features and trusted access for account.amazonaws.com. The management account itself would have
to be left out of the call; it is never vended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_account import AccountClient
    from mypy_boto3_account.literals import AlternateContactTypeType

    from vending.request.contacts import AlternateContact

Content = tuple[str, ...]
"""Name, title, email and phone number, without the spaces around them, which AWS may drop."""

TYPES: dict[str, AlternateContactTypeType] = {
    "billing": "BILLING",
    "operations": "OPERATIONS",
    "security": "SECURITY",
}
"""What AWS calls the contacts of a request."""


def present(account: AccountClient, account_id: str, name: str) -> Content | None:
    """What the account has for the contact of this name; None where it has no such contact.

    AWS Account Management API reference, GetAlternateContact.
    """
    try:
        answer = account.get_alternate_contact(
            AccountId=account_id, AlternateContactType=TYPES[name]
        )
    except account.exceptions.ResourceNotFoundException:
        return None
    found = answer["AlternateContact"]
    names = ("Name", "Title", "EmailAddress", "PhoneNumber")
    return tuple(str(found.get(name, "")).strip() for name in names)


def content(contact: AlternateContact) -> Content:
    """What a request gives for it."""
    texts = (contact.name, contact.title, contact.email, contact.phone)
    return tuple(text.strip() for text in texts)
