from __future__ import annotations

import pytest

from tests.unit.functions.payloads import REQUEST_ID, accepted
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors import (
    ExecutionSuperseded,
)


def test_record_vended_run_twice_says_the_same(world: World) -> None:
    accepted(world)
    payload = {
        "requestId": REQUEST_ID,
        "executionArn": EXECUTION,
        "accountId": "000000000042",
        "organizationalUnitId": "ou-abcd-00000001",
    }

    first, second = (world.call("RecordVended", **payload) for _ in range(2))

    assert first == second
    assert first["state"] == "VENDED"
    assert first["organizationalUnitId"] == "ou-abcd-00000001"
    assert [name for name, _ in world.announced()] == [
        "AccountVendingStateChanged",
        "AccountVended",
    ] * 2


def test_record_vended_of_an_account_left_in_its_place(world: World) -> None:
    accepted(world)

    record = world.call(
        "RecordVended",
        requestId=REQUEST_ID,
        executionArn=EXECUTION,
        accountId="000000000042",
        organizationalUnitId=None,
    )

    assert (record["state"], record["organizationalUnitId"]) == ("VENDED", None)


def test_record_vended_of_a_request_taken_over_writes_and_says_nothing(world: World) -> None:
    accepted(world)

    with pytest.raises(ExecutionSuperseded):
        world.call(
            "RecordVended",
            requestId=REQUEST_ID,
            executionArn=OTHER_EXECUTION,
            accountId="000000000042",
            organizationalUnitId=None,
        )

    assert world.row(REQUEST_ID)["state"] == "REQUESTED"
    assert world.announced() == []
