"""Executions through the API: starting, describing, listing, their history and their events."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from embedded import ACCOUNT_ID, REGION, eventbridge, stepfunctions
from embedded.stepfunctions import backend
from tests.event_queues import queue_of_rule
from tests.unit.embedded.engine_server import (
    Engine,
    FunctionFailed,
    eventually,
    role_arn,
    serving,
    task,
    trusting,
    unique,
)

END: dict[str, Any] = {"Type": "Pass", "End": True}
LONG: dict[str, Any] = {"Type": "Wait", "Seconds": 90000, "End": True}


def machine(first: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "First", "States": {"First": first, **others}}


def test_the_same_name_and_input_is_the_same_execution_while_it_runs(engine: Engine) -> None:
    arn = engine.machine(machine(LONG))
    first = engine.states.start_execution(stateMachineArn=arn, name="n", input='{"a":1}')

    again = engine.states.start_execution(stateMachineArn=arn, name="n", input='{"a":1}')

    assert (again["executionArn"], again["startDate"]) == (
        first["executionArn"],
        first["startDate"],
    )
    with pytest.raises(engine.states.exceptions.ExecutionAlreadyExists):
        engine.states.start_execution(stateMachineArn=arn, name="n", input='{"a":2}')
    engine.states.stop_execution(executionArn=first["executionArn"])
    with pytest.raises(engine.states.exceptions.ExecutionAlreadyExists):
        engine.states.start_execution(stateMachineArn=arn, name="n", input='{"a":1}')


def test_a_name_given_many_times_at_once_starts_one_execution(engine: Engine) -> None:
    arn = engine.machine(machine(LONG))

    with ThreadPoolExecutor(8) as pool:
        arns = set(pool.map(lambda _: engine.start(arn, {"a": 1}, name="n"), range(8)))

    assert len(arns) == 1
    assert len(engine.states.list_executions(stateMachineArn=arn)["executions"]) == 1


def test_an_execution_without_a_name_gets_one(engine: Engine) -> None:
    arn = engine.machine(machine(END))

    names = {engine.start(arn).rsplit(":", 1)[1] for _ in range(3)}

    assert len(names) == 3
    assert all(len(name) == 36 for name in names)


@pytest.mark.parametrize("name", ["a b", "a:b", "a#b", "a{b", "a\nb", "a*"])
def test_a_name_with_forbidden_characters_is_refused(engine: Engine, name: str) -> None:
    arn = engine.machine(machine(END))

    with pytest.raises(engine.states.exceptions.InvalidName):
        engine.start(arn, name=name)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"input": "{"}, "InvalidExecutionInput"),
        ({"input": '{"a": NaN}'}, "InvalidExecutionInput"),
        ({"input": '{"a": "\\ud800"}'}, "InvalidExecutionInput"),
        ({"input": json.dumps("x" * 262_144)}, "ValidationException"),
        ({"name": "x" * 81}, "ValidationException"),
        (
            {"stateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT_ID}:stateMachine:none"},
            "StateMachineDoesNotExist",
        ),
        ({"stateMachineArn": "nonsense"}, "InvalidArn"),
    ],
    ids=[
        "not-json",
        "nan",
        "half-a-character",
        "too-large",
        "long-name",
        "no-machine",
        "no-arn",
    ],
)
def test_a_start_that_is_not_valid_is_refused(
    engine: Engine, given: dict[str, str], error: str
) -> None:
    arn = engine.machine(machine(END))

    with pytest.raises(engine.states.exceptions.ClientError) as refused:
        engine.states.start_execution(**({"stateMachineArn": arn} | given))

    assert refused.value.response["Error"]["Code"] == error


def test_describing_shows_all_of_a_finished_execution(engine: Engine) -> None:
    arn = engine.machine(machine(END | {"Output": {"text": "ü"}}))
    execution = engine.finish(engine.start(arn, {"a": 1}, name="n", traceHeader="Root=1-2-3")).arn

    described = engine.states.describe_execution(executionArn=execution)

    assert described["input"] == '{"a": 1}'
    assert json.loads(described["output"]) == {"text": "ü"}
    assert described["stateMachineArn"] == arn
    assert (described["name"], described["status"]) == ("n", "SUCCEEDED")
    assert described["traceHeader"] == "Root=1-2-3"
    assert described["startDate"] <= described["stopDate"]
    assert "error" not in described


def test_describing_a_running_execution_shows_no_end(engine: Engine) -> None:
    execution = engine.start(engine.machine(machine(LONG)))

    described = engine.states.describe_execution(executionArn=execution)

    assert described["status"] == "RUNNING"
    assert not {"stopDate", "output", "error", "cause"} & described.keys()


def test_describing_a_failed_execution_shows_error_and_cause(engine: Engine) -> None:
    ended = engine.run(machine({"Type": "Fail", "Error": "E", "Cause": "c"}))

    described = engine.states.describe_execution(executionArn=ended.arn)

    assert (described["error"], described["cause"]) == ("E", "c")
    assert "stopDate" in described


@pytest.mark.parametrize(
    ("operation", "parameter"),
    [
        ("describe_execution", "executionArn"),
        ("get_execution_history", "executionArn"),
        ("stop_execution", "executionArn"),
    ],
)
def test_an_unknown_execution_is_an_error(engine: Engine, operation: str, parameter: str) -> None:
    arn = f"arn:aws:states:us-east-1:{ACCOUNT_ID}:execution:machine:none"

    with pytest.raises(engine.states.exceptions.ExecutionDoesNotExist):
        getattr(engine.states, operation)(**{parameter: arn})


def test_executions_are_listed_in_pages_the_last_started_first(engine: Engine) -> None:
    arn = engine.machine(machine(END))
    started = [engine.finish(engine.start(arn, name=f"n{number}")).arn for number in range(5)]
    running = engine.start(engine.machine(machine(LONG)))

    paginator = engine.states.get_paginator("list_executions")
    pages = list(paginator.paginate(stateMachineArn=arn, PaginationConfig={"PageSize": 2}))

    listed = [one["executionArn"] for page in pages for one in page["executions"]]
    assert listed == started[::-1]
    assert [len(page["executions"]) for page in pages] == [2, 2, 1]
    assert all("stopDate" in one for page in pages for one in page["executions"])
    assert running not in listed
    running_machine = running.rsplit(":", 1)[0].replace(":execution:", ":stateMachine:")
    for status, count in (("RUNNING", 1), ("SUCCEEDED", 0)):
        found = engine.states.list_executions(stateMachineArn=running_machine, statusFilter=status)
        assert len(found["executions"]) == count


def test_a_page_token_that_is_none_is_refused(engine: Engine) -> None:
    arn = engine.machine(machine(END))

    with pytest.raises(engine.states.exceptions.InvalidToken):
        engine.states.list_executions(stateMachineArn=arn, nextToken="nonsense")


@pytest.mark.parametrize(
    "other", [{"statusFilter": "SUCCEEDED"}, {"redriveFilter": "NOT_REDRIVEN"}]
)
def test_a_page_token_given_for_another_filter_is_refused(
    engine: Engine, other: dict[str, str]
) -> None:
    arn = engine.machine(machine(END))
    for _ in range(2):
        engine.finish(engine.start(arn))
    token = engine.states.list_executions(stateMachineArn=arn, maxResults=1)["nextToken"]

    with pytest.raises(engine.states.exceptions.InvalidToken) as refused:
        engine.states.list_executions(stateMachineArn=arn, nextToken=token, **other)

    assert refused.value.response["Error"]["Message"] == "Invalid Token: 'Invalid token'"


TOO_MUCH = (
    "Value '{}' at '{}' failed to satisfy constraint: Member must have {} than or equal to {}"
)
NO_STATUS = (
    "Value 'succeeded' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum "
    "value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]"
)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"maxResults": 1001}, TOO_MUCH.format(1001, "maxResults", "value less", 1000)),
        (
            {"nextToken": "x" * 3097},
            TOO_MUCH.format("x" * 3097, "nextToken", "length less", 3096),
        ),
        ({"statusFilter": "succeeded"}, NO_STATUS),
    ],
    ids=["page", "token", "filter"],
)
def test_a_list_with_parameters_out_of_bounds_is_refused(
    engine: Engine, more: dict[str, Any], message: str
) -> None:
    arn = engine.machine(machine(END))

    with pytest.raises(engine.states.exceptions.ClientError) as refused:
        engine.states.list_executions(stateMachineArn=arn, **more)

    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert error["Message"] == f"1 validation error detected: {message}"


def test_a_standard_workflow_has_no_synchronous_executions(engine: Engine) -> None:
    arn = engine.machine(machine(END))
    states = boto3.client(
        "stepfunctions",
        region_name=REGION,
        endpoint_url=engine.context.endpoint_url,
        aws_access_key_id="admin",
        aws_secret_access_key="admin",
        config=Config(inject_host_prefix=False),
    )

    with pytest.raises(states.exceptions.StateMachineTypeNotSupported) as refused:
        states.start_sync_execution(stateMachineArn=arn)

    assert refused.value.response["Error"]["Message"] == (
        "This operation is not supported by this type of state machine"
    )


def test_a_history_token_of_the_other_direction_is_refused(engine: Engine) -> None:
    arn = engine.run(machine(END)).arn
    token = engine.states.get_execution_history(executionArn=arn, maxResults=1)["nextToken"]

    with pytest.raises(engine.states.exceptions.InvalidToken):
        engine.states.get_execution_history(executionArn=arn, nextToken=token, reverseOrder=True)


def test_only_executions_that_were_not_redriven_are_listed_as_such(engine: Engine) -> None:
    arn = engine.machine(machine(END))
    execution = engine.finish(engine.start(arn)).arn

    redriven, others = (
        engine.states.list_executions(stateMachineArn=arn, redriveFilter=which)["executions"]
        for which in ("REDRIVEN", "NOT_REDRIVEN")
    )

    assert redriven == []
    assert [one["executionArn"] for one in others] == [execution]


def test_the_history_is_paged_in_both_directions(engine: Engine) -> None:
    engine.functions["ok"] = lambda _: {"secret": 1}
    ended = engine.run(machine(task("ok", {}, Next="Wait"), Wait=LONG | {"Seconds": 1}))
    states = engine.states

    forwards = engine.history(ended.arn, PaginationConfig={"PageSize": 3})
    backwards = engine.history(ended.arn, reverseOrder=True, PaginationConfig={"PageSize": 4})
    whole = states.get_execution_history(executionArn=ended.arn)
    bare = states.get_execution_history(executionArn=ended.arn, includeExecutionData=False)

    assert [event["id"] for event in forwards] == list(range(1, len(whole["events"]) + 1))
    assert backwards == forwards[::-1]
    assert forwards == whole["events"]
    assert "nextToken" not in whole
    assert "secret" in str(whole["events"])
    assert "secret" not in str(bare["events"])
    times = [event["timestamp"] for event in forwards]
    assert times == sorted(times)


def test_no_more_than_the_latest_executions_are_kept(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stepfunctions.forget_executions()
    monkeypatch.setattr(backend, "MOST_EXECUTIONS", 5)
    arn = engine.machine(machine(END))

    started = [engine.finish(engine.start(arn)).arn for _ in range(8)]

    listed = engine.states.list_executions(stateMachineArn=arn)["executions"]
    assert {one["executionArn"] for one in listed} == set(started[-5:])
    with pytest.raises(ClientError) as forgotten:
        engine.states.get_execution_history(executionArn=started[0])
    assert forgotten.value.response["Error"]["Code"] == "ExecutionDoesNotExist"


def test_an_execution_that_runs_is_kept_whatever_comes_after(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stepfunctions.forget_executions()
    monkeypatch.setattr(backend, "MOST_EXECUTIONS", 2)
    running = engine.start(engine.machine(machine(LONG)))
    passing = engine.machine(machine(END))

    for _ in range(4):
        engine.finish(engine.start(passing))

    assert engine.states.describe_execution(executionArn=running)["status"] == "RUNNING"


def test_changes_of_status_are_events(engine: Engine) -> None:
    def bad(_: Any) -> None:
        raise FunctionFailed("Refused", "why")

    engine.functions["bad"] = bad
    arn = engine.machine(machine(task("bad", {}, End=True)))
    rule = unique("rule")
    events = engine.client("events")
    pattern = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": [arn]},
    }
    rule_arn = events.put_rule(Name=rule, EventPattern=json.dumps(pattern))["RuleArn"]
    queue, queue_arn = queue_of_rule(engine.client("sqs"), unique("queue"), rule_arn)
    events.put_targets(Rule=rule, Targets=[{"Id": "q", "Arn": queue_arn}])

    ended = engine.finish(engine.start(arn, {"a": 1}, name="n"))
    assert eventbridge.drain(5)
    events.disable_rule(Name=rule)

    received: list[dict[str, Any]] = []
    while batch := engine.client("sqs").receive_message(QueueUrl=queue).get("Messages"):
        received += [json.loads(message["Body"]) for message in batch]
    running, failed = sorted(received, key=lambda event: event["detail"]["status"] != "RUNNING")
    assert running["detail"]["status"] == "RUNNING"
    assert running["detail"]["stopDate"] is None
    detail = failed["detail"]
    assert (detail["status"], detail["error"]) == ("FAILED", "Refused")
    assert json.loads(detail["cause"])["errorMessage"] == "why"
    assert (detail["executionArn"], detail["stateMachineArn"]) == (ended.arn, arn)
    assert (detail["name"], detail["input"], detail["output"]) == ("n", '{"a": 1}', None)
    assert isinstance(detail["startDate"], int)
    assert detail["startDate"] <= detail["stopDate"]
    assert (failed["source"], failed["resources"]) == ("aws.states", [ended.arn])


def test_an_update_leaves_running_executions_alone(engine: Engine) -> None:
    arn = engine.machine(machine({"Type": "Wait", "Seconds": 30, "Next": "End"}, End=END))
    execution = engine.start(arn)

    changed = {"QueryLanguage": "JSONata"} | machine({"Type": "Fail", "Error": "New"})
    engine.states.update_state_machine(
        stateMachineArn=arn, definition=json.dumps(changed), roleArn=role_arn("machine")
    )

    assert engine.finish(execution).status == "SUCCEEDED"
    assert engine.finish(engine.start(arn)).error == "New"


def test_the_machine_of_an_execution_is_described_as_it_was_at_its_start(engine: Engine) -> None:
    arn = engine.machine(machine(END))
    execution = engine.finish(engine.start(arn)).arn
    before = engine.states.describe_state_machine(stateMachineArn=arn)
    changed = {"QueryLanguage": "JSONata"} | machine({"Type": "Fail", "Error": "New"})
    other = trusting("other", "states.amazonaws.com")
    engine.states.update_state_machine(
        stateMachineArn=arn, definition=json.dumps(changed), roleArn=other
    )

    described = engine.states.describe_state_machine_for_execution(executionArn=execution)

    for member in ("stateMachineArn", "name", "definition", "roleArn"):
        assert described[member] == before[member], member
    assert described["updateDate"] == before["creationDate"]
    assert "creationDate" not in described


@pytest.mark.slow
def test_three_hundred_executions_run_at_once() -> None:
    number = 300
    tokens: list[tuple[str, int]] = []
    with serving(speed=100) as engine:
        engine.functions["ask"] = lambda payload: tokens.append((payload["token"], payload["n"]))
        engine.functions["add"] = lambda payload: payload + 1
        definition = machine(
            task(
                "ask",
                {"token": "{% $states.context.Task.Token %}", "n": "{% $states.input.n %}"},
                Resource="arn:aws:states:::lambda:invoke.waitForTaskToken",
                Assign={"n": "{% $states.result %}"},
                Next="Wait",
            ),
            Wait={"Type": "Wait", "Seconds": 400, "Next": "Add"},
            Add=task("add", "{% $n %}", Output="{% $states.result.Payload %}", End=True),
        )
        arn = engine.machine(definition)
        with ThreadPoolExecutor(16) as pool:
            executions = list(pool.map(lambda n: engine.start(arn, {"n": n}), range(number)))
        eventually(lambda: len(tokens) == number, patience=60)
        at_once = engine.states.list_executions(
            stateMachineArn=arn, statusFilter="RUNNING", maxResults=1000
        )["executions"]
        threads = threading.active_count()
        for token, n in tokens:
            engine.states.send_task_success(taskToken=token, output=str(n + 1))
        outputs = [engine.finish(execution).output for execution in executions]

    assert outputs == [n + 2 for n in range(number)]
    assert len(at_once) == number
    assert threads < 4 * number
