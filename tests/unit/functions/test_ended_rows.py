"""Rows of ended requests that go in time, and those that must not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.functions.payloads import (
    REQUEST_ID,
    a_request,
    accepted,
    create,
    vend,
)
from tests.unit.functions.world import EXECUTION, World
from vending.ledger.expiry import Expiry
from vending.ledger.item_types import Row
from vending.reconciliation.execution_end import ExecutionEnd

DAYS = 30
FAILED = {
    "Error": "OperationRefused",
    "Cause": json.dumps(
        {"errorType": "OperationRefused", "errorMessage": json.dumps({"code": "X", "message": "x"})}
    ),
}


@pytest.fixture
def expiring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENDED_ROWS_EXPIRE_DAYS", str(DAYS))


def fail(world: World, request: dict[str, Any] | None = None) -> None:
    world.call(
        "RecordFailure", request=request or a_request(), executionArn=EXECUTION, error=FAILED
    )


def test_rows_stay_by_default(world: World) -> None:
    accepted(world)

    fail(world)

    assert world.row(REQUEST_ID)["state"] == "FAILED"
    assert "deleteAt" not in world.row(REQUEST_ID)


@pytest.mark.usefixtures("expiring")
def test_row_of_a_request_that_failed_before_anything_was_done_goes_in_time(world: World) -> None:
    accepted(world)

    fail(world)

    assert world.row(REQUEST_ID)["deleteAt"] == int(world.now) + DAYS * 86_400


@pytest.mark.usefixtures("expiring")
def test_row_of_a_request_that_was_never_claimed_goes_in_time(world: World) -> None:
    fail(world)

    assert world.row(REQUEST_ID)["deleteAt"] == int(world.now) + DAYS * 86_400


@pytest.mark.usefixtures("expiring")
def test_row_stays_once_aws_was_asked_for_the_account(world: World) -> None:
    accepted(world)
    create(world)

    fail(world)

    assert world.row(REQUEST_ID)["state"] == "FAILED"
    assert "deleteAt" not in world.row(REQUEST_ID)


@pytest.mark.usefixtures("expiring")
def test_row_of_a_vended_account_stays(world: World) -> None:
    accepted(world)
    vend(world)

    assert world.row(REQUEST_ID)["state"] == "VENDED"
    assert "deleteAt" not in world.row(REQUEST_ID)


@pytest.mark.usefixtures("expiring")
def test_request_that_is_taken_up_again_does_not_expire(world: World) -> None:
    accepted(world)
    fail(world)
    world.call("AcceptRequest", request=a_request(), executionArn=f"{EXECUTION}-again")

    assert world.row(REQUEST_ID)["state"] == "REQUESTED"
    assert "deleteAt" not in world.row(REQUEST_ID)


@pytest.mark.usefixtures("expiring")
def test_account_that_a_late_function_writes_down_keeps_the_row(world: World) -> None:
    accepted(world)
    fail(world)

    world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id="222222222222")

    assert world.row(REQUEST_ID)["state"] == "FAILED"
    assert "deleteAt" not in world.row(REQUEST_ID)


def test_row_that_gets_an_account_while_it_is_set_to_expire_stays(world: World) -> None:
    accepted(world)
    fail(world)
    seen: Row = world.row(REQUEST_ID)
    world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id="222222222222")

    Expiry(table=world.ledger.table, days=DAYS).of_ended(seen)

    assert "deleteAt" not in world.row(REQUEST_ID)


@pytest.mark.parametrize(
    "asked",
    [
        "accountId",
        "createAccountRequestId",
        "handshakeId",
        "intent",
        "invitation",
        "unanswered",
    ],
)
@pytest.mark.parametrize("state", ["FAILED", "REJECTED"])
def test_row_with_a_trace_of_an_account_stays(world: World, state: str, asked: str) -> None:
    row: Any = {"pk": "request#r", "requestId": "r", "state": state, asked: "x"}

    assert Expiry(table=world.ledger.table, days=DAYS).of_new(row) == row


def test_row_of_an_execution_that_was_stopped_goes_in_time(world: World) -> None:
    accepted(world)
    ledger = world.ledger
    object.__setattr__(ledger, "ended_rows_expire_days", DAYS)
    end = ExecutionEnd(execution_arn=EXECUTION, status="ABORTED")

    ledger.mark_interrupted(world.row(REQUEST_ID), error=end.as_error())

    assert world.row(REQUEST_ID)["deleteAt"] == int(world.now) + DAYS * 86_400
