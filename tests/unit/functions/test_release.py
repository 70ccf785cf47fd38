"""What a request kept from others is theirs once it has ended, whoever notices its end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.functions.payloads import (
    REQUEST_ID,
    a_request,
    accepted,
    create,
    reserve,
    waiting,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.ledger.locks import keys
from vending.queueing.queue import Quota

MACHINE = "arn:aws:states:us-east-1:111111111111:stateMachine:account-vending"
PLACES = Quota().in_progress


def failed_inside(world: World) -> None:
    """The definition caught a failure."""
    error = {"Error": "States.Timeout"}
    world.call("RecordFailure", request=a_request(), executionArn=EXECUTION, error=error)


def stopped(world: World) -> None:
    """Somebody stopped the execution, and Step Functions reported it."""
    world.organization.executions[EXECUTION] = "ABORTED"
    detail = {
        "executionArn": EXECUTION,
        "status": "ABORTED",
        "input": json.dumps(a_request()),
    }
    world.call("RecordExecutionEnd", detail=detail)


def found_stopped(world: World) -> None:
    """Somebody stopped the execution, and nothing reported it."""
    world.organization.executions |= {EXECUTION: "ABORTED", OTHER_EXECUTION: "RUNNING"}
    world.later(3600)
    world.call("ReconcileLedger")


ENDS = pytest.mark.parametrize("end", [failed_inside, stopped, found_stopped])


@pytest.fixture(autouse=True)
def state_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_MACHINE_ARN", MACHINE)


def free_locks(world: World) -> bool:
    """Whether another request can have the same account's locks."""
    account = {"name": a_request()["account"]["name"], "email": a_request()["account"]["email"]}
    items = [world.ledger.table.get(pk) for pk in keys(account)]
    return all(item is None for item in items)


@ENDS
def test_end_before_the_creation_hands_the_slot_to_the_next_and_frees_the_locks(
    world: World, end: Callable[[World], Any]
) -> None:
    accepted(world)
    reserve(world)
    tokens = [waiting(world, number, OTHER_EXECUTION) for number in range(PLACES)]
    assert world.organization.tokens[tokens[-1]] is None

    end(world)

    assert world.organization.tokens[tokens[-1]] is not None
    assert REQUEST_ID not in world.queue.leases
    assert free_locks(world)


@ENDS
def test_end_of_a_request_that_waits_leaves_the_queue(
    world: World, end: Callable[[World], Any]
) -> None:
    tokens = [waiting(world, number, OTHER_EXECUTION) for number in range(PLACES)]
    accepted(world)
    reserve(world)

    end(world)

    assert all(world.organization.tokens[token] is not None for token in tokens)
    assert world.queue.waiting == ()
    assert free_locks(world)


@ENDS
def test_creation_that_may_go_on_keeps_its_locks_and_its_lease_until_the_lease_ends(
    world: World, end: Callable[[World], Any]
) -> None:
    accepted(world)
    reserve(world)
    create(world)

    end(world)

    assert world.row(REQUEST_ID)["state"] == "FAILED"
    assert REQUEST_ID in world.queue.leases
    assert not free_locks(world)
