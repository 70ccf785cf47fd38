"""Functions that events invoke: tried again, dead-lettered, given up, invoked only if let in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from embedded import ACCOUNT_ID, REGION, eventbridge, lambda_runtime
from embedded.core.clock import Clock
from embedded.eventbridge.permissions import may_invoke
from tests.event_queues import queue_of_rule
from tests.unit.embedded.lambda_aws import ROLE, LambdaAws, eventually, running

RULE = f"arn:aws:events:{REGION}:{ACCOUNT_ID}:rule/found"
CRASH = {"function": "Act", "calls": "all", "crash": True}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaAws]:
    folder = tmp_path_factory.mktemp("lambda")
    (folder / "no-client").mkdir()
    eventbridge.install()
    with running(folder, folder / "no-client") as lambda_aws:
        yield lambda_aws
        lambda_runtime.settle(10)


@pytest.fixture
def crashing(aws: LambdaAws) -> Iterator[None]:
    aws.context.faults.replace([CRASH])
    yield
    aws.context.faults.replace([])


def client(aws: LambdaAws, service: str) -> Any:
    return boto3.session.Session("test", "test", region_name=REGION).client(
        service,  # type: ignore[call-overload]
        endpoint_url=aws.context.endpoint_url,
    )


def a_queue(aws: LambdaAws) -> tuple[str, str]:
    """URL and ARN of a new queue."""
    name = f"queue-{aws.next_number()}"
    url = client(aws, "sqs").create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}"


def a_message(aws: LambdaAws, url: str) -> dict[str, Any]:
    """The next message of the queue, once there is one."""
    sqs, found = client(aws, "sqs"), []

    def came() -> bool:
        answer = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])
        found.extend(answer.get("Messages", []))
        return bool(found)

    assert eventually(came)
    message: dict[str, Any] = found[0]
    return message


def is_empty(aws: LambdaAws, url: str) -> bool:
    return "Messages" not in client(aws, "sqs").receive_message(QueueUrl=url)


def send(aws: LambdaAws, name: str, event: dict[str, Any]) -> None:
    aws.client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))


def acts(path: Path) -> int:
    return path.read_text().count("acted") if path.exists() else 0


@pytest.mark.usefixtures("crashing")
def test_event_that_fails_three_times_goes_to_the_dead_letter_queue_by_the_functions_role(
    aws: LambdaAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws.context, "clock", Clock(2_000))
    url, arn = a_queue(aws)
    name = aws.create("act", DeadLetterConfig={"TargetArn": arn})
    event = {"file": str(tmp_path / "acts")}

    send(aws, name, event)

    message = a_message(aws, url)
    assert json.loads(message["Body"]) == event
    assert message["MessageAttributes"]["ErrorCode"]["StringValue"] == "200"
    assert "exited" in message["MessageAttributes"]["ErrorMessage"]["StringValue"].lower()
    assert acts(tmp_path / "acts") == 3
    assert (ROLE, "lambda") in aws.credentials.issued


@pytest.mark.usefixtures("crashing")
def test_event_that_waits_for_another_try_is_given_up_when_all_is_settled(
    aws: LambdaAws, tmp_path: Path
) -> None:
    url, arn = a_queue(aws)
    name = aws.create("act", DeadLetterConfig={"TargetArn": arn})
    send(aws, name, {"file": str(tmp_path / "acts")})
    assert eventually(lambda: acts(tmp_path / "acts") == 1)

    settled = lambda_runtime.settle(10)

    assert settled
    assert acts(tmp_path / "acts") == 1
    assert is_empty(aws, url)


def test_settling_waits_for_what_runs_and_says_when_it_took_too_long(
    aws: LambdaAws, tmp_path: Path
) -> None:
    name = aws.create("meet")
    send(aws, name, {"folder": str(tmp_path), "guests": 2})

    too_soon = lambda_runtime.settle(0.01)
    (tmp_path / "guest").touch()

    assert not too_soon
    assert lambda_runtime.settle(10)


def test_function_shows_and_changes_its_dead_letter_queue(aws: LambdaAws) -> None:
    first, second = (f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}" for name in ("first", "second"))
    name = aws.create("echo", DeadLetterConfig={"TargetArn": first})

    shown = aws.client.get_function_configuration(FunctionName=name)["DeadLetterConfig"]
    aws.client.update_function_configuration(
        FunctionName=name, DeadLetterConfig={"TargetArn": second}
    )

    changed = aws.client.get_function_configuration(FunctionName=name)["DeadLetterConfig"]
    assert (shown, changed) == ({"TargetArn": first}, {"TargetArn": second})


@pytest.mark.parametrize(
    ("permission", "lets_in"),
    [
        ({}, True),
        ({"SourceArn": RULE}, True),
        ({"SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT_ID}:rule/*"}, True),
        ({"SourceAccount": ACCOUNT_ID}, True),
        ({"SourceArn": f"{RULE}-else"}, False),
        ({"SourceAccount": "999999999999"}, False),
        ({"Principal": "s3.amazonaws.com"}, False),
        ({"Action": "lambda:GetFunction"}, False),
        (None, False),
    ],
    ids=[
        "service",
        "rule",
        "any rule",
        "account",
        "another rule",
        "another account",
        "another service",
        "another action",
        "none",
    ],
)
def test_rule_invokes_a_function_only_where_its_resource_policy_lets_it(
    aws: LambdaAws, permission: dict[str, str] | None, lets_in: bool
) -> None:
    name = aws.create("echo")
    if permission is not None:
        usual = {"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
        aws.client.add_permission(FunctionName=name, StatementId="rule", **usual | permission)
    arn = aws.client.get_function_configuration(FunctionName=name)["FunctionArn"]

    assert may_invoke(arn, source_arn=RULE) is lets_in


def test_event_for_a_function_that_lets_nobody_in_is_dead_lettered_at_once(
    aws: LambdaAws, tmp_path: Path
) -> None:
    name = aws.create("act")
    arn = aws.client.get_function_configuration(FunctionName=name)["FunctionArn"]
    events = client(aws, "events")
    rule_arn = events.put_rule(Name="found", EventPattern='{"source": ["shop"]}')["RuleArn"]
    url, queue_arn = queue_of_rule(client(aws, "sqs"), "closed", rule_arn)
    events.put_targets(
        Rule="found",
        Targets=[{"Id": "f", "Arn": arn, "DeadLetterConfig": {"Arn": queue_arn}}],
    )
    detail = json.dumps({"why": "none"})
    entry = {"Source": "shop", "DetailType": "Placed", "Detail": detail}

    events.put_events(Entries=[entry])

    attributes = a_message(aws, url)["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert attributes["RULE_ARN"]["StringValue"] == rule_arn
    assert not [line for line in lambda_runtime.logs(name) if line.startswith("START")]
