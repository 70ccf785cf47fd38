"""Pages of a List operation: at most 20 entries, and an opaque token until there are no more."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from embedded.organizations.errors import invalid_input

PAGE = 20


def page(
    operation: str, key: str, entries: Sequence[Any], request: Mapping[str, Any]
) -> dict[str, Any]:
    """The answer `{key: entries of this page, NextToken?}`; a token serves its own operation only.

    Raises:
        OrganizationsError: InvalidInputException INVALID_NEXT_TOKEN.
    """
    start = _start(operation, request["NextToken"]) if "NextToken" in request else 0
    end = start + int(request.get("MaxResults", PAGE))
    answer: dict[str, Any] = {key: list(entries[start:end])}
    if end < len(entries):
        answer["NextToken"] = base64.urlsafe_b64encode(f"{operation}:{end}".encode()).decode()
    return answer


def _start(operation: str, token: str) -> int:
    try:
        decoded = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise invalid_input("INVALID_NEXT_TOKEN") from None
    issuer, _, start = decoded.partition(":")
    if issuer != operation or not start.isdecimal():
        raise invalid_input("INVALID_NEXT_TOKEN")
    return int(start)
