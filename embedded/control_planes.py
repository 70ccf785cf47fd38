"""The services that act across accounts, each an extension of moto's: installed together."""

from __future__ import annotations

from embedded import organizations
from embedded.account import account_names, alternate_contacts, primary_emails
from embedded.identity import member_access, root_access


def install() -> None:
    """Have moto answer as they do. Before the first request; safe to repeat."""
    organizations.install()
    member_access.install()
    root_access.install()
    alternate_contacts.install()
    account_names.install()
    primary_emails.install()
