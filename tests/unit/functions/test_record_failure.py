from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.functions.payloads import (
    EMAIL,
    REQUEST_ID,
    a_request,
    accepted,
    create,
    vend,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors.exceptions import OperationRefused, Throttled, VendingError

RAISED = OperationRefused(
    "CreateAccount: too many accounts",
    code="ConstraintViolationException",
    reason="ACCOUNT_NUMBER_LIMIT_EXCEEDED",
    remedy="Ask for a higher quota.",
)


def record_failure(world: World, error: dict[str, Any], **changes: Any) -> dict[str, Any]:
    payload: dict[str, Any] = {"request": a_request(), "executionArn": EXECUTION, "error": error}
    record: dict[str, Any] = world.call("RecordFailure", **(payload | changes))
    return record


def raised(error: Exception) -> dict[str, str]:
    """What a Catch gives for an exception that a Python function raised."""
    cause = {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": "f0b1",
        "stackTrace": ["  File …"],
    }
    return {"Error": type(error).__name__, "Cause": json.dumps(cause)}


def test_record_failure_keeps_what_the_function_said(world: World) -> None:
    accepted(world)

    record = record_failure(world, raised(RAISED))

    assert record["state"] == "FAILED"
    assert record["error"] == RAISED.as_dict()
    assert world.row(REQUEST_ID)["error"] == RAISED.as_dict()


@pytest.mark.parametrize(
    ("error", "owner", "wait"),
    [
        (RAISED, "administrator", None),
        (Throttled("Too fast.", code="TooManyRequestsException"), "retry", 10),
        (OperationRefused("No.", code="NextYearException"), "administrator", None),
    ],
    ids=["known", "passing", "unknown"],
)
def test_record_failure_records_who_must_act_and_how_long_to_wait(
    world: World, error: VendingError, owner: str, wait: int | None
) -> None:
    accepted(world)

    record = record_failure(world, raised(error))

    assert (record["error"]["owner"], record["error"]["wait"]) == (owner, wait)
    assert world.row(REQUEST_ID)["error"] == record["error"]
    assert [announced["error"] for _, announced in world.announced()] == [record["error"]] * 2


def test_record_failure_announces_the_end(world: World) -> None:
    accepted(world)

    record = record_failure(world, raised(RAISED))

    assert world.announced() == [
        ("AccountVendingStateChanged", record),
        ("AccountVendingFailed", record),
    ]


def test_record_failure_run_twice_leaves_one_failure(world: World) -> None:
    accepted(world)

    first, second = (record_failure(world, raised(RAISED)) for _ in range(2))

    assert first == second
    assert len(world.rows()) == 1


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        ({"Error": "States.Timeout", "Cause": ""}, "States.Timeout", "timed out"),
        ({"Error": "States.Timeout"}, "States.Timeout", "timed out"),
        (
            {
                "Error": "Runtime.ExitError",
                "Cause": '{"errorMessage":"RequestId: f0b1 Error: Runtime exited",'
                '"errorType":"Runtime.ExitError"}',
            },
            "Runtime.ExitError",
            "Runtime exited",
        ),
        (
            {
                "Error": "Lambda.AWSLambdaException",
                "Cause": "Service unavailable (Service: Lambda)",
            },
            "Lambda.AWSLambdaException",
            "Service: Lambda",
        ),
        (
            {"Error": "KeyError", "Cause": '{"errorMessage":"\'Account\'","errorType":"KeyError"}'},
            "KeyError",
            "'Account'",
        ),
        (
            {"Error": "AccountCreationOverdue", "Cause": "more than 6 hours"},
            "AccountCreationOverdue",
            "more than 6 hours",
        ),
        ({"Error": "States.TaskFailed", "Cause": "[1, 2"}, "States.TaskFailed", "[1, 2"),
        ({"Error": "States.TaskFailed", "Cause": {"odd": 1}}, "States.TaskFailed", "odd"),
        ({}, "Unknown", ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_record_failure_records_any_error_in_full(
    world: World, error: dict[str, Any], code: str, words: str
) -> None:
    accepted(world)

    record = record_failure(world, error)

    assert record["error"].keys() == RAISED.as_dict().keys()
    assert record["error"]["code"] == code
    assert words in record["error"]["message"]
    assert record["error"]["remedy"]


@pytest.mark.parametrize("name", ["RequestInvalid", "RequestConflict"])
def test_record_failure_of_a_refused_request_is_a_rejection(world: World, name: str) -> None:
    record = record_failure(world, {"Error": name, "Cause": "{}"}, request={"requestId": "mine"})

    assert record["state"] == "REJECTED"
    assert world.row("mine")["state"] == "REJECTED"
    assert world.announced()[-1] == ("AccountVendingFailed", record)


def test_record_failure_of_a_request_without_an_id_writes_nothing(world: World) -> None:
    record = record_failure(
        world, {"Error": "RequestInvalid", "Cause": "{}"}, request=["not a request"]
    )

    assert (record["requestId"], record["state"]) == (None, "REJECTED")
    assert record["error"]["remedy"]
    assert world.rows() == []


def test_record_failure_remembers_a_bad_request_by_its_email_without_keeping_it(
    world: World,
) -> None:
    request = {"account": {"email": EMAIL, "name": "x" * 51}}

    record = record_failure(world, {"Error": "RequestInvalid", "Cause": "{}"}, request=request)

    assert record["requestId"].startswith("r-")
    assert EMAIL not in str(world.rows())


def test_record_failure_of_a_later_rejection_replaces_an_earlier_one(world: World) -> None:
    error = {"Error": "RequestInvalid", "Cause": "{}"}
    record_failure(world, error)

    record = record_failure(world, error, executionArn=OTHER_EXECUTION)

    assert world.row(REQUEST_ID)["executionArn"] == OTHER_EXECUTION
    assert record["executionArn"] == OTHER_EXECUTION


def test_record_failure_before_the_claim_leaves_a_request_that_can_be_resumed(
    world: World,
) -> None:
    record = record_failure(world, {"Error": "States.Timeout"})

    assert record["state"] == "FAILED"
    result = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)
    assert result["outcome"] == "ACCEPTED"


@pytest.mark.parametrize("name", ["RequestConflict", "ExecutionSuperseded", "States.Timeout"])
def test_record_failure_leaves_the_row_of_another_execution_alone(world: World, name: str) -> None:
    accepted(world)
    create(world)
    before = world.row(REQUEST_ID)

    record = record_failure(world, {"Error": name}, executionArn=OTHER_EXECUTION)

    assert world.row(REQUEST_ID) == before
    assert record["executionArn"] == OTHER_EXECUTION
    assert record["error"]["remedy"]


@pytest.mark.parametrize(
    ("name", "announced"), [("RequestConflict", True), ("ExecutionSuperseded", False)]
)
def test_record_failure_does_not_announce_the_end_of_anothers_request(
    world: World, name: str, announced: bool
) -> None:
    accepted(world)

    record_failure(world, {"Error": name}, executionArn=OTHER_EXECUTION)

    assert bool(world.announced()) == announced


def test_record_failure_never_undoes_what_is_vended(world: World) -> None:
    accepted(world)
    world.ledger.mark_vended(
        REQUEST_ID, EXECUTION, account_id="000000000042", organizational_unit_id=None
    )

    record_failure(world, {"Error": "ServiceUnavailable", "Cause": "PutEvents"})

    assert world.row(REQUEST_ID)["state"] == "VENDED"
    assert world.announced() == []


@pytest.mark.parametrize("error", ["OperationRefused", "Throttled", "States.Timeout"])
def test_record_failure_announces_that_a_vended_account_asked_for_again_was_not_seen(
    world: World, error: str
) -> None:
    accepted(world)
    vend(world)
    before = world.row(REQUEST_ID)
    world.calls.clear()

    record = world.call(
        "RecordFailure",
        request=a_request(),
        executionArn=OTHER_EXECUTION,
        error={"Error": error, "Cause": '{"errorMessage": "closed"}'},
    )

    assert world.row(REQUEST_ID) == before
    assert record["state"] == "FAILED"
    assert world.announced() == [
        ("AccountVendingStateChanged", record),
        ("AccountVendingFailed", record),
    ]


def test_record_failure_overtaken_while_it_writes_leaves_the_row_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(world)
    taken = world.row(REQUEST_ID)
    world.ledger._change(REQUEST_ID, EXECUTION, values={"executionArn": OTHER_EXECUTION})
    monkeypatch.setattr("vending.ledger.ledger.Ledger.get", lambda *_: taken)

    record = record_failure(world, {"Error": "States.Timeout"})

    assert record["state"] == "FAILED"
    monkeypatch.undo()


def test_record_failure_leaves_what_a_function_that_timed_out_vends_while_it_writes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(world)
    seen = world.row(REQUEST_ID)
    vend(world)
    monkeypatch.setattr("vending.ledger.ledger.Ledger.get", lambda *_: seen)

    record_failure(world, {"Error": "States.Timeout"})

    monkeypatch.undo()
    assert world.row(REQUEST_ID)["state"] == "VENDED"
    assert world.announced()[-1][0] != "AccountVendingFailed"


def test_record_failure_keeps_a_huge_cause_out_of_the_ledger(world: World) -> None:
    accepted(world)

    record = record_failure(world, {"Error": "States.TaskFailed", "Cause": "x" * 300_000})

    assert len(record["error"]["message"]) <= 8_000


def test_record_failure_of_an_execution_that_lost_a_vended_request_says_nothing(
    world: World,
) -> None:
    accepted(world)
    vend(world)
    world.calls.clear()

    record_failure(world, {"Error": "ExecutionSuperseded"}, executionArn=OTHER_EXECUTION)

    assert world.announced() == []
    assert world.row(REQUEST_ID)["state"] == "VENDED"
