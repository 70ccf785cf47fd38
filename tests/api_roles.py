"""What each role is answered by each route of the API, and calls that can do what they ask for."""

from __future__ import annotations

from typing import Any

from vending.api.openapi import CONTRACTS
from vending.api.routes import Route

DOCUMENT: dict[str, Any] = {
    "account": {"name": "Sandbox", "email": "aws+sandbox@example.com"},
    "organizationalUnit": "/Workloads/Sandbox",
}
BODIES: dict[str, Any] = {
    "planRequest": DOCUMENT,
    "createRequest": DOCUMENT | {"requestId": "new"},
    "changeAccount": DOCUMENT,
    "retireAccount": {"reason": "over"},
    "rejectRequest": {"reason": "too many"},
    "rejectRetirement": {"reason": "still in use"},
}
DECIDING = {"approveRequest", "rejectRequest", "approveRetirement", "rejectRetirement"}
HIDDEN = {
    *DECIDING,
    "getRequest",
    "listRequestEvents",
    "resumeRequest",
    "cancelRequest",
    "getAccount",
    "changeAccount",
    "retireAccount",
    "restoreAccount",
}
"""Of one request or account, which only its requester, and those who see everything, see."""

ROLES = (
    "requester",
    "another requester",
    "administrator",
    "approver",
    "operator",
    "stranger",
)
"""Of a request, or of an account whose retirement waits for the approver."""


def expected(route: Route, role: str) -> int:
    """The status that the route answers the role."""
    decides = route.operation in DECIDING
    done = CONTRACTS[route.operation].status
    may_look = done if route.method == "GET" else 403
    statuses = {
        "stranger": done if route.is_public else 403,
        "another requester": 404 if route.operation in HIDDEN else done,
        "operator": done if route.operation == "cancelRequest" else may_look,
        # It asks for nothing, and sees requests that it decides on.
        "approver": {
            "getAccount": 404,
            "changeAccount": 404,
            "resumeRequest": 404,
            "cancelRequest": 404,
        }.get(route.operation, done if decides else may_look),
    }
    return statuses.get(role, 403 if decides else done)


def state_for(route: Route) -> str:
    """The state in which a request lets the route do something."""
    if route.operation in DECIDING:
        return "AWAITING_APPROVAL"
    return "QUEUED" if route.operation == "cancelRequest" else "FAILED"
