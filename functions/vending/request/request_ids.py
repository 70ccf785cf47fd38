"""The ids of requests: whose they are, and what one is derived from that was given none.

An id that a requester of the request policy writes, or that is derived, is that requester's own:
`portal.sandbox-1` is what `portal` calls `sandbox-1`. Administrators' ids stand as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

REQUESTER_PATTERN = "^[a-z][a-z0-9-]{0,31}$"
"""The names of requesters, which are the namespaces of their requests' ids."""

_SEPARATOR = "."


def qualified(request_id: str, namespace: str | None) -> str:
    """The id within a requester's namespace; as it is where it is qualified, or without one."""
    if namespace is None or _SEPARATOR in request_id:
        return request_id
    return f"{namespace}{_SEPARATOR}{request_id}"


def namespace_of(request_id: str) -> str | None:
    """The requester whose id it is; None for an administrator's."""
    namespace, separator, _ = request_id.rpartition(_SEPARATOR)
    return namespace if separator else None


def _unqualified(request_id: str) -> str:
    return request_id.rpartition(_SEPARATOR)[2]


def derived(source: object, email: str | None, account_id: str | None) -> str | None:
    """From the natural key of the request; the address itself cannot be read back out of it."""
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
    written = _unqualified(request_id)
    if written == derived(content.get("source", "new"), email, account_id):
        by_email = email and not written.startswith("a-")
        return f"account.email: '{email}'" if by_email else f"account.accountId: '{account_id}'"
    return f"requestId: '{request_id}'"
