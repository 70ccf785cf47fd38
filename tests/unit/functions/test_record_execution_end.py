"""RecordExecutionEnd: an end that was not reported reaches the ledger once, and never too late."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from events.record_execution_end import CALLS
from tests.unit.functions.payloads import (
    EMAIL,
    REQUEST_ID,
    a_request,
    accepted,
    create,
    reserve,
    vend,
    waiting,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors.exceptions import (
    ConcurrentModification,
    ExecutionSuperseded,
    ServiceUnavailable,
)
from vending.ledger.locks import Locks
from vending.ledger.rows import record_of

CODES = {
    "ABORTED": "ExecutionAborted",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
}


def end(world: World, status: str = "ABORTED", **changes: Any) -> dict[str, Any]:
    """The event that Step Functions sends, handled."""
    world.organization.executions[EXECUTION] = status
    detail = {
        "executionArn": EXECUTION,
        "stateMachineArn": "arn:aws:states:us-east-1:111111111111:stateMachine:account-vending",
        "name": "first",
        "status": status,
        "startDate": 1,
        "stopDate": 2,
        "input": json.dumps(a_request()),
        "inputDetails": {"included": True},
        "output": None,
        "error": None,
        "cause": None,
    }
    result: dict[str, Any] = world.call(
        "RecordExecutionEnd",
        id="e-1",
        source="aws.states",
        detail=detail | changes,
        **{"detail-type": "Step Functions Execution Status Change"},
    )
    return result


def record_failure(world: World) -> None:
    """What the definition does with a failure that it caught."""
    error = {"Error": "States.Timeout", "Cause": ""}
    world.call("RecordFailure", request=a_request(), executionArn=EXECUTION, error=error)


def failed_as_recorded(world: World) -> dict[str, Any]:
    """The definition's end after RecordFailure: with the record's error as its cause."""
    error = world.row(REQUEST_ID)["error"]
    return end(world, "FAILED", error=error["code"], cause=json.dumps(error))


def record_vended(world: World) -> None:
    """The definition's last step."""
    world.call(
        "RecordVended",
        requestId=REQUEST_ID,
        executionArn=EXECUTION,
        accountId=world.organization.add_account(email=EMAIL),
        organizationalUnitId=None,
    )


@pytest.mark.parametrize("status", CODES)
def test_end_that_was_not_recorded_is_a_failure_with_a_remedy(world: World, status: str) -> None:
    accepted(world)

    result = end(world, status)

    assert result == {"outcome": "RECORDED", "requestId": REQUEST_ID, "state": "FAILED"}
    row = world.row(REQUEST_ID)
    assert row["state"] == "FAILED"
    assert row["error"]["code"] == CODES[status]
    assert "vend resume" in str(row["error"]["remedy"])
    assert [kind for kind, _ in world.announced()] == [
        "AccountVendingStateChanged",
        "AccountVendingFailed",
    ]


def test_what_the_operator_said_is_in_the_message(world: World) -> None:
    accepted(world)

    end(world, error="Operator", cause="wrong budget")

    assert "Operator: wrong budget" in str(world.row(REQUEST_ID)["error"]["message"])


def test_failure_that_could_not_be_recorded_keeps_its_reason_and_remedy(world: World) -> None:
    accepted(world)
    described = {
        "code": "ConstraintViolationException",
        "reason": "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
        "message": "Too many accounts.",
        "remedy": "Ask for more.",
    }
    cause = json.dumps({"errorType": "OperationRefused", "errorMessage": json.dumps(described)})

    end(world, "FAILED", error="OperationRefused", cause=cause)

    error = world.row(REQUEST_ID)["error"]
    assert (error["code"], error["reason"]) == ("ExecutionFailed", "ACCOUNT_NUMBER_LIMIT_EXCEEDED")
    assert "Too many accounts." in str(error["message"])
    assert "Ask for more." in str(error["remedy"])


def test_event_delivered_twice_records_one_end(world: World) -> None:
    accepted(world)
    end(world)
    first = world.row(REQUEST_ID)

    world.later(5)
    end(world)

    assert world.row(REQUEST_ID) == first


def test_end_recorded_in_time_is_left_as_it_is(world: World) -> None:
    accepted(world)
    record_failure(world)
    recorded = world.row(REQUEST_ID)
    world.calls.clear()

    result = failed_as_recorded(world)

    assert result == {"outcome": "NOTHING_TO_TELL"}
    assert world.row(REQUEST_ID) == recorded
    assert world.announced() == []


