"""A request policy that asks for approvals, and those who give them."""

from __future__ import annotations

import copy
from typing import Any

from tests.unit.functions.world import EXECUTION, World
from vending.aws.clock import timestamp
from vending.ledger import keys

HERE = "111111111111"
DAY = 86_400.0
TOKEN = "token-1"
PORTAL, REVIEWERS, SECURITY, OPERATORS = "portal", "reviewers", "security", "cli"

POLICY: dict[str, Any] = {
    "requesters": {
        "portal": {
            "senders": [{"account": HERE, "source": PORTAL}],
            "sources": ["new", "existing"],
            "organizationalUnits": ["/Workloads"],
            "accountIds": ["*"],
            "emails": ["*@example.com"],
            "policies": ["*"],
            "rootAccess": ["RootSessions"],
            "tags": {"allowed": {"*": ["*"]}},
        },
        "reviewers": {
            "roles": ["approver"],
            "senders": [
                {"account": HERE, "source": REVIEWERS},
                {"account": HERE, "source": "more-reviewers"},
            ],
        },
        "security": {
            "roles": ["approver"],
            "senders": [{"account": HERE, "source": SECURITY}],
        },
        "operators": {
            "roles": ["administrator"],
            "senders": [{"account": HERE, "source": OPERATORS}],
        },
    },
    "approvals": {
        "rules": {
            "production": {"organizationalUnits": ["/Workloads/Production"], "by": ["reviewers"]},
        }
    },
}


def a_policy(**rules: dict[str, Any]) -> dict[str, Any]:
    """The policy, with these rules instead of its own where any are given."""
    policy: dict[str, Any] = copy.deepcopy(POLICY)
    if rules:
        policy["approvals"] = {"rules": rules}
    return policy


def a_request(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "requestId": f"claim-{number}",
        "account": {"name": f"Sandbox {number}", "email": f"aws+{number}@example.com"},
        "organizationalUnit": "/Workloads/Production",
    } | changes


def sent(detail: Any, source: str, **changes: Any) -> dict[str, Any]:
    """An event as EventBridge delivers it."""
    return {
        "detail-type": "AccountRequested",
        "account": HERE,
        "source": source,
        "id": "event-1",
        "time": "2027-01-15T08:00:00Z",
        "detail": detail,
    } | changes


def accept(
    world: World, request: Any = None, source: str = PORTAL, execution: str = EXECUTION
) -> Any:
    request = a_request() if request is None else request
    return world.call("AcceptRequest", request=sent(request, source), executionArn=execution)


def wait(
    world: World,
    request_id: str = "portal.claim-1",
    execution: str = EXECUTION,
    token: str = TOKEN,
) -> Any:
    """The step that awaits the approval, run once."""
    world.organization.waiting.add(token)
    return world.call(
        "AwaitApproval", requestId=request_id, executionArn=execution, taskToken=token
    )


def decide(
    world: World,
    decision: str = "approve",
    source: str = REVIEWERS,
    request_id: str = "portal.claim-1",
    event_id: str | None = None,
    sent_at: float | None = None,
    **detail: Any,
) -> Any:
    """A decision by an event; {outcome, of, code}."""
    if decision == "reject":
        detail = {"reason": "too many"} | detail
    event = sent(
        {"requestId": request_id, "decision": decision, **detail},
        source,
        id=event_id or f"decision-{source}-{decision}",
        time=timestamp(sent_at or world.now),
    )
    return world.call("DecideApproval", **event)


def approval(world: World, request_id: str = "portal.claim-1") -> dict[str, Any]:
    found: Any = world.row(request_id)["approval"]
    return dict(found)


def item(world: World, request_id: str = "portal.claim-1") -> dict[str, Any]:
    found = world.ledger.table.get(keys.request(request_id), consistent=True)
    assert found is not None
    return found
