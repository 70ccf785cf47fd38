from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.organization import MANAGEMENT_ACCOUNT_ID
from tests.unit.functions.payloads import (
    EMAIL,
    REQUEST_ID,
    REQUEST_ID_TAG,
    a_request,
    accepted,
    create,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors.exceptions import (
    ExecutionSuperseded,
    OperationRefused,
    OutcomeUnknown,
    RequestConflict,
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
    account_id = world.organization.add_account(email=EMAIL)
    account = dict(world.organization.accounts[account_id])
    del account["State"]
    world.organization.answers["DescribeAccount"] = lambda **_: {"Account": account}
    accept_existing(world, account_id)

    assert describe_account(world, account_id)["state"] == "ACTIVE"


def test_describe_account_of_a_request_taken_over_stops(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    accept_existing(world, account_id)

    with pytest.raises(ExecutionSuperseded):
        describe_account(world, account_id, OTHER_EXECUTION)


def made_and_not_heard_of(world: World) -> str:
    """An account that AWS made for a request which has not heard of it."""
    accepted(world, execution=OTHER_EXECUTION)
    world.organization.lose_answer("CreateAccount")
    with pytest.raises(OutcomeUnknown):
        create(world, executionArn=OTHER_EXECUTION)
    account_id = world.organization.finish()
    assert account_id is not None
    return account_id


def fail(world: World) -> None:
    error = {"Error": "States.Timeout"}
    world.call("RecordFailure", request=a_request(), executionArn=OTHER_EXECUTION, error=error)


@pytest.mark.parametrize("state", ["CREATING", "BASELINING", "FAILED"])
def test_describe_account_that_another_request_made_and_may_look_for_is_a_conflict(
    world: World, state: str
) -> None:
    account_id = made_and_not_heard_of(world)
    if state == "BASELINING":
        world.ledger.mark_account_created(REQUEST_ID, OTHER_EXECUTION, account_id=account_id)
    if state == "FAILED":
        fail(world)
    world.later(7 * 3600)
    accept_existing(world, account_id)

    with pytest.raises(RequestConflict) as conflict:
        describe_account(world, account_id)

    assert f"'{REQUEST_ID}', which is {state}" in conflict.value.message
    assert ("again: it adopts" in conflict.value.remedy) == (state == "FAILED")
    assert "accountId" not in world.row("a-1")


@pytest.mark.parametrize("other", ["VENDED", "FAILED", "REJECTED", "unknown"])
def test_describe_account_of_a_request_that_is_done_with_it_is_taken_in_again(
    world: World, other: str
) -> None:
    if other == "unknown":
        account_id = world.organization.add_account(email=EMAIL, tags={REQUEST_ID_TAG: "unheard"})
    elif other == "REJECTED":
        account_id = world.organization.add_account(email=EMAIL, tags={REQUEST_ID_TAG: REQUEST_ID})
        error = {"Error": "RequestInvalid"}
        world.call("RecordFailure", request=a_request(), executionArn=OTHER_EXECUTION, error=error)
    else:
        account_id = made_and_not_heard_of(world)
        ids: dict[str, Any] = {"account_id": account_id}
        world.ledger.mark_account_created(REQUEST_ID, OTHER_EXECUTION, **ids)
        if other == "FAILED":
            fail(world)
        else:
            world.ledger.mark_vended(
                REQUEST_ID, OTHER_EXECUTION, **ids, organizational_unit_id=None
            )
    accept_existing(world, account_id)

    assert describe_account(world, account_id)["accountId"] == account_id
    assert world.row("a-1")["state"] == "BASELINING"


@pytest.mark.parametrize("first", ["by id", "by email"])
def test_describe_account_that_another_request_names_otherwise_is_a_conflict(
    world: World, first: str
) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    by_id = {"requestId": "a-1", "source": "existing", "account": {"accountId": account_id}}
    by_email = {"requestId": "a-1", "source": "invited", "account": {"email": EMAIL.upper()}}
    mine, other = (by_email, by_id) if first == "by id" else (by_id, by_email)
    accepted(world, {**other, "requestId": "other"}, OTHER_EXECUTION)
    accepted(world, mine)

    with pytest.raises(RequestConflict, match="'other', which is REQUESTED"):
        describe_account(world, account_id)
