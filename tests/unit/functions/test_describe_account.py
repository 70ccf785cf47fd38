from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.organization import MANAGEMENT_ACCOUNT_ID
from tests.unit.functions.payloads import EMAIL, accepted
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors import (
    ExecutionSuperseded,
    OperationRefused,
)


def describe_account(world: World, account_id: str, execution: str = EXECUTION) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "DescribeAccount", requestId="a-1", executionArn=execution, accountId=account_id
    )
    return result


def accept_existing(world: World, account_id: str) -> None:
    request = {"requestId": "a-1", "source": "existing", "account": {"accountId": account_id}}
    accepted(world, request)


def test_describe_account_run_twice_says_the_same(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL, name="Made by hand")
    accept_existing(world, account_id)

    first, second = describe_account(world, account_id), describe_account(world, account_id)

    assert first == second
    assert first == {
        "accountId": account_id,
        "email": EMAIL,
        "name": "Made by hand",
        "state": "ACTIVE",
    }
    row = world.row("a-1")
    assert (row["state"], row["accountId"]) == ("BASELINING", account_id)
    assert row["accountName"] == "Made by hand"


def test_describe_account_outside_the_organization_is_refused(world: World) -> None:
    accept_existing(world, "000000000099")

    with pytest.raises(OperationRefused) as refused:
        describe_account(world, "000000000099")

    assert refused.value.code == "AccountNotFoundException"
    assert "invite" in refused.value.remedy


def test_describe_account_of_the_management_account_is_refused(world: World) -> None:
    arn = f"arn:aws:organizations::{MANAGEMENT_ACCOUNT_ID}:account/o-1/{MANAGEMENT_ACCOUNT_ID}"
    manager = {"Id": MANAGEMENT_ACCOUNT_ID, "Arn": arn, "State": "ACTIVE"}
    world.organization.accounts[MANAGEMENT_ACCOUNT_ID] = manager
    accept_existing(world, MANAGEMENT_ACCOUNT_ID)

    with pytest.raises(OperationRefused) as refused:
        describe_account(world, MANAGEMENT_ACCOUNT_ID)

    assert refused.value.code == "ManagementAccountNotVended"
    assert "member account" in refused.value.remedy


@pytest.mark.parametrize("state", ["PENDING_ACTIVATION", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"])
def test_describe_account_that_is_not_active_is_refused(world: World, state: str) -> None:
    account_id = world.organization.add_account(email=EMAIL, State=state)
    accept_existing(world, account_id)

    with pytest.raises(OperationRefused) as refused:
        describe_account(world, account_id)

    assert (refused.value.code, refused.value.reason) == ("AccountNotActive", state)
    assert world.row("a-1")["state"] == "REQUESTED"


def test_describe_account_reads_status_where_state_is_absent(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL, Status="ACTIVE")
    del world.organization.accounts[account_id]["State"]
    accept_existing(world, account_id)

    assert describe_account(world, account_id)["state"] == "ACTIVE"


def test_describe_account_of_a_request_taken_over_stops(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    accept_existing(world, account_id)

    with pytest.raises(ExecutionSuperseded):
        describe_account(world, account_id, OTHER_EXECUTION)
