"""Executions that end outside of the definition: the ledger learns of it, and nothing is lost."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from embedded import eventbridge, lambda_runtime
from tests import samples
from tests.builders import a_request
from tests.grids import few
from tests.interruptions import when_entered
from tests.samples import sample
from tests.workflow.announcements import collected
from tests.workflow.vending import Vending, eventually, invocations

STATES = [
    "AcceptRequest",
    "CreateAccount",
    "WaitForAccount",
    "DescribeCreateAccountStatus",
    "MoveAccount",
    "TagResource",
    "RecordVended",
]
CODES = {
    "ABORTED": "ExecutionAborted",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
}
FAILED = "AccountVendingFailed"
CHANGED = "AccountChanged"
ENDED = {"VENDED", "FAILED", "REJECTED"}


def ended(vending: Vending, request: dict[str, Any]) -> dict[str, Any]:
    """The request's row, once it says how the request ended."""

    def look() -> dict[str, Any] | None:
        row = vending.row(request["requestId"])
        return row if row and row["state"] in ENDED else None

    found: dict[str, Any] = eventually(look)
    return found


@contextlib.contextmanager
def machine_with(vending: Vending, **changes: Any) -> Iterator[None]:
    """The state machine with other top-level fields, for a while."""
    arn = vending.aws.outputs["StateMachineArn"]
    definition = vending.states.describe_state_machine(stateMachineArn=arn)["definition"]
    changed = json.dumps(json.loads(definition) | changes)
    vending.states.update_state_machine(stateMachineArn=arn, definition=changed)
    try:
        yield
    finally:
        vending.states.update_state_machine(stateMachineArn=arn, definition=definition)


@pytest.mark.parametrize("state", few(STATES, quick=["CreateAccount", "WaitForAccount"]))
def test_execution_stopped_by_hand_is_failed_in_the_ledger_and_resumes(
    vending: Vending, state: str
) -> None:
    request = a_request()

    stopped = vending.run_stopped_in(state, request, error="Operator", cause="wrong budget")
    row = ended(vending, request)

    assert row["state"] == "FAILED"
    assert row["error"]["code"] == "ExecutionAborted"
    assert "Operator: wrong budget" in row["error"]["message"]
    assert "vend resume" in row["error"]["remedy"]
    assert row["executionArn"] == stopped.arn
    resumed = vending.run(request)
    assert resumed.status == "SUCCEEDED", resumed
    assert len(vending.accounts()) == 1
    assert vending.calls("organizations", "CreateAccount") == 1
    vended = vending.row(request["requestId"])
    assert vended is not None
    assert vended["state"] == "VENDED"
    assert "error" not in vended


def bring(vending: Vending, name: str, execution_arn: str, request: dict[str, Any]) -> None:
    """Have Step Functions tell of the execution's end as the sample does."""
    detail = json.dumps(sample(name)["detail"])
    detail = detail.replace(samples.EXECUTION_ARN, execution_arn)
    detail = detail.replace(samples.STATE_MACHINE_ARN, vending.aws.outputs["StateMachineArn"])
    content = json.loads(detail)
    if content["input"] is not None:
        content["input"] = json.dumps(request)
    vending.listen("ExecutionEnded")
    eventbridge.publish(
        source="aws.states",
        detail_type="Step Functions Execution Status Change",
        detail=content,
    )
    assert eventbridge.drain(10)
    assert lambda_runtime.settle(10)


@pytest.mark.usefixtures("ends_unheard")
@pytest.mark.parametrize(
    "name", few(samples.TELL_OF_AN_END, quick=["aws.states/execution_timed_out"])
)
def test_end_reaches_the_ledger_however_it_is_reported(vending: Vending, name: str) -> None:
    request = a_request()
    stopped = vending.run_stopped_in("CreateAccount", request)

    bring(vending, name, stopped.arn, request)

    row = vending.row(request["requestId"])
    assert row is not None
    assert row["state"] == "FAILED"
    reported = sample(name)["detail"]
    assert row["error"]["code"] == CODES[reported["status"]]
    assert (reported["cause"] or "") in row["error"]["message"]


@pytest.mark.usefixtures("ends_unheard")
@pytest.mark.parametrize("name", samples.TELL_OF_NO_BAD_END)
def test_other_news_of_executions_run_nothing(vending: Vending, name: str) -> None:
    request = a_request()
    stopped = vending.run_stopped_in("CreateAccount", request)
    before = invocations("RecordExecutionEnd")

    bring(vending, name, stopped.arn, request)

    assert invocations("RecordExecutionEnd") == before


@pytest.mark.slow
def test_execution_that_takes_too_long_is_failed_in_the_ledger_and_resumes(
    vending: Vending,
) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": [1], "seconds": 600}}])
    request = a_request()

    with machine_with(vending, TimeoutSeconds=120):
        late = vending.run(request)
    row = ended(vending, request)

    assert late.status == "TIMED_OUT"
    assert (row["state"], row["error"]["code"]) == ("FAILED", "ExecutionTimedOut")
    resumed = vending.run(request)
    assert resumed.status == "SUCCEEDED", resumed
    assert len(vending.accounts()) == 1
    assert vending.calls("organizations", "CreateAccount") == 1


