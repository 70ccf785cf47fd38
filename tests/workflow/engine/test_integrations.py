"""What tasks call, with whose credentials, and under which names their errors arrive."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from moto.core.exceptions import JsonRESTError

from embedded import ACCOUNT_ID
from tests.event_queues import queue_of_rule
from tests.unit.embedded.engine_server import (
    Engine,
    FunctionFailed,
    function_arn,
    task,
    trusting,
    unique,
)

END: dict[str, Any] = {"Type": "Pass", "End": True}


def machine(first: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "First", "States": {"First": first, **others}}


def call(resource: str, arguments: Any, **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Arguments": arguments,
        "End": True,
    } | more


def test_a_function_gets_its_payload_and_returns_its_result(engine: Engine) -> None:
    engine.functions["echo"] = lambda payload: {"got": payload}

    ended = engine.run(machine(task("echo", {"a": [1, None, "ü"]}, End=True)))

    assert ended.output["Payload"] == {"got": {"a": [1, None, "ü"]}}
    assert (ended.output["StatusCode"], ended.output["ExecutedVersion"]) == (200, "$LATEST")


def test_a_function_that_returns_nothing_yields_null(engine: Engine) -> None:
    engine.functions["none"] = lambda _: None
    state = task("none", {}, Output="{% [$states.result.Payload] %}", End=True)

    assert engine.run(machine(state)).output == [None]


@pytest.mark.parametrize(
    ("state", "failed"),
    [
        (task("echo", {}, End=True), "TaskFailed"),
        (
            {"Type": "Task", "Resource": function_arn("echo"), "End": True},
            "LambdaFunctionFailed",
        ),
    ],
    ids=["service", "function"],
)
def test_a_task_fails_once_the_machines_role_stops_trusting_step_functions(
    engine: Engine, state: dict[str, Any], failed: str
) -> None:
    engine.functions["echo"] = lambda _: {}
    role = unique("role")
    definition = json.dumps({"QueryLanguage": "JSONata"} | machine(state))
    arn = engine.states.create_state_machine(
        name=unique("m"), definition=definition, roleArn=trusting(role, "states.amazonaws.com")
    )["stateMachineArn"]
    assert engine.finish(engine.start(arn)).status == "SUCCEEDED"

    trusting(role, "lambda.amazonaws.com")
    ended = engine.finish(engine.start(arn))

    assert (ended.status, ended.error) == ("FAILED", "States.Permissions")
    assert ended.cause == (
        "The principal states.amazonaws.com is not authorized to assume the provided role."
    )
    assert failed in [event["type"] for event in engine.history(ended.arn)]


@pytest.mark.parametrize(
    ("error_type", "error"),
    [
        ("RequestRefused", "RequestRefused"),
        ("Runtime.ExitError", "Runtime.ExitError"),
        ("Sandbox.Timedout", "Sandbox.Timedout"),
        (None, "Lambda.Unknown"),
    ],
)
def test_a_failing_function_names_the_error(
    engine: Engine, error_type: str | None, error: str
) -> None:
    def function(_: Any) -> None:
        raise FunctionFailed(error_type, 'a "quoted" ü')

    engine.functions["bad"] = function

    ended = engine.run(machine(task("bad", {}, End=True)))

    assert (ended.status, ended.error) == ("FAILED", error)
    assert ended.cause is not None
    payload = ended.cause.partition("Returned payload: ")[2] or ended.cause
    assert json.loads(payload)["errorMessage"] == 'a "quoted" ü'


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("TooManyRequestsException", 429, "Lambda.TooManyRequestsException"),
        ("ServiceException", 500, "Lambda.ServiceException"),
        ("ResourceNotFoundException", 404, "Lambda.ResourceNotFoundException"),
        ("SomethingNewException", 400, "Lambda.AWSLambdaException"),
    ],
)
def test_an_error_of_lambda_itself_has_its_modelled_name(
    engine: Engine, code: str, status: int, error: str
) -> None:
    def function(_: Any) -> None:
        refusal = JsonRESTError(code, "not now")
        refusal.code = status
        raise refusal

    engine.functions["any"] = function

    ended = engine.run(machine(task("any", {}, End=True)))

    assert ended.error == error
    assert ended.cause is not None
    assert ended.cause.startswith("not now (Service: AWSLambda; Status Code:")
    assert f"Error Code: {code};" in ended.cause


def test_a_machine_without_permission_fails_as_on_aws(engine: Engine) -> None:
    engine.functions["any"] = lambda _: 1
    engine.denied.add(("machine", "Invoke"))

    ended = engine.run(machine(task("any", {}, End=True)))

    assert ended.error == "Lambda.AWSLambdaException"
    assert ended.cause is not None
    assert f"User: arn:aws:sts::{ACCOUNT_ID}:assumed-role/machine/" in ended.cause
    assert "Error Code: AccessDeniedException" in ended.cause


def test_tasks_use_one_client_with_the_machines_role(engine: Engine) -> None:
    engine.functions["any"] = lambda _: 1
    definition = machine(task("any", {}, Next="Second"), Second=task("any", {}, End=True))

    engine.run(definition)

    callers = {arn for operation, arn in engine.callers if operation == "Invoke"}
    assert callers == {f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/machine/StepFunctions"}


def test_events_are_put_with_the_machines_arns(engine: Engine) -> None:
    bus, rule = unique("bus"), unique("rule")
    events = engine.client("events")
    events.create_event_bus(Name=bus)
    put = events.put_rule(Name=rule, EventBusName=bus, EventPattern='{"source": ["tests"]}')
    queue, queue_arn = queue_of_rule(engine.client("sqs"), unique("queue"), put["RuleArn"])
    events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "q", "Arn": queue_arn}])
    entry = {
        "EventBusName": bus,
        "Source": "tests",
        "DetailType": "Told",
        "Detail": {"text": "{% $states.input.text %}"},
    }

    ended = engine.run(machine(call("events:putEvents", {"Entries": [entry]})), {"text": 'a "b"'})

    assert ended.output["FailedEntryCount"] == 0
    received = engine.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=2)
    event = json.loads(received["Messages"][0]["Body"])
    assert event["detail"] == {"text": 'a "b"'}
    assert ended.arn in event["resources"]


def test_an_entry_that_eventbridge_refuses_fails_the_task(engine: Engine) -> None:
    entry = {"Source": "aws.tests", "DetailType": "Told", "Detail": {}}

    ended = engine.run(machine(call("events:putEvents", {"Entries": [entry]})))

    assert ended.error == "EventBridge.FailedEntry"
    assert ended.cause is not None
    assert "NotAuthorizedForSourceException" in json.loads(ended.cause)["Entries"][0]["ErrorCode"]


def test_a_row_is_written_and_a_failed_condition_has_its_name(engine: Engine) -> None:
    dynamodb = engine.client("dynamodb")
    table = unique("table")
    dynamodb.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    arguments = {
        "TableName": table,
        "Item": {"pk": {"S": "{% $states.input.pk %}"}},
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    put = machine(call("dynamodb:putItem", arguments))

    first = engine.run(put, {"pk": "a"})
    second = engine.run(put, {"pk": "a"})

    assert first.status == "SUCCEEDED"
    assert second.error == "DynamoDB.ConditionalCheckFailedException"
    assert dynamodb.get_item(TableName=table, Key={"pk": {"S": "a"}})["Item"]


def test_a_failing_expression_in_a_service_task_keeps_its_own_name(engine: Engine) -> None:
    state = call("dynamodb:getItem", {"TableName": "any", "Key": {"pk": "{% $nowhere %}"}})

    assert engine.run(machine(state)).error == "States.QueryEvaluationError"


@pytest.mark.parametrize("pattern", ["", ".sync", ".sync:2"], ids=["started", "sync", "sync2"])
def test_a_machine_starts_another(engine: Engine, pattern: str) -> None:
    inner = engine.machine(machine(END | {"Output": {"n": "{% $states.input.n + 1 %}"}}))
    arguments = {"StateMachineArn": inner, "Input": {"n": "{% $states.input.n %}"}}

    ended = engine.run(machine(call(f"states:startExecution{pattern}", arguments)), {"n": 1})

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["ExecutionArn"].startswith(inner.replace(":stateMachine:", ":execution:"))
    assert ended.output["StartDate"].endswith("Z")
    if pattern:
        output = ended.output["Output"]
        assert (json.loads(output) if isinstance(output, str) else output) == {"n": 2}


@pytest.mark.parametrize("pattern", [".sync", ".sync:2"], ids=["sync", "sync2"])
def test_nobody_waits_for_a_machine_that_has_ended(engine: Engine, pattern: str) -> None:
    arguments = {"StateMachineArn": engine.machine(machine(END)), "Input": {}}
    state = call(f"states:startExecution{pattern}", arguments, TimeoutSeconds=99_999_999)

    engine.run(machine(state))

    # moto lets a thread of this name wait for a token that nobody has.
    waiting = [one for one in threading.enumerate() if "WaitForTaskToken" in one.name]
    for thread in waiting:
        thread.join(10)
    assert [thread for thread in waiting if thread.is_alive()] == []


def test_a_nested_machine_that_fails_fails_the_task(engine: Engine) -> None:
    inner = engine.machine(machine({"Type": "Fail", "Error": "Inner", "Cause": "no"}))

    ended = engine.run(
        machine(call("states:startExecution.sync:2", {"StateMachineArn": inner, "Input": {}}))
    )

    assert ended.error == "States.TaskFailed"
    assert ended.cause is not None
    assert json.loads(ended.cause)["Error"] == "Inner"


def test_an_sdk_integration_returns_times_as_text(engine: Engine) -> None:
    inner = engine.machine(machine(END))
    state = call("aws-sdk:sfn:describeStateMachine", {"StateMachineArn": inner})

    ended = engine.run(machine(state))

    assert ended.output["StateMachineArn"] == inner
    assert ended.output["CreationDate"].endswith("Z")


def test_an_sdk_integrations_error_has_the_services_name(engine: Engine) -> None:
    arguments = {"ExecutionArn": f"arn:aws:states:us-east-1:{ACCOUNT_ID}:execution:no:where"}

    ended = engine.run(machine(call("aws-sdk:sfn:describeExecution", arguments)))

    assert ended.error == "Sfn.ExecutionDoesNotExistException"


def test_a_queue_that_is_gone_is_reported_as_on_aws(engine: Engine) -> None:
    url = f"{engine.context.endpoint_url}/{ACCOUNT_ID}/{unique('gone')}"
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Arguments": {"QueueUrl": url, "MessageBody": "x"},
        "End": True,
    }

    assert engine.run(machine(state)).error == "SQS.SdkClientException"