def test_event_that_comes_after_a_takeover_changes_nothing(world: World) -> None:
    accepted(world)
    end(world)
    world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)
    world.organization.executions[OTHER_EXECUTION] = "RUNNING"
    before = world.row(REQUEST_ID)

    result = end(world)

    assert result == {"outcome": "NOTHING_TO_TELL"}
    assert world.row(REQUEST_ID) == before
    assert before["state"] == "REQUESTED"


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "PENDING_REDRIVE"])
def test_status_that_is_no_bad_end_calls_nothing(world: World, status: str) -> None:
    accepted(world)

    assert end(world, status) == {"outcome": "NOTHING_TO_TELL"}
    assert world.calls == []


def test_request_stopped_before_it_was_claimed_can_be_resumed(world: World) -> None:
    end(world)

    row = world.row(REQUEST_ID)
    assert (row["state"], row["executionArn"]) == ("FAILED", EXECUTION)
    assert row["request"]["account"] == a_request()["account"] | {
        "roleName": "OrganizationAccountAccessRole",
        "iamUserAccessToBilling": "ALLOW",
    }
    resumed = world.call("AcceptRequest", request=row["request"], executionArn=OTHER_EXECUTION)
    assert resumed["outcome"] == "ACCEPTED"


def test_claim_that_comes_after_its_end_does_not_bring_the_request_back(world: World) -> None:
    end(world)

    with pytest.raises(ExecutionSuperseded):
        world.call("AcceptRequest", request=a_request(), executionArn=EXECUTION)

    assert world.row(REQUEST_ID)["state"] == "FAILED"


def test_refused_request_that_could_not_be_recorded_is_rejected(world: World) -> None:
    end(world, "FAILED", input='{"requestId": "mine"}', error="RequestInvalid", cause="{}")

    assert world.row("mine")["state"] == "REJECTED"


def failures(world: World) -> list[dict[str, Any]]:
    """What was announced as failed."""
    return [record for kind, record in world.announced() if kind == "AccountVendingFailed"]


NESTED = f'{"[" * 20_000}"x"{"]" * 20_000}'
UNREAD = {"error": "Runtime.UnmarshalError", "cause": '{"errorType": "Runtime.UnmarshalError"}'}


def test_input_nested_deeper_than_anything_reads_is_rejected_under_its_id(world: World) -> None:
    end(world, "FAILED", input=f'{{"tags": {NESTED}, "requestId": "mine"}}', **UNREAD)

    row = world.row("mine")
    assert row["state"] == "REJECTED"
    assert row["error"]["reason"] == "RequestInvalid"
    assert "nested at most 16 levels" in row["error"]["message"]
    assert [record["requestId"] for record in failures(world)] == ["mine"]


def test_input_nested_too_deep_without_an_id_is_announced_once(world: World) -> None:
    end(world, "FAILED", input=NESTED, **UNREAD)

    (failure,) = failures(world)
    assert (failure["state"], failure["requestId"]) == ("REJECTED", None)
    assert world.rows() == []


def test_input_nested_too_deep_leaves_another_execution_of_its_id_alone(world: World) -> None:
    accepted(world)
    before = world.row(REQUEST_ID)
    world.organization.executions[OTHER_EXECUTION] = "FAILED"

    given = f'{{"tags": {NESTED}, "requestId": "{REQUEST_ID}"}}'
    end(world, "FAILED", input=given, executionArn=OTHER_EXECUTION, **UNREAD)

    assert world.row(REQUEST_ID) == before
    failure = failures(world)[-1]
    assert (failure["executionArn"], failure["state"]) == (OTHER_EXECUTION, "REJECTED")


def test_refusal_of_an_input_nested_too_deep_is_announced_once(world: World) -> None:
    error = {"Error": "RequestInvalid", "Cause": "{}"}
    world.call("RecordFailure", request=[], tooDeep=True, executionArn=EXECUTION, error=error)
    (failure,) = failures(world)
    cause = json.dumps(failure["error"])

    result = end(world, "FAILED", input=NESTED, error="RequestInvalid", cause=cause)

    assert result == {"outcome": "NOTHING_TO_TELL"}


@pytest.mark.parametrize("given", ["[]", '"text"', "{}", "no json"])
def test_input_that_names_no_request_writes_nothing(world: World, given: str) -> None:
    assert end(world, input=given) == {"outcome": "NOTHING_TO_TELL"}
    assert world.rows() == []


def test_input_too_large_for_an_event_is_read_from_the_execution(world: World) -> None:
    accepted(world)
    world.organization.endings[EXECUTION] = {"input": json.dumps(a_request())}

    end(world, input=None, inputDetails={"included": False})

    assert world.row(REQUEST_ID)["state"] == "FAILED"


def test_failure_about_which_the_event_says_nothing_is_read_from_the_execution(
    world: World,
) -> None:
    """As where a customer's key encrypts executions: what was announced is not announced again."""
    accepted(world)
    record_failure(world)
    error = world.row(REQUEST_ID)["error"]
    world.organization.endings[EXECUTION] = {
        "input": json.dumps(a_request()),
        "error": error["code"],
        "cause": json.dumps(error),
    }
    before = len(world.announced())

    result = end(world, "FAILED", input=None, inputDetails={"included": False})

    assert result == {"outcome": "NOTHING_TO_TELL"}
    assert len(world.announced()) == before


