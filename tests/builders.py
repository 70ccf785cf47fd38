"""Requests to vary: each test says only what matters to it."""

from __future__ import annotations

import itertools
from typing import Any

_numbers = itertools.count(1)


def a_request(**changes: Any) -> dict[str, Any]:
    """A valid request for a new account, its email its own; `changes` replace top-level keys."""
    number = next(_numbers)
    request: dict[str, Any] = {
        "requestId": f"request-{number}",
        "account": {"name": f"Sandbox {number}", "email": f"aws+{number}@example.com"},
        "organizationalUnit": "/Workloads/Sandbox",
        "tags": {"cost-centre": "4711"},
        "serviceAccess": ["account.amazonaws.com"],
        "rootAccess": ["RootCredentialsManagement", "RootSessions"],
        "requestedBy": "platform team",
    }
    return request | changes
