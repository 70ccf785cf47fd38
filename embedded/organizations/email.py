"""Email addresses as AWS takes them for accounts (API reference, CreateAccount)."""

from __future__ import annotations

import re

_EMAIL = re.compile(
    r"""(?!\.)[^\s"'()<>\[\]:;,\\|%&@]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?""", re.ASCII
)


def is_valid(email: str) -> bool:
    """Whether it keeps the documented rules, which say more than the model's pattern."""
    _, _, domain = email.partition("@")
    return email.isascii() and _EMAIL.fullmatch(email) is not None and "." in domain


def same(email: str, other: str) -> bool:
    """Whether two addresses are one."""
    return email.lower() == other.lower()
