"""An account in its retirement: each test says only what matters to it."""

from __future__ import annotations

from typing import Any

from cli.dry_run.planned import Planned
from cli.dry_run.retirement import planned_retirement
from tests.unit.functions.approving import HERE, PORTAL
from tests.unit.functions.world import EXECUTION, World
from vending.authorization.authorization import Authorization
from vending.authorization.request_policy import parse_policy
from vending.authorization.sender import Sender
from vending.aws import clients
from vending.aws.clock import timestamp
from vending.handler import wiring
from vending.ledger.item_types import Retirement
from vending.retirement.request import parse

RESTORING = EXECUTION.replace("first", "restoring")
DAY = 86_400.0
PROTECTED_TAG = "account-vending:protected"


def an_account(world: World, unit: str = "Sandbox") -> str:
    """A member account in a unit below the root."""
    unit_id = world.organization.add_unit(unit)
    return world.organization.add_account(email=f"{unit}@example.com", parent=unit_id)


def administers(world: World, account_id: str, service: str = "guardduty.amazonaws.com") -> None:
    """The account is a delegated administrator of the service."""
    world.organization.state.delegations[account_id] = {service: world.organization.state.now()}


def a_retirement_request(account_id: str, **changes: Any) -> dict[str, Any]:
    return {"accountId": account_id, "reason": "project over"} | changes


def accept(
    world: World, request: dict[str, Any], execution: str = EXECUTION, **event: Any
) -> dict[str, Any]:
    """AcceptRetirement's result; `event` makes it the detail of one."""
    world.organization.executions.setdefault(execution, "RUNNING")
    if event:
        request = {"detail-type": "AccountRetirementRequested", "detail": request, **event}
    result: dict[str, Any] = world.call(
        "AcceptRetirement",
        request=request,
        executionArn=execution,
        startedAt=timestamp(world.now),
    )
    return result


def plan(world: World, account_id: str, source: str = PORTAL, **changes: Any) -> Planned:
    """What `vend plan` says of the retirement, to whoever sends events of this source."""
    organizations = clients.organizations()
    return planned_retirement(
        parse(a_retirement_request(account_id, **changes)),
        wiring.retirements().get(account_id),
        account=organizations.describe_account(AccountId=account_id)["Account"],
        organizations=organizations,
        authorization=Authorization.of(
            Sender(account=HERE, source=source), parse_policy(world.policy), here=HERE
        ),
        protected_tag=PROTECTED_TAG,
    )


def record(
    world: World, account_id: str, stage: str, execution: str = EXECUTION, **more: Any
) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "RecordRetirement",
        request={"accountId": account_id},
        executionArn=execution,
        stage=stage,
        **more,
    )
    return result


def retiring(world: World, account_id: str, **changes: Any) -> None:
    """The account is suspended, its grace period has begun."""
    accept(world, a_retirement_request(account_id, **changes))
    record(world, account_id, "RETIRING")


def due(world: World, account_id: str, **changes: Any) -> None:
    """Its grace period is over, and its slot in the closing queue has come."""
    retiring(world, account_id, **changes)
    world.later(14 * DAY + 1)
    reserve(world, account_id)


def reserve(world: World, account_id: str, execution: str = EXECUTION) -> str:
    """ReserveClosing has run for it; the token under which it waits."""
    token = world.organization.wait_for_token()
    world.call("ReserveClosing", accountId=account_id, executionArn=execution, taskToken=token)
    return token


def close(world: World, account_id: str, execution: str = EXECUTION) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "CloseAccount", accountId=account_id, executionArn=execution
    )
    return result


def row_of(account_id: str) -> Retirement:
    row = wiring.retirements().get(account_id)
    assert row is not None
    return row
