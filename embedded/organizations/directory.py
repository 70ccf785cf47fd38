"""All accounts of the embedded AWS, whether in an organization or not.

The rest of AWS knows an account by its id and by its email; an email is unique in a partition.
"""

from __future__ import annotations

from dataclasses import replace

from moto.moto_api._internal import mock_random

from embedded.core.frozen import frozen
from embedded.core.partitions import COMMERCIAL


@frozen
class AwsAccount:
    """An account as AWS itself knows it."""

    id: str
    email: str
    name: str
    partition: str = COMMERCIAL


_BY_ID: dict[str, AwsAccount] = {}
_BY_EMAIL: dict[tuple[str, str], AwsAccount] = {}
_CLOSED: set[str] = set()


def clear() -> None:
    """Forget every account."""
    _CLOSED.clear()
    _BY_ID.clear()
    _BY_EMAIL.clear()


def register(account: AwsAccount) -> AwsAccount:
    """Make an account known; one of the same id is kept as it was."""
    known = _BY_ID.setdefault(account.id, account)
    if known is account:
        _BY_EMAIL[account.partition, account.email.lower()] = account
    return known


def by_id(account_id: str) -> AwsAccount | None:
    """The account of that id."""
    return _BY_ID.get(account_id)


def by_email(partition: str, email: str) -> AwsAccount | None:
    """The account that owns an email, whose case does not matter."""
    return _BY_EMAIL.get((partition, email.lower()))


def change_email(account_id: str, email: str) -> None:
    """The account has this email from now on; its old one is free."""
    account = _BY_ID[account_id]
    del _BY_EMAIL[account.partition, account.email.lower()]
    _BY_ID[account_id] = changed = replace(account, email=email)
    _BY_EMAIL[account.partition, email.lower()] = changed


def close(account_id: str) -> None:
    """Nobody enters the account any more; its email stays taken."""
    _CLOSED.add(account_id)


def is_closed(account_id: str) -> bool:
    """Whether the account has been closed."""
    return account_id in _CLOSED


def account_ids() -> set[str]:
    """The ids of all accounts."""
    return set(_BY_ID)


def new_account_id() -> str:
    """An id that no account has."""
    while True:
        account_id = f"{mock_random.randrange(10**11, 10**12)}"
        if account_id not in _BY_ID:
            return account_id
