"""Events that cannot be delivered wait in the dead-letter queue, and one command puts them back."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from embedded import ACCOUNT_ID, REGION, eventbridge
from tests.builders import a_request
from tests.interruptions import stop, when_entered
from tests.workflow.vending import Vending, eventually

if TYPE_CHECKING:
    from tests.workflow.command import Command


@contextlib.contextmanager
def start_denied(vending: Vending) -> Iterator[None]:
    """The rule's role may not start the state machine, for a while."""
    bus = vending.aws.outputs["EventBusName"]
    rules = vending.events.list_rules(EventBusName=bus)["Rules"]
    (rule,) = (each for each in rules if "AccountRequested" in each["Name"])
    (target,) = vending.events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
    role = target["RoleArn"].rsplit("/", 1)[1]
    (name,) = vending.iam.list_role_policies(RoleName=role)["PolicyNames"]
    policy = vending.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    vending.iam.delete_role_policy(RoleName=role, PolicyName=name)
    try:
        yield
    finally:
        vending.iam.put_role_policy(
            RoleName=role, PolicyName=name, PolicyDocument=json.dumps(policy)
        )


def deployed(vending: Vending, function: str) -> Any:
    """What Lambda says of a function, by its construct id."""
    functions = vending.aws.client("lambda").list_functions()["Functions"]
    (found,) = (each for each in functions if function in each["FunctionName"])
    return found


