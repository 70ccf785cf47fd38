"""`vend redrive`: what could not be delivered goes back, and nothing is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.aws import dead_letters
from cli.aws.dead_letters import DeadLetters
from cli.aws.stack import Stack
from cli.main import main

REGION = "us-east-1"
REASON = {"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "not authorized"}


@pytest.fixture
def queue_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The dead-letter queue of a stack in memory."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        sqs = boto3.client("sqs", region_name=REGION)
        url = sqs.create_queue(QueueName="dead")["QueueUrl"]
        outputs = {
            "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:account-vending",
            "AccountRetirementStateMachineArn": "arn:aws:states:us-east-1:123456789012:"
            "stateMachine:account-retirement",
            "EventBusName": "account-vending",
            "LedgerTableName": "ledger",
            "DeadLetterQueueUrl": url,
        }
        template = {
            "Resources": {
                "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "account-vending"}}
            },
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
        boto3.client("cloudformation", region_name=REGION).create_stack(
            StackName="AccountVending", TemplateBody=json.dumps(template)
        )
        yield url


def an_event(**changes: Any) -> dict[str, Any]:
    """A request's event as EventBridge keeps it."""
    return {
        "version": "0",
        "id": "e-1",
        "detail-type": "AccountRequested",
        "source": "form.example.com",
        "account": "123456789012",
        "time": "2026-11-20T12:00:00Z",
        "region": REGION,
        "resources": ["arn:a"],
        "detail": {"requestId": "mine", "account": {"name": "ü", "email": "a@example.com"}},
        **changes,
    }


def keep(queue_url: str, body: Any, attributes: dict[str, str] | None = None) -> None:
    """Put a message into the dead-letter queue."""
    boto3.client("sqs", region_name=REGION).send_message(
        QueueUrl=queue_url,
        MessageBody=body if isinstance(body, str) else json.dumps(body),
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value}
            for name, value in (attributes or REASON).items()
        },
    )


def messages(queue_url: str) -> list[str]:
    """Bodies of the messages that anybody may read now."""
    answer = boto3.client("sqs", region_name=REGION).receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    return [message["Body"] for message in answer.get("Messages", [])]