def test_input_of_an_execution_that_is_gone_is_no_error(world: World) -> None:
    world.organization.before("DescribeExecution", world.organization.executions.clear)

    assert end(world, input=None) == {"outcome": "NOTHING_TO_TELL"}


def test_announcement_that_failed_is_made_up_for(world: World) -> None:
    accepted(world)
    world.refused_entries = 1
    with pytest.raises(ServiceUnavailable):
        end(world)
    world.calls.clear()

    result = end(world)

    assert result["outcome"] == "RECORDED"
    assert len(world.announced()) == 2


@pytest.mark.parametrize("status", CODES)
@pytest.mark.parametrize(
    ("record", "state", "kind"),
    [
        (record_vended, "VENDED", "AccountVended"),
        (record_failure, "FAILED", "AccountVendingFailed"),
    ],
    ids=["vended", "failed"],
)
def test_outcome_that_was_recorded_but_not_announced_is_announced_after_the_end(
    world: World, record: Callable[[World], Any], state: str, kind: str, status: str
) -> None:
    accepted(world)
    world.refused_entries = 1
    with pytest.raises(ServiceUnavailable):
        record(world)
    recorded = world.row(REQUEST_ID)
    world.calls.clear()

    result = end(world, status, error="States.Timeout", cause="caught first")

    assert result == {"outcome": "RECORDED", "requestId": REQUEST_ID, "state": state}
    assert world.row(REQUEST_ID) == recorded
    assert world.announced() == [
        ("AccountVendingStateChanged", record_of(recorded)),
        (kind, record_of(recorded)),
    ]


def test_vended_account_whose_failure_was_recorded_after_it_is_announced(world: World) -> None:
    """RecordVended could not announce, so its failure was caught; RecordFailure leaves the row."""
    accepted(world)
    world.refused_entries = 1
    with pytest.raises(ServiceUnavailable):
        record_vended(world)
    record_failure(world)
    world.calls.clear()

    end(world, "FAILED", error="States.Timeout", cause='{"code": "States.Timeout"}')

    assert [kind for kind, _ in world.announced()] == [
        "AccountVendingStateChanged",
        "AccountVended",
    ]


def test_outcome_of_who_resumed_is_not_announced_for_the_one_that_ended(world: World) -> None:
    accepted(world)
    end(world)
    world.organization.executions[OTHER_EXECUTION] = "RUNNING"
    accepted(world, a_request(), OTHER_EXECUTION)
    vend(world, executionArn=OTHER_EXECUTION)
    world.calls.clear()

    assert end(world) == {"outcome": "NOTHING_TO_TELL"}
    assert world.announced() == []


def test_locks_and_lease_of_a_vended_request_are_given_back_after_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(world)
    world.give_slot(REQUEST_ID)

    def died(*_: Any) -> None:
        raise ServiceUnavailable("DeleteItem: no")

    with monkeypatch.context() as patched:
        patched.setattr(Locks, "free", died)
        with pytest.raises(ServiceUnavailable):
            record_vended(world)

    end(world)

    assert world.queue.leases == {}
    world.organization.executions[OTHER_EXECUTION] = "RUNNING"
    other = accepted(world, a_request(requestId="other"), OTHER_EXECUTION)
    assert other["outcome"] == "ACCEPTED"


def test_function_still_writing_after_the_end_does_not_bring_the_request_back(
    world: World,
) -> None:
    accepted(world)
    world.organization.before("CreateAccount", lambda: _forget(end(world)))

    created = create(world)

    row = world.row(REQUEST_ID)
    assert row["state"] == "FAILED"
    assert row["error"]["code"] == "ExecutionAborted"
    assert row["createAccountRequestId"] == created["createAccountRequestId"]


def test_row_that_keeps_changing_is_left_to_the_next_try(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(world)

    def changed(*_: Any, **__: Any) -> None:
        raise ConcurrentModification("it changed")

    monkeypatch.setattr("vending.ledger.ledger.Ledger.mark_interrupted", changed)

    with pytest.raises(ConcurrentModification):
        end(world)


def test_it_calls_all_that_it_declares(world: World) -> None:
    end(world)
    accepted(world, a_request(requestId="two", account={"name": "B", "email": "b@example.com"}))
    reserve(world, "two")
    for number in range(5):
        waiting(world, number, OTHER_EXECUTION)
    world.organization.endings[EXECUTION] = {"input": '{"requestId": "two"}'}
    end(world, input=None)

    assert world.calls_of["RecordExecutionEnd"] == CALLS


def _forget(_: Any) -> None:
    """What happens in between has no result."""
