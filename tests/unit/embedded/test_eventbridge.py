"""Events on their way from PutEvents to targets and dead-letter queues."""

from __future__ import annotations

import datetime
import itertools
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from moto.core.exceptions import JsonRESTError

from embedded import ACCOUNT_ID, eventbridge
from tests.event_queues import queue_of_rule
from tests.unit.embedded.engine_server import (
    Engine,
    eventually,
    function_arn,
    role_arn,
    serving,
    trusting,
    unique,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PASS: dict[str, Any] = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


class Bus:
    """A bus with one rule, whose targets a test chooses."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.events = engine.client("events")
        self.sqs = engine.client("sqs")
        self.name, self.rule = unique("bus"), unique("rule")
        self.events.create_event_bus(Name=self.name)
        self.rule_arn = self.events.put_rule(
            Name=self.rule, EventBusName=self.name, EventPattern='{"detail-type": ["Placed"]}'
        )["RuleArn"]
        self.dead_letters = self.queue()

    def queue(self) -> str:
        """The URL of a new queue that the rule may send to."""
        return queue_of_rule(self.sqs, unique("queue"), self.rule_arn)[0]

    def target(self, arn: str, **more: Any) -> None:
        target = {"Id": "t", "Arn": arn, "DeadLetterConfig": {"Arn": queue_arn(self.dead_letters)}}
        answer = self.events.put_targets(
            Rule=self.rule, EventBusName=self.name, Targets=[target | more]
        )
        assert answer["FailedEntryCount"] == 0

    def put(self, detail: Any = None, **more: Any) -> str:
        entry = {
            "EventBusName": self.name,
            "Source": "shop",
            "DetailType": "Placed",
            "Detail": json.dumps({} if detail is None else detail),
        }
        answer = self.events.put_events(Entries=[entry | more])
        assert answer["FailedEntryCount"] == 0
        return str(answer["Entries"][0]["EventId"])

    def received(self, queue: str) -> list[dict[str, Any]]:
        assert eventbridge.drain(10)
        answer = self.sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return list(answer.get("Messages", []))

    def dead_letter(self) -> tuple[Any, dict[str, str]]:
        (message,) = self.received(self.dead_letters)
        attributes = message["MessageAttributes"].items()
        return json.loads(message["Body"]), {k: v["StringValue"] for k, v in attributes}


def queue_arn(url: str) -> str:
    return f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:{url.rsplit('/', 1)[1]}"


@pytest.fixture(scope="module")
def _engine() -> Iterator[Engine]:
    with serving(speed=600) as engine:
        yield engine


@pytest.fixture
def bus(_engine: Engine) -> Bus:
    _engine.functions.clear()
    _engine.denied.clear()
    _engine.callers.clear()
    return Bus(_engine)


def executions(engine: Engine, machine: str) -> list[dict[str, Any]]:
    assert eventbridge.drain(10)
    return list(engine.states.list_executions(stateMachineArn=machine)["executions"])


def test_a_state_machine_is_started_with_the_event_and_the_targets_role(bus: Bus) -> None:
    machine = bus.engine.machine(PASS)
    bus.target(machine, RoleArn=role_arn("starter"))

    event_id = bus.put({"text": 'a "b" ü'})

    (execution,) = executions(bus.engine, machine)
    assert execution["name"].startswith(f"{event_id}_")
    assert len(execution["name"]) == 36 + 1 + 36
    event = bus.engine.finish(execution["executionArn"]).output
    assert event["detail"] == {"text": 'a "b" ü'}
    assert event["id"] == event_id
    starters = [arn for operation, arn in bus.engine.callers if operation == "StartExecution"]
    assert starters == [f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/starter/EventBridge"]
    assert bus.received(bus.dead_letters) == []


def test_an_event_arrives_in_its_envelope(bus: Bus) -> None:
    queue = bus.queue()
    bus.target(queue_arn(queue))
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)

    event_id = bus.put({"n": 1}, Resources=["arn:a"], Time=moment)

    (message,) = bus.received(queue)
    assert json.loads(message["Body"]) == {
        "version": "0",
        "id": event_id,
        "detail-type": "Placed",
        "source": "shop",
        "account": ACCOUNT_ID,
        "time": "2026-01-02T03:04:05Z",
        "region": "us-east-1",
        "resources": ["arn:a"],
        "detail": {"n": 1},
    }


def test_a_target_gets_its_transformed_input(bus: Bus) -> None:
    queue = bus.queue()
    transformer = {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"number": <n>}'}
    bus.target(queue_arn(queue), InputTransformer=transformer)

    bus.put({"n": 7})

    (message,) = bus.received(queue)
    assert json.loads(message["Body"]) == {"number": 7}


def test_a_function_is_invoked_with_the_event(bus: Bus) -> None:
    got: list[Any] = []
    bus.engine.functions["listener"] = got.append
    bus.target(function_arn("listener"))

    event_id = bus.put({"n": 1})

    assert eventbridge.drain(10)
    assert [event["id"] for event in got] == [event_id]


@pytest.mark.parametrize("case", ["other-type", "disabled", "other-bus"])
def test_an_event_that_no_rule_wants_goes_nowhere(bus: Bus, case: str) -> None:
    queue = bus.queue()
    bus.target(queue_arn(queue))
    if case == "disabled":
        bus.events.disable_rule(Name=bus.rule, EventBusName=bus.name)

    bus.put(
        **{
            "other-type": {"DetailType": "Shipped"},
            "other-bus": {"EventBusName": "default"},
            "disabled": {},
        }[case]
    )

    assert bus.received(queue) == []


def test_a_bus_is_also_named_by_its_arn(bus: Bus) -> None:
    queue = bus.queue()
    bus.target(queue_arn(queue))

    bus.put(EventBusName=f"arn:aws:events:us-east-1:{ACCOUNT_ID}:event-bus/{bus.name}")

    assert len(bus.received(queue)) == 1


def test_a_bus_that_does_not_exist_accepts_and_drops(bus: Bus) -> None:
    assert bus.put(EventBusName="nowhere")


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"Source": ""}, "InvalidArgument"),
        ({"DetailType": ""}, "InvalidArgument"),
        ({"Detail": ""}, "InvalidArgument"),
        ({"Detail": "{"}, "MalformedDetail"),
        ({"Detail": "[1]"}, "MalformedDetail"),
        ({"Detail": '{"a": NaN}'}, "MalformedDetail"),
        ({"Detail": '{"a": -Infinity}'}, "MalformedDetail"),
        ({"Detail": '{"a": "\\ud800"}'}, "MalformedDetail"),
        ({"Source": "aws.organizations"}, "NotAuthorizedForSourceException"),
    ],
    ids=[
        "source",
        "detail-type",
        "detail",
        "not-json",
        "not-an-object",
        "nan",
        "infinity",
        "half-a-character",
        "aws-source",
    ],
)
def test_an_entry_that_is_not_valid_fails_alone(bus: Bus, entry: dict[str, str], code: str) -> None:
    queue = bus.queue()
    bus.target(queue_arn(queue))
    good = {
        "EventBusName": bus.name,
        "Source": "shop",
        "DetailType": "Placed",
        "Detail": "{}",
        "TraceHeader": "Root=1-2-3",
    }

    answer = bus.events.put_events(Entries=[good | entry, good])

    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == code
    assert answer["Entries"][0]["ErrorMessage"]
    assert answer["Entries"][1]["EventId"]
    assert len(bus.received(queue)) == 1


@pytest.mark.parametrize("count", [11, 3], ids=["too-many", "too-large"])
def test_too_many_or_too_large_entries_are_refused(bus: Bus, count: int) -> None:
    text = "x" * (10 if count > 10 else 350_000)
    entry = {"Source": "shop", "DetailType": "Placed", "Detail": json.dumps({"text": text})}

    with pytest.raises(bus.events.exceptions.ClientError) as refused:
        bus.events.put_events(Entries=[entry] * count)

    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_services_put_events_of_their_own(bus: Bus) -> None:
    rule, text = unique("rule"), unique("text")
    pattern = {"source": ["aws.organizations"], "detail": {"text": [text]}}
    put = bus.events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    queue, arn = queue_of_rule(bus.sqs, unique("queue"), put["RuleArn"])
    bus.events.put_targets(Rule=rule, Targets=[{"Id": "q", "Arn": arn}])

    eventbridge.publish(
        source="aws.organizations", detail_type="Told", detail={"text": text}, resources=["a"]
    )

    (message,) = bus.received(queue)
    event = json.loads(message["Body"])
    assert (event["source"], event["resources"]) == ("aws.organizations", ["a"])


def test_putting_events_never_waits_for_targets(bus: Bus) -> None:
    release = threading.Event()
    bus.engine.functions["slow"] = lambda _: release.wait(20)
    bus.target(function_arn("slow"))

    began = time.monotonic()
    bus.put()
    took = time.monotonic() - began
    under_way = not eventbridge.drain(0.05)
    release.set()

    assert took < 1
    assert under_way
    assert eventbridge.drain(10)


def test_a_role_that_may_not_start_the_machine_dead_letters_at_once(bus: Bus) -> None:
    machine = bus.engine.machine(PASS)
    bus.engine.denied.add(("starter", "StartExecution"))
    bus.target(machine, RoleArn=role_arn("starter"))

    event_id = bus.put({"n": 1})

    event, attributes = bus.dead_letter()
    assert (event["id"], event["detail"]) == (event_id, {"n": 1})
    assert attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert "assumed-role/starter/" in attributes["ERROR_MESSAGE"]
    assert attributes["RULE_ARN"] == bus.rule_arn
    assert attributes["TARGET_ARN"] == machine
    assert "RETRY_ATTEMPTS" not in attributes
    assert sum(op == "StartExecution" for op, _ in bus.engine.callers) == 1
    assert executions(bus.engine, machine) == []


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (
            {
                "Arn": f"arn:aws:states:us-east-1:{ACCOUNT_ID}:stateMachine:none",
                "RoleArn": role_arn("starter"),
            },
            "NO_RESOURCE",
        ),
        (
            {"Arn": f"arn:aws:states:us-east-1:{ACCOUNT_ID}:stateMachine:none"},
            "FAILED_TO_ASSUME_ROLE",
        ),
        ({"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:none"}, "NO_RESOURCE"),
        ({"Arn": f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:none"}, "NO_RESOURCE"),
        (
            {
                "Arn": function_arn("any"),
                "InputTransformer": {"InputPathsMap": {"x": "$.id"}, "InputTemplate": "{<x>"},
            },
            "INVALID_JSON",
        ),
    ],
    ids=["no-machine", "no-role", "no-queue", "no-topic", "no-json"],
)
def test_what_trying_again_cannot_mend_dead_letters_at_once(
    bus: Bus, target: dict[str, Any], code: str
) -> None:
    bus.target(target.pop("Arn"), **target)

    bus.put()

    _, attributes = bus.dead_letter()
    assert attributes["ERROR_CODE"] == code


def test_a_busy_target_is_tried_again_until_it_takes_the_event(bus: Bus) -> None:
    calls: list[float] = []

    def function(_: Any) -> None:
        calls.append(bus.engine.context.clock.now())
        if len(calls) < 4:
            refusal = JsonRESTError("TooManyRequestsException", "busy")
            refusal.code = 429
            raise refusal

    bus.engine.functions["busy"] = function
    bus.target(function_arn("busy"))

    bus.put()

    assert bus.received(bus.dead_letters) == []
    assert len(calls) == 4
    pauses = [later - earlier for earlier, later in itertools.pairwise(calls)]
    assert all(pause >= least for pause, least in zip(pauses, [0.5, 1, 2], strict=True))


@pytest.mark.parametrize(
    ("policy", "condition", "attempts"),
    [
        ({"MaximumRetryAttempts": 2}, "MaximumRetryAttempts", "2"),
        ({"MaximumRetryAttempts": 0}, "MaximumRetryAttempts", "0"),
        ({"MaximumEventAgeInSeconds": 600}, "MaximumEventAge", None),
    ],
    ids=["two-retries", "no-retry", "age"],
)
def test_an_exhausted_retry_policy_dead_letters(
    bus: Bus, policy: dict[str, int], condition: str, attempts: str | None
) -> None:
    calls: list[Any] = []

    def function(event: Any) -> None:
        calls.append(event)
        refusal = JsonRESTError("ServiceException", "broken")
        refusal.code = 500
        raise refusal

    bus.engine.functions["broken"] = function
    bus.target(function_arn("broken"), RetryPolicy=policy)

    bus.put()

    _, attributes = bus.dead_letter()
    assert attributes["ERROR_CODE"] == "ERROR_FROM_TARGET"
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == condition
    if attempts is None:
        assert 2 <= len(calls) < 13  # pauses double
    else:
        assert attributes["RETRY_ATTEMPTS"] == attempts
        assert len(calls) == int(attempts) + 1


def test_an_event_is_delivered_as_often_at_once_as_the_faults_say() -> None:
    with serving(faults=[{"event": "Placed", "deliveries": 3}]) as engine:
        bus = Bus(engine)
        together = threading.Barrier(3, timeout=10)
        met: list[int] = []
        engine.functions["meet"] = lambda _: met.append(together.wait())
        bus.target(function_arn("meet"))
        machine = engine.machine(PASS)
        bus.events.put_targets(
            Rule=bus.rule,
            EventBusName=bus.name,
            Targets=[{"Id": "m", "Arn": machine, "RoleArn": role_arn("starter")}],
        )

        event_id = bus.put({"n": 1})
        started = executions(engine, machine)
        outputs = [engine.finish(one["executionArn"]).output for one in started]

    assert len(met) == 3
    assert len({one["name"] for one in started}) == 3
    assert [output["id"] for output in outputs] == [event_id] * 3


@pytest.mark.parametrize("trusted", [None, "lambda.amazonaws.com"], ids=["no-role", "other"])
def test_a_role_that_eventbridge_may_not_assume_starts_nothing(
    bus: Bus, trusted: str | None
) -> None:
    machine = bus.engine.machine(PASS)
    role = trusting(unique("role"), trusted) if trusted else role_arn("none")
    bus.target(machine, RoleArn=role)

    bus.put()

    _, attributes = bus.dead_letter()
    assert attributes["ERROR_CODE"] == "FAILED_TO_ASSUME_ROLE"
    assert executions(bus.engine, machine) == []


def test_a_role_that_stops_trusting_eventbridge_starts_nothing_more(bus: Bus) -> None:
    machine, role = bus.engine.machine(PASS), unique("role")
    bus.target(machine, RoleArn=trusting(role, "events.amazonaws.com"))
    bus.put()
    assert len(executions(bus.engine, machine)) == 1

    trusting(role, "states.amazonaws.com")
    bus.put()

    _, attributes = bus.dead_letter()
    assert attributes["ERROR_CODE"] == "FAILED_TO_ASSUME_ROLE"
    assert len(executions(bus.engine, machine)) == 1


def test_a_queue_without_a_policy_receives_nothing(bus: Bus) -> None:
    queue = str(bus.sqs.create_queue(QueueName=unique("queue"))["QueueUrl"])
    bus.target(queue_arn(queue))

    event_id = bus.put()

    event, attributes = bus.dead_letter()
    assert event["id"] == event_id
    assert attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert "RETRY_ATTEMPTS" not in attributes
    assert bus.received(queue) == []


@pytest.mark.parametrize(
    ("statement", "received"),
    [
        ({"Principal": "*"}, 1),
        ({"Principal": {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]}}, 1),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}}}, 1),
        ({"Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:events:*:{ACCOUNT_ID}:*"}}}, 1),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, 1),
        ({"Action": "sqs:*"}, 1),
        ({"Action": "sqs:ReceiveMessage"}, 0),
        ({"Principal": {"Service": "sns.amazonaws.com"}}, 0),
        ({"Principal": {"AWS": ACCOUNT_ID}}, 0),
        ({"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:a:1:rule/other"}}}, 0),
        ({"Resource": "arn:aws:sqs:us-east-1:111111111111:other"}, 0),
        ({"Effect": "Deny"}, 0),
    ],
)
def test_a_queues_policy_says_whether_the_rule_may_send(
    bus: Bus, statement: dict[str, Any], received: int
) -> None:
    queue = str(bus.sqs.create_queue(QueueName=unique("queue"))["QueueUrl"])
    allowing = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn(queue),
    }
    policy = {"Version": "2012-10-17", "Statement": [allowing | statement]}
    bus.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    bus.target(queue_arn(queue))

    bus.put()

    assert len(bus.received(queue)) == received
    assert len(bus.received(bus.dead_letters)) == 1 - received


@pytest.mark.parametrize(
    ("statement", "published"),
    [
        (None, 0),
        ({}, 1),
        ({"Action": "sns:*"}, 1),
        ({"Action": "sns:Subscribe"}, 0),
        ({"Principal": {"Service": "cloudwatch.amazonaws.com"}}, 0),
        ({"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:a:1:rule/other"}}}, 0),
        ({"Effect": "Deny"}, 0),
    ],
)
def test_a_topics_policy_says_whether_the_rule_may_publish(
    bus: Bus, statement: dict[str, Any] | None, published: int
) -> None:
    sns = bus.engine.client("sns")
    topic = sns.create_topic(Name=unique("topic"))["TopicArn"]
    queue = bus.queue()
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn(queue))
    if statement is not None:
        allowing = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": topic,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowing | statement]})
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    bus.target(topic)

    event_id = bus.put()

    received = [json.loads(message["Body"])["Message"] for message in bus.received(queue)]
    assert [json.loads(text)["id"] for text in received] == [event_id] * published
    assert len(bus.received(bus.dead_letters)) == 1 - published


def test_a_dead_letter_queue_without_a_policy_gets_nothing(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    closed = str(bus.sqs.create_queue(QueueName=unique("queue"))["QueueUrl"])
    none = f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:none"
    bus.target(none, DeadLetterConfig={"Arn": queue_arn(closed)})

    bus.put()

    assert bus.received(closed) == []
    assert f"an event was dropped: the policy of {queue_arn(closed)} does not" in caplog.text


def test_an_event_to_a_target_without_dead_letter_queue_is_dropped(bus: Bus) -> None:
    arn = f"arn:aws:states:us-east-1:{ACCOUNT_ID}:stateMachine:none"
    bus.events.put_targets(
        Rule=bus.rule,
        EventBusName=bus.name,
        Targets=[{"Id": "t", "Arn": arn, "RoleArn": role_arn("starter")}],
    )

    bus.put()

    assert eventually(lambda: eventbridge.drain(10))
    assert bus.received(bus.dead_letters) == []
