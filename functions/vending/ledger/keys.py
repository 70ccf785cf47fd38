"""The keys of the table's items: what each kind is found by.

An email is in nobody's key: where one is known by it, the key has its hash.
"""

from __future__ import annotations

import hashlib

REQUEST = "request#"
CREATION_QUEUE = "gate#creation"
CLOSING_QUEUE = "queue#closing"
RETIREMENT = "retirement#"
EMAIL_LOCK = "email#"
ACCOUNT_RECORD = "record#"
ORGANIZATION_AUDIT = "reconciliation#organization"
ACCOUNTS_COMPARED = "reconciliation#accounts"
ORGANIZATION_FEATURES = "organization#features"
TRUSTED_SERVICES = "organization#services"

EXECUTION_END = "execution#"
"""Before the name of an execution, in place of the id of a request: its end is waited for."""

BY_STATE = "byState"
"""The index of the requests' rows by `state`, and then by `updatedAt`."""


def request(request_id: str) -> str:
    """A request's row."""
    return f"{REQUEST}{request_id}"


def retirement(account_id: str) -> str:
    """An account's retirement."""
    return f"{RETIREMENT}{account_id}"


def email_lock(email: str) -> str:
    """The lock on the email of an account."""
    return f"{EMAIL_LOCK}{_hashed(email)}"


def account_lock(account_id: str) -> str:
    """The lock on the id of an account."""
    return f"account#{account_id}"


def account_record(account_id: str) -> str:
    """The record of an account: its last document, and the order of its submissions."""
    return f"{ACCOUNT_RECORD}{account_id}"


def revision(account_id: str, number: int) -> str:
    """What one revision of an account's document was, who asked for it, and when."""
    return f"revision#{account_id}#{number}"


def usage(requester: str) -> str:
    """What a requester has used of its ceilings."""
    return f"requester#{requester}"


def handshake(handshake_id: str) -> str:
    """The pointer from a handshake to its request."""
    return f"handshake#{handshake_id}"


def invited(account: str) -> str:
    """The pointer from an invited account, by its id or email, to its request."""
    return f"invited#{_hashed(account) if '@' in account else account}"


def creation(creation_id: str) -> str:
    """The pointer from a creation in AWS to its request."""
    return f"creation#{creation_id}"


def token(request_id: str) -> str:
    """The task token under which a request waits."""
    return f"token#{request_id}"


def unit(path: str) -> str:
    """The organizational unit that a path led to."""
    return f"unit#{path}"


def missing_unit(path: str) -> str:
    """That a path led to no organizational unit."""
    return f"unit#missing#{path}"


def policy(policy_type: str, name: str) -> str:
    """What was seen of the policy of a type and name."""
    return f"organization#policy#{policy_type}#{name}"


def _hashed(email: str) -> str:
    return hashlib.sha256(email.lower().encode()).hexdigest()
