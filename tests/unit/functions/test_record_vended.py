"""RecordVended: what is called vended is an active member, in its place."""

from __future__ import annotations

import pytest

from tests.unit.functions.payloads import REQUEST_ID, UNIT_ID, accepted, made, vend
from tests.unit.functions.world import OTHER_EXECUTION, World
from vending.errors.exceptions import AccountNotInPlace, ExecutionSuperseded, OperationRefused


def test_record_vended_run_twice_says_the_same(world: World) -> None:
    accepted(world)

    first, second = (vend(world, organizationalUnitId=UNIT_ID) for _ in range(2))

    assert first == second
    assert first["state"] == "VENDED"
    assert first["organizationalUnitId"] == UNIT_ID
    assert first["revision"] == 1
    assert [name for name, _ in world.announced()] == [
        "AccountVendingStateChanged",
        "AccountVended",
    ] * 2


def test_record_vended_of_an_account_left_in_its_place(world: World) -> None:
    accepted(world)

    record = vend(world)

    assert (record["state"], record["organizationalUnitId"]) == ("VENDED", None)
    assert world.called("ListParents") == []


@pytest.mark.parametrize("state", ["SUSPENDED", "PENDING_CLOSURE", "CLOSED", "PENDING_ACTIVATION"])
def test_record_vended_of_an_account_that_is_not_active_writes_nothing(
    world: World, state: str
) -> None:
    accepted(world)
    made(world, State=state)

    with pytest.raises(OperationRefused) as refused:
        vend(world, organizationalUnitId=UNIT_ID)

    assert (refused.value.code, refused.value.reason) == ("AccountNotActive", state)
    assert world.row(REQUEST_ID)["state"] == "REQUESTED"
    assert world.announced() == []


def test_record_vended_of_an_account_moved_away_writes_nothing(world: World) -> None:
    accepted(world)
    made(world, parent="ou-abcd-00000007")

    with pytest.raises(AccountNotInPlace, match="is in ou-abcd-00000007, not in ou-abcd-00000001"):
        vend(world, organizationalUnitId=UNIT_ID)

    assert world.row(REQUEST_ID)["state"] == "REQUESTED"
    assert world.announced() == []


def test_record_vended_of_a_request_taken_over_writes_and_says_nothing(world: World) -> None:
    accepted(world)

    with pytest.raises(ExecutionSuperseded):
        vend(world, executionArn=OTHER_EXECUTION)

    assert world.row(REQUEST_ID)["state"] == "REQUESTED"
    assert world.announced() == []
