"""`vend resume` goes on where a request stopped: after a failure, a stop, and a new version."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from embedded.cloud import PROJECT
from embedded.cloudformation import assembly
from tests.builders import a_request
from tests.grids import few
from tests.workflow.vending import Vending, eventually

if TYPE_CHECKING:
    from tests.workflow.command import Command

NO_MOVE = {
    "service": "organizations",
    "operation": "MoveAccount",
    "calls": "all",
    "error": "InvalidInputException",
}


def fail(vending: Vending, request: dict[str, Any]) -> None:
    """The account is made, and AWS refuses to move it."""
    vending.aws.faults.replace([NO_MOVE])
    assert vending.run(request).status == "FAILED"
    vending.aws.faults.replace([])


def stop(vending: Vending, request: dict[str, Any]) -> None:
    """The execution is stopped while AWS makes the account."""
    vending.aws.faults.replace([{"createAccount": {"calls": [1], "seconds": 120}}])
    vending.run_stopped_in("WaitForAccount", request)
    eventually(lambda: (row := vending.row(request["requestId"])) and row["state"] == "FAILED")


@contextlib.contextmanager
def new_version(vending: Vending) -> Iterator[None]:
    """A deployed version whose machine has one more state and whose functions log more."""
    loaded = assembly.Assembly.load(PROJECT / "cdk.out")
    template = json.loads(loaded.template)
    for resource in template["Resources"].values():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::Lambda::Function":
            properties["Environment"]["Variables"]["LOG_LEVEL"] = "DEBUG"
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            definition = json.loads(properties["DefinitionString"])
            definition["States"]["NewVersion"] = {"Type": "Pass", "Next": definition["StartAt"]}
            definition["StartAt"] = "NewVersion"
            properties["DefinitionString"] = json.dumps(definition)
    bucket = loaded.template_url.split("/")[3]
    vending.aws.client("s3").put_object(
        Bucket=bucket, Key="new-version.json", Body=json.dumps(template).encode()
    )
    formation = vending.aws.client("cloudformation")
    formation.update_stack(
        StackName=loaded.stack_name,
        TemplateURL=f"https://s3.us-east-1.amazonaws.com/{bucket}/new-version.json",
        Capabilities=["CAPABILITY_IAM"],
    )
    try:
        yield
    finally:
        assembly.deploy(loaded, formation)


@pytest.mark.parametrize("stopped", few([fail, stop], quick=[fail], ids=["failure", "stop"]))
def test_resume_goes_on_with_the_account_that_there_is(
    vending: Vending, vend: Command, stopped: Any
) -> None:
    request = a_request()
    stopped(vending, request)

    resumed = vend("resume", request["requestId"], "--json")

    assert resumed.status == 0, resumed
    (account,) = vending.accounts()
    assert (resumed.json["state"], resumed.json["accountId"]) == ("VENDED", account["Id"])
    assert vending.path(account["Id"]) == "/Workloads/Sandbox"
    assert vending.calls("organizations", "CreateAccount") == 1


@pytest.mark.slow
@pytest.mark.parametrize("stopped", few([fail, stop], quick=[stop], ids=["failure", "stop"]))
def test_resume_after_a_new_version_goes_on_in_the_new_version(
    vending: Vending, vend: Command, stopped: Any
) -> None:
    request = a_request()
    stopped(vending, request)

    with new_version(vending):
        resumed = vend("resume", request["requestId"], "--json")

    assert resumed.status == 0, resumed
    assert "NewVersion" in vending.states_entered(resumed.json["executionArn"])
    assert len(vending.accounts()) == 1
    assert vending.calls("organizations", "CreateAccount") == 1


def test_request_under_way_survives_a_new_version(vending: Vending) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": [1], "seconds": 120}}])
    request = a_request()
    arn = vending.start(request)
    eventually(lambda: "WaitForAccount" in vending.states_entered(arn))

    with new_version(vending):
        ended = vending.finish(arn)

    assert ended.status == "SUCCEEDED", ended
    assert "NewVersion" not in vending.states_entered(arn)
    assert len(vending.accounts()) == 1


@pytest.mark.slow
def test_resume_of_a_vended_request_prints_its_record(vending: Vending, vend: Command) -> None:
    request = a_request()
    record = vending.run(request).output

    resumed = vend("resume", request["requestId"], "--json")

    assert resumed.status == 0
    assert resumed.json["accountId"] == record["accountId"]
    assert len(vending.executions()) == 1


def test_resume_of_a_rejected_or_unknown_request_says_what_to_do(
    vending: Vending, vend: Command
) -> None:
    assert vending.run({"requestId": "wrong", "account": {}}).status == "FAILED"

    rejected, unknown = vend("resume", "wrong"), vend("resume", "nobody")

    assert (rejected.status, unknown.status) == (1, 1)
    assert "vend explain" in rejected.err
    assert "vend list" in unknown.err


def test_submitted_request_that_is_stopped_is_reported_with_its_reason(
    vending: Vending, vend: Command, tmp_path: Any
) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": [1], "seconds": 1800}}])
    request = a_request()
    arn = vending.start(request)
    eventually(lambda: "WaitForAccount" in vending.states_entered(arn))
    file = tmp_path / "request.json"
    file.write_text(json.dumps(request))
    calls = vending.aws.context.calls
    calls.clear()

    def stop_when_followed() -> None:
        eventually(lambda: any(call.operation == "GetExecutionHistory" for call in list(calls)))
        vending.states.stop_execution(executionArn=arn)

    threading.Thread(target=stop_when_followed, daemon=True).start()

    submitted = vend("submit", str(file), "--json")

    assert submitted.status == 1
    assert submitted.json["error"]["code"] == "ExecutionAborted"