@contextlib.contextmanager
def answers_denied(vending: Vending, function: str) -> Iterator[None]:
    """The function may end no step that waits, for a while."""
    role = deployed(vending, function)["Role"].rsplit("/", 1)[1]
    statement = {"Effect": "Deny", "Action": "states:SendTaskFailure", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    vending.iam.put_role_policy(
        RoleName=role, PolicyName="NoAnswers", PolicyDocument=json.dumps(policy)
    )
    try:
        yield
    finally:
        vending.iam.delete_role_policy(RoleName=role, PolicyName="NoAnswers")


@contextlib.contextmanager
def invocation_denied(vending: Vending, function: str) -> Iterator[None]:
    """EventBridge may not invoke the function, for a while."""
    client = vending.aws.client("lambda")
    name = deployed(vending, function)["FunctionName"]
    policy = json.loads(client.get_policy(FunctionName=name)["Policy"])
    for statement in policy["Statement"]:
        client.remove_permission(FunctionName=name, StatementId=statement["Sid"])
    try:
        yield
    finally:
        for statement in policy["Statement"]:
            client.add_permission(
                FunctionName=name,
                StatementId=statement["Sid"],
                Action=statement["Action"],
                Principal=statement["Principal"]["Service"],
                SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
            )


def waiting(vending: Vending) -> int:
    """Messages in the dead-letter queue."""
    assert eventbridge.drain(20)
    answer = vending.aws.client("sqs").get_queue_attributes(
        QueueUrl=vending.aws.outputs["DeadLetterQueueUrl"],
        AttributeNames=["ApproximateNumberOfMessages"],
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def test_request_that_could_not_start_is_vended_once_by_redrive(
    vending: Vending, vend: Command
) -> None:
    request = a_request()
    with start_denied(vending):
        vending.send(request)
        vending.send(request)
        eventually(lambda: waiting(vending) == 2)
        assert vend("doctor").status == 1
    assert vending.executions() == []

    redriven = vend("redrive", "--json")

    assert redriven.status == 0, redriven
    assert [each["outcome"] for each in redriven.json] == ["REDRIVEN"] * 2
    assert {each["about"] for each in redriven.json} == {request["requestId"]}
    assert all("NO_PERMISSIONS" in each["undeliverableBecause"] for each in redriven.json)
    ended = [vending.finish(arn) for arn in vending.await_executions(2)]
    assert [one.status for one in ended] == ["SUCCEEDED"] * 2, ended
    assert len(vending.accounts()) == 1
    assert vending.calls("organizations", "CreateAccount") == 1
    assert waiting(vending) == 0


def test_redrive_starts_what_the_rule_may_not_as_its_own_senders(
    vending: Vending, vend: Command
) -> None:
    request = a_request()
    with start_denied(vending):
        vending.send(request)
        eventually(lambda: waiting(vending) == 1)

        assert vend("redrive").status == 0

    (arn,) = vending.await_executions(1)
    ended = vending.finish(arn)
    assert ended.status == "SUCCEEDED"
    assert ended.output["sender"]["source"] == "form.example"
    assert waiting(vending) == 0
    assert len(vending.accounts()) == 1


def test_message_that_is_no_event_stays_while_requests_go_back(
    vending: Vending, vend: Command
) -> None:
    vending.aws.client("sqs").send_message(
        QueueUrl=vending.aws.outputs["DeadLetterQueueUrl"], MessageBody="not an event"
    )
    with start_denied(vending):
        vending.send(a_request())
        eventually(lambda: waiting(vending) == 2)

    redriven = vend("redrive")

    assert redriven.status == 1
    assert "it is not JSON" in redriven.out
    (arn,) = vending.await_executions(1)
    assert vending.finish(arn).status == "SUCCEEDED"
    assert waiting(vending) == 1


def test_end_of_an_execution_that_could_not_be_reported_is_reported_by_redrive(
    vending: Vending, vend: Command
) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": [1], "seconds": 300}}])
    request = a_request()
    with invocation_denied(vending, "RecordExecutionEnd"):
        arn = vending.run_stopped_in("WaitForAccount", request).arn
        eventually(lambda: waiting(vending) == 1)
    assert state(vending, request) == "CREATING"

    redriven = vend("redrive", "--json")

    assert redriven.status == 0, redriven
    (report,) = redriven.json
    assert report["about"] == arn
    eventually(lambda: state(vending, request) == "FAILED")
    assert waiting(vending) == 0


@pytest.mark.slow
def test_end_that_the_function_failed_to_record_is_recorded_by_redrive(
    vending: Vending, vend: Command
) -> None:
    request = a_request()
    no_ledger = {"service": "dynamodb", "operation": "UpdateItem", "calls": "all"}

    def stop_without_a_ledger(execution: Any) -> None:
        vending.aws.faults.replace([no_ledger | {"error": "AccessDeniedException"}])
        stop(execution)

    with when_entered("MoveAccount", stop_without_a_ledger):
        vending.run(request)
    eventually(lambda: waiting(vending) == 1)
    vending.aws.faults.replace([])

    redriven = vend("redrive")

    assert redriven.status == 0, redriven
    eventually(lambda: state(vending, request) == "FAILED")
    assert waiting(vending) == 0


def test_answer_that_the_function_could_not_give_costs_no_account(
    vending: Vending, vend: Command
) -> None:
    # Longer than Lambda tries: no poll may end the wait before the last of the tries has failed.
    vending.aws.faults.replace([{"createAccount": {"calls": [1], "seconds": 600}}])
    request = a_request()
    execution = vending.start(request)
    creation_id = eventually(lambda: creation_of(vending, request))

    with answers_denied(vending, "AnswerCreateAccount"):
        vending.aws.client("lambda").invoke(
            FunctionName=deployed(vending, "AnswerCreateAccount")["FunctionName"],
            InvocationType="Event",
            Payload=json.dumps(end_of(creation_id)),
        )
        eventually(lambda: waiting(vending) == 1)

    ended = vending.finish(execution)
    assert ended.status == "SUCCEEDED", ended
    assert vend("redrive").status == 0
    assert waiting(vending) == 0
    assert len(vending.accounts()) == 1


def creation_of(vending: Vending, request: dict[str, Any]) -> str | None:
    """The id of the request's creation in AWS, once the ledger finds the request by it."""
    row = vending.row(request["requestId"]) or {}
    creation_id: str | None = row.get("createAccountRequestId")
    pointer = vending.dynamodb.get_item(
        TableName=vending.aws.outputs["LedgerTableName"],
        Key={"pk": {"S": f"creation#{creation_id}"}},
        ConsistentRead=True,
    )
    return creation_id if "Item" in pointer else None


def end_of(creation_id: str) -> dict[str, Any]:
    """CloudTrail's account of the end of a creation, as EventBridge passes it on."""
    at = "2026-11-29T12:00:00Z"
    details = {"createAccountStatus": {"id": creation_id, "state": "SUCCEEDED"}}
    detail = {
        "eventName": "CreateAccountResult",
        "eventSource": "organizations.amazonaws.com",
        "eventTime": at,
        "serviceEventDetails": details,
    }
    return {
        "version": "0",
        "id": "end-of-a-creation",
        "account": ACCOUNT_ID,
        "region": REGION,
        "resources": [],
        "source": "aws.organizations",
        "detail-type": "AWS Service Event via CloudTrail",
        "time": at,
        "detail": detail,
    }


def state(vending: Vending, request: dict[str, Any]) -> str | None:
    """What the ledger says of a request."""
    row = vending.row(request["requestId"])
    return row["state"] if row else None


@pytest.mark.slow
def test_event_larger_than_an_execution_takes_waits_and_is_shown(
    vending: Vending, vend: Command
) -> None:
    vending.send(a_request(requestedBy="x" * 900_000))
    eventually(lambda: waiting(vending) == 1)

    examined = vend("doctor")
    redriven = vend("redrive")

    assert examined.status == 1
    assert "dead" in examined.out
    eventually(lambda: waiting(vending) == 1)
    assert redriven.status == 1
    assert "an execution's input may have 262,144" in redriven.out
    assert vending.executions() == []
