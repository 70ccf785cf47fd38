"""What this request has sent can be taken back; nothing else is touched."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.payloads import INVITED, REQUEST_ID, invited
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors.exceptions import ExecutionSuperseded, Throttled


def cancel(world: World, handshake_id: str, execution: str = EXECUTION) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "CancelHandshake", requestId=REQUEST_ID, executionArn=execution, handshakeId=handshake_id
    )
    return result


def test_cancelling_twice_cancels_once(world: World) -> None:
    handshake_id = invited(world)["handshakeId"]

    first, second = cancel(world, handshake_id), cancel(world, handshake_id)

    assert first == {"handshakeId": handshake_id, "canceled": True}
    assert second == {"handshakeId": handshake_id, "canceled": False}
    assert world.organization.handshakes[handshake_id]["State"] == "CANCELED"


@pytest.mark.parametrize("state", ["ACCEPTED", "DECLINED", "EXPIRED"])
def test_invitation_that_has_ended_stays_as_it_is(world: World, state: str) -> None:
    handshake_id = invited(world)["handshakeId"]
    world.organization.end_invitation(handshake_id, state)

    assert cancel(world, handshake_id)["canceled"] is False
    assert world.organization.handshakes[handshake_id]["State"] == state


def test_invitation_that_aws_no_longer_shows_needs_no_cancelling(world: World) -> None:
    handshake_id = invited(world)["handshakeId"]
    world.organization.handshakes.clear()

    assert cancel(world, handshake_id)["canceled"] is False


def test_invitation_that_somebody_else_sent_is_not_taken_back(world: World) -> None:
    there = world.organization.add_invitation({"Type": "ACCOUNT", "Id": INVITED})
    invited(world)

    assert cancel(world, there["Id"])["canceled"] is False
    assert world.called("CancelHandshake") == []


def test_invitation_of_a_request_taken_over_is_left_to_the_other(world: World) -> None:
    handshake_id = invited(world)["handshakeId"]

    with pytest.raises(ExecutionSuperseded):
        cancel(world, handshake_id, OTHER_EXECUTION)

    assert world.called("CancelHandshake") == []


def test_throttled_cancelling_is_tried_again(world: World) -> None:
    handshake_id = invited(world)["handshakeId"]
    world.organization.refuse("CancelHandshake", "TooManyRequestsException")

    with pytest.raises(Throttled):
        cancel(world, handshake_id)
    assert cancel(world, handshake_id)["canceled"] is True
