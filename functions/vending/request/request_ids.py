"""The id of a request that was given none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any


def derived(source: object, email: str | None, account_id: str | None) -> str | None:
    """From the natural key of the wish; the address itself cannot be read back out of it."""
    by_account = f"a-{account_id}" if account_id else None
    by_email = (
        f"r-{hashlib.sha256(email.lower().encode(errors='replace')).hexdigest()[:20]}"
        if email
        else None
    )
    if source in ("existing", "invited"):
        return by_account or by_email
    return by_email or by_account


def subject(request_id: str, content: Mapping[str, Any]) -> str:
    """What to call a request by: `key: value`, of an id that was written, else of its account.

    Args:
        request_id: as it was written, or derived.
        content: the request.
    """
    account = content.get("account", {})
    email, account_id = account.get("email"), account.get("accountId")
    if request_id == derived(content.get("source", "new"), email, account_id):
        by_email = email and not request_id.startswith("a-")
        return f"account.email: '{email}'" if by_email else f"account.accountId: '{account_id}'"
    return f"requestId: '{request_id}'"
