"""Requests and payloads to vary: each test says only what matters to it."""

from __future__ import annotations

from typing import Any

from tests.unit.functions.world import EXECUTION, World

EMAIL = "team@example.com"
REQUEST_ID = "request-1"
REQUEST_ID_TAG = "account-vending:request-id"


def a_request(**changes: Any) -> dict[str, Any]:
    """A valid request for a new account; `changes` replace top-level keys."""
    request: dict[str, Any] = {
        "requestId": REQUEST_ID,
        "account": {"name": "Sandbox", "email": EMAIL},
        "organizationalUnit": "/Workloads/Sandbox",
        "tags": {"cost-centre": "4711"},
        "serviceAccess": ["ram.amazonaws.com"],
        "rootAccess": ["RootSessions"],
    }
    return request | changes


def an_account(**changes: Any) -> dict[str, Any]:
    return {"name": "Sandbox", "email": EMAIL} | changes


def accepted(
    world: World, request: dict[str, Any] | None = None, execution: str = EXECUTION
) -> dict[str, Any]:
    """A request whose claim the execution holds; AcceptRequest's result."""
    result: dict[str, Any] = world.call(
        "AcceptRequest", request=request or a_request(), executionArn=execution
    )
    world.calls.clear()
    return result


ACCOUNT_ID = "000000000042"
UNIT_ID = "ou-abcd-00000001"


def made(world: World, **changes: Any) -> str:
    """An account that is there, in its unit; its id."""
    account: dict[str, Any] = {"email": EMAIL, "account_id": ACCOUNT_ID, "parent": UNIT_ID}
    return world.organization.add_account(**(account | changes))


def vend(world: World, **changes: Any) -> dict[str, Any]:
    """RecordVended of the accepted request, whose account is there; the record."""
    payload: dict[str, Any] = {
        "requestId": REQUEST_ID,
        "executionArn": EXECUTION,
        "accountId": ACCOUNT_ID,
        "organizationalUnitId": None,
    }
    payload |= changes
    if payload["accountId"] not in world.organization.accounts:
        made(world, account_id=payload["accountId"])
    result: dict[str, Any] = world.call("RecordVended", **payload)
    return result


def reserve(world: World, request_id: str = REQUEST_ID, **changes: Any) -> str:
    """ReserveCreation of an accepted request; the token under which it waits."""
    token = world.organization.wait_for_token()
    payload: dict[str, Any] = {
        "requestId": request_id,
        "executionArn": EXECUTION,
        "taskToken": token,
    }
    world.call("ReserveCreation", **(payload | changes))
    return token


def waiting(world: World, number: int, execution: str = EXECUTION) -> str:
    """Another request, `other-<number>`, that came to the creation queue; its token."""
    account = {"name": f"Other {number}", "email": f"other{number}@example.com"}
    request_id = f"other-{number}"
    accepted(world, a_request(requestId=request_id, account=account), execution)
    return reserve(world, request_id, executionArn=execution)


def create(world: World, **changes: Any) -> dict[str, Any]:
    """CreateAccount, or another `operation`, of the accepted request, whose slot has come."""
    payload: dict[str, Any] = {
        "requestId": REQUEST_ID,
        "executionArn": EXECUTION,
        "account": an_account(),
        "tags": {"cost-centre": "4711"},
        "slot": {"startAt": "2027-01-15T08:00:00.000Z"},
    }
    operation = changes.pop("operation", "CreateAccount")
    payload |= changes
    if payload["slot"] is not None:
        world.give_slot(payload["requestId"])
    result: dict[str, Any] = world.call(operation, **payload)
    return result


INVITED = "222222222222"
TOKEN = "token-1"


def invited(world: World, **account: str) -> dict[str, Any]:
    """InviteAccountToOrganization of an accepted request for the account."""
    request = a_request(source="invited", account=account or {"accountId": INVITED})
    accepted(world, request)
    return invite(world, **account)


def invite(world: World, execution: str = EXECUTION, **account: str) -> dict[str, Any]:
    """InviteAccountToOrganization of the accepted request."""
    result: dict[str, Any] = world.call(
        "InviteAccountToOrganization",
        requestId=REQUEST_ID,
        executionArn=execution,
        account=account or {"accountId": INVITED},
        tags={"cost-centre": "4711"},
    )
    return result


def await_answer(
    world: World, handshake_id: str, token: str = TOKEN, **account: str
) -> dict[str, Any]:
    """DescribeHandshake, whose step waits under the token."""
    world.organization.waiting.add(token)
    result: dict[str, Any] = world.call(
        "DescribeHandshake",
        requestId=REQUEST_ID,
        executionArn=EXECUTION,
        handshakeId=handshake_id,
        account=account or {"accountId": INVITED},
        taskToken=token,
    )
    return result


def describe(world: World, creation_id: str, **changes: Any) -> dict[str, Any]:
    """DescribeCreateAccountStatus of the accepted request."""
    payload: dict[str, Any] = {
        "requestId": REQUEST_ID,
        "executionArn": EXECUTION,
        "createAccountRequestId": creation_id,
        "account": an_account(),
    }
    result: dict[str, Any] = world.call("DescribeCreateAccountStatus", **(payload | changes))
    return result