def test_failure_that_could_not_be_recorded_is_recorded_when_the_ledger_is_back(
    vending: Vending,
) -> None:
    request = a_request()
    vending.aws.faults.replace(
        [
            {
                "service": "organizations",
                "operation": "CreateAccount",
                "calls": "all",
                "error": "ConstraintViolationException",
                "reason": "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
            },
            # The claim is a put. The first update is for the slot, the second is the intent.
            {
                "service": "dynamodb",
                "operation": "UpdateItem",
                "calls": list(range(3, 60)),
                "error": "AccessDeniedException",
            },
        ]
    )

    failed = vending.run(request)
    row = vending.row(request["requestId"])
    assert failed.status == "FAILED"
    assert row is not None
    assert row["state"] == "CREATING"
    vending.aws.faults.replace([])

    reported = ended(vending, request)
    assert (reported["state"], reported["error"]["code"]) == ("FAILED", "ExecutionFailed")
    assert reported["error"]["remedy"]
    assert vending.run(request).status == "SUCCEEDED"
    assert len(vending.accounts()) == 1


def test_failure_that_the_definition_announced_is_not_announced_again(vending: Vending) -> None:
    vending.aws.faults.replace(
        [
            {
                "service": "organizations",
                "operation": "CreateAccount",
                "calls": "all",
                "error": "ConstraintViolationException",
                "reason": "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
            }
        ]
    )
    request = a_request()
    heard_before = invocations("RecordExecutionEnd")

    with collected(vending, "AccountVendingFailed") as announced:
        assert vending.run(request).status == "FAILED"
        eventually(lambda: invocations("RecordExecutionEnd") > heard_before)
        assert lambda_runtime.settle(10)

    assert [record["requestId"] for record in announced] == [request["requestId"]]


@pytest.mark.usefixtures("ends_unheard")
@pytest.mark.parametrize(
    ("state", "outcome"),
    few(
        [("RecordVended", "AccountVended"), ("RecordVended", CHANGED), ("RecordFailure", FAILED)],
        quick=[("RecordVended", "AccountVended"), ("RecordFailure", FAILED)],
    ),
)
def test_outcome_that_could_not_be_announced_is_announced_when_the_bus_is_back(
    vending: Vending, state: str, outcome: str
) -> None:
    request = a_request()
    if outcome == CHANGED:
        assert vending.run(request).status == "SUCCEEDED"
        request["tags"] = {"Changed": "yes"}
    faults: list[dict[str, Any]] = []
    if outcome == FAILED:
        refused = {"service": "organizations", "operation": "MoveAccount", "calls": "all"}
        faults.append(refused | {"error": "AccessDeniedException"})
    vending.aws.faults.replace(faults)
    no_bus = {"service": "events", "operation": "PutEvents", "calls": "all"}
    faults = [*faults, no_bus | {"error": "AccessDeniedException"}]

    with collected(vending, outcome) as announced:
        with when_entered(state, lambda _: vending.aws.faults.replace(faults)):
            failed = vending.run(request)
        vending.aws.faults.replace([])
        bring(vending, "aws.states/execution_failed", failed.arn, request)

    assert failed.status == "FAILED"
    row = vending.row(request["requestId"])
    assert row is not None
    assert {(record["requestId"], record["state"]) for record in announced} == {
        (request["requestId"], row["state"])
    }


@pytest.mark.usefixtures("ends_unheard")
def test_request_that_takes_a_lock_over_records_and_announces_the_end_of_its_owner(
    vending: Vending,
) -> None:
    stopped = a_request()
    vending.run_stopped_in("CreateAccount", stopped)
    again = a_request(account=stopped["account"])

    with collected(vending, FAILED) as announced:
        vended = vending.run(again)

    assert vended.status == "SUCCEEDED", vended
    assert [(one["requestId"], one["error"]["code"]) for one in announced] == [
        (stopped["requestId"], "ExecutionAborted")
    ]
    assert len(vending.accounts()) == 1


@pytest.mark.slow
def test_end_reported_three_times_is_one_end(vending: Vending) -> None:
    change = {"event": "Step Functions Execution Status Change", "deliveries": 3}
    vending.aws.faults.replace([change, {"createAccount": {"calls": [1], "seconds": 30}}])
    request = a_request()
    vending.run_stopped_in("WaitForAccount", request)

    row = ended(vending, request)

    assert row["error"]["code"] == "ExecutionAborted"
    resumed = vending.run(request)
    assert resumed.status == "SUCCEEDED", resumed
    assert ended(vending, request)["executionArn"] == resumed.arn


@pytest.mark.slow
def test_stopped_duplicate_does_not_touch_the_request_of_the_first(vending: Vending) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": [1], "seconds": 120}}])
    request = a_request()
    first = vending.start(request)
    eventually(lambda: "WaitForAccount" in vending.states_entered(first))
    duplicate = vending.start(request)
    vending.states.stop_execution(executionArn=duplicate)

    assert vending.finish(first).status == "SUCCEEDED"
    row = ended(vending, request)
    assert (row["state"], row["executionArn"]) == ("VENDED", first)