class Aws:
    """EventBridge, as far as the stack uses it, Lambda and Step Functions."""

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []
        self.refusal = ""
        self.targets: list[dict[str, Any]] = []
        self.invoked: list[dict[str, Any]] = []

    def start_execution(self, **call: Any) -> None:
        """Started, or refused."""
        if self.refusal:
            raise ClientError({"Error": {"Code": self.refusal, "Message": "no"}}, "StartExecution")
        self.started.append(call)

    def list_rules(self, EventBusName: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        """On the default bus, one that wants it, one that does not, and a schedule."""
        if EventBusName != "default":
            return {"Rules": [{"Name": "announced", "EventPattern": "{}"}]}
        rules = [{"Name": "wants", "EventPattern": "{}"}, {"Name": "not", "EventPattern": "no"}]
        return {"Rules": [*rules, {"Name": "schedule", "ScheduleExpression": "rate(1 hour)"}]}

    def test_event_pattern(self, EventPattern: str, Event: str) -> dict[str, Any]:  # noqa: N803
        """As EventBridge."""
        wanted = json.loads(Event)["source"] in {"aws.states", "account-vending"}
        return {"Result": wanted and EventPattern == "{}"}

    def list_targets_by_rule(self, Rule: str, EventBusName: str) -> dict[str, Any]:  # noqa: N803
        """Of the rule that wants it."""
        assert Rule == ("wants" if EventBusName == "default" else "announced")
        return {"Targets": self.targets}

    def invoke(self, **call: Any) -> None:
        """Taken."""
        self.invoked.append(call)


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    """What the stack's clients reach, but for the queue, which moto keeps."""
    fake, made = Aws(), Stack.client

    def client(self: Stack, service: str) -> Any:
        return made(self, service) if service == "sqs" else fake

    monkeypatch.setattr(Stack, "client", client)
    return fake


def test_event_starts_the_workflow_as_its_own_senders_and_leaves_the_queue(
    queue_url: str, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(queue_url, an_event())

    assert main(["redrive"]) == 0

    (started,) = aws.started
    assert started["stateMachineArn"].endswith(":account-vending")
    assert json.loads(started["input"]) == an_event()
    assert messages(queue_url) == []
    out, err = capsys.readouterr()
    assert "mine" in out
    assert "NO_PERMISSIONS: not authorized" in out
    assert "1 put back" in err


def test_event_about_a_retirement_starts_its_own_state_machine(queue_url: str, aws: Aws) -> None:
    event = an_event(
        **{"detail-type": "AccountRetirementRequested"},
        detail={"accountId": "210987654321", "reason": "over"},
    )
    keep(queue_url, event)

    assert main(["redrive"]) == 0

    (started,) = aws.started
    assert started["stateMachineArn"].endswith(":account-retirement")
    assert json.loads(started["input"]) == event


def test_every_event_of_a_long_queue_goes_back(queue_url: str) -> None:
    for number in range(25):
        keep(queue_url, an_event(detail={"requestId": f"r-{number}"}))

    assert main(["redrive"]) == 0

    assert messages(queue_url) == []


def test_dry_run_shows_and_changes_nothing(
    queue_url: str, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(queue_url, an_event())

    assert main(["redrive", "--dry-run", "--json"]) == 0

    (shown,) = json.loads(capsys.readouterr().out)
    assert (shown["outcome"], shown["about"]) == ("WOULD_REDRIVE", "mine")
    assert shown["undeliverableBecause"] == "NO_PERMISSIONS: not authorized"
    assert len(messages(queue_url)) == 1
    assert aws.started == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("no json", "not JSON"),
        pytest.param(f"{'[' * 20_000}{']' * 20_000}", "nested too deep", id="nested"),
        pytest.param(
            json.dumps(an_event(detail={"requestedBy": "x" * 262_144})),
            "an execution's input may have 262,144: have its sender ask for less",
            id="large",
        ),
        ("[1]", "not an event"),
        (json.dumps(an_event(detail="text")), "no detail"),
        (json.dumps(an_event(source="")), "no source"),
        (json.dumps({"detail": {}, "source": "x"}), "no detail-type"),
        (json.dumps(an_event(**{"detail-type": "Other"})), "no rule of the stack matches Other"),
    ],
)
def test_message_that_is_no_event_stays_and_is_named_while_the_rest_goes(
    queue_url: str, aws: Aws, capsys: pytest.CaptureFixture[str], body: str, problem: str
) -> None:
    keep(queue_url, body)
    keep(queue_url, an_event())

    assert main(["redrive", "--json"]) == 1

    results = json.loads(capsys.readouterr().out)
    assert sorted(result["outcome"] for result in results) == ["LEFT", "REDRIVEN"]
    (left,) = (result for result in results if result["outcome"] == "LEFT")
    assert problem in left["problem"]
    assert messages(queue_url) == [body]
    assert len(aws.started) == 1


def test_event_whose_execution_cannot_be_started_stays(
    queue_url: str, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(queue_url, an_event())
    aws.refusal = "ExecutionLimitExceeded"

    assert main(["redrive"]) == 1

    assert "ExecutionLimitExceeded" in capsys.readouterr().out
    assert len(messages(queue_url)) == 1


def test_messages_are_given_back_when_the_work_breaks_off(
    queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(queue_url, an_event())
    keep(queue_url, an_event())

    def stop(*_: Any) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(DeadLetters, "put_back", stop)

    main(["redrive"])

    assert len(messages(queue_url)) == 2


def test_message_that_cannot_be_removed_is_reported_as_an_error_and_stays(
    queue_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(queue_url, an_event())

    def refuse(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteMessage")

    monkeypatch.setattr(DeadLetters, "remove", refuse)

    assert main(["redrive"]) == 1
    assert "AWS denies DeleteMessage" in capsys.readouterr().err


def test_empty_queue_is_no_failure(queue_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redrive"]) == 0
    assert "empty" in capsys.readouterr().err
    assert main(["redrive", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:RecordExecutionEnd"


@pytest.mark.parametrize(
    ("targets", "problem"),
    [
        ([{"Id": "t", "Arn": FUNCTION}], ""),
        ([], "no rule"),
        ([{"Id": "t", "Arn": FUNCTION, "InputPath": "$.detail"}], "only a rule"),
        ([{"Id": "t", "Arn": "arn:aws:sqs:us-east-1:123456789012:queue"}], "only a rule"),
    ],
    ids=["function", "nobody", "reshaped", "queue"],
)
def test_event_of_aws_goes_to_the_functions_whose_rules_want_it(
    queue_url: str,
    aws: Aws,
    capsys: pytest.CaptureFixture[str],
    targets: list[dict[str, Any]],
    problem: str,
) -> None:
    aws.targets = targets
    event = an_event(source="aws.states", detail={"executionArn": "arn:e"})
    keep(queue_url, event, {"ErrorCode": "200", "ErrorMessage": "it raised"})

    assert main(["redrive", "--json"]) == (1 if problem else 0)

    (result,) = json.loads(capsys.readouterr().out)
    assert result["about"] == "arn:e"
    assert result["undeliverableBecause"] == "200: it raised"
    assert problem in (result["problem"] or "")
    sent = [(call["FunctionName"], json.loads(call["Payload"])) for call in aws.invoked]
    assert sent == ([] if problem else [(FUNCTION, event)])
    assert len(messages(queue_url)) == (1 if problem else 0)


def test_one_run_takes_no_more_than_it_can_hide(
    queue_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dead_letters, "MOST", 10)
    monkeypatch.setattr("cli.commands.redrive.MOST", 10)
    for number in range(12):
        keep(queue_url, an_event(detail={"requestId": f"r-{number}"}))

    assert main(["redrive"]) == 0

    assert len(messages(queue_url)) == 2
    assert "may be more" in capsys.readouterr().err


def test_changes_that_the_audit_trail_lacks_are_named_and_stay(
    queue_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(
        queue_url,
        {
            "requestContext": {"condition": "RecordAgeExceeded"},
            "DDBStreamBatchInfo": {
                "batchSize": 3,
                "approximateArrivalOfFirstRecord": "2026-11-28T08:00:00Z",
                "approximateArrivalOfLastRecord": "2026-11-28T08:01:00Z",
            },
        },
    )

    assert main(["redrive", "--json"]) == 1

    (attempt,) = json.loads(capsys.readouterr().out)
    assert attempt["outcome"] == "LEFT"
    assert "3 changes of the ledger are missing from the audit trail" in attempt["problem"]
    assert "RecordAgeExceeded" in attempt["problem"]
    assert len(messages(queue_url)) == 1


def test_announcement_goes_to_the_functions_whose_rules_on_the_bus_want_it(
    queue_url: str, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    announced = an_event(source="account-vending", **{"detail-type": "AccountVended"})
    aws.targets = [{"Arn": "arn:aws:lambda:us-east-1:111111111111:function:publish"}]
    keep(queue_url, announced)

    assert main(["redrive", "--json"]) == 0

    (call,) = aws.invoked
    assert json.loads(call["Payload"]) == announced
