"""Rules and targets that EventBridge refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from embedded import ACCOUNT_ID, REGION
from embedded.eventbridge.rules import is_schedule
from tests.unit.embedded.engine_server import serving, unique

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:queue"
PATTERN = json.dumps({"source": ["shop"]})


@pytest.fixture(scope="module")
def events() -> Iterator[Any]:
    with serving() as engine:
        yield engine.client("events")


@pytest.fixture
def rule(events: Any) -> str:
    name = unique("rule")
    events.put_rule(Name=name, EventPattern=PATTERN)
    return name


def target(number: int, **more: Any) -> dict[str, Any]:
    return {"Id": f"t{number}", "Arn": QUEUE} | more


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minute)",
        "rate(2 hours)",
        "rate(10 days)",
        "cron(0 2 ? * SAT *)",
        "cron(5,35 14 * * ? *)",
        "cron(15 10 ? * 6L 2002-2005)",
        "cron(0 2 ? * SAT#3 *)",
        "cron(0/5 8-17 ? JAN MON-FRI *)",
        "cron(0 8 L * ? *)",
        "cron(0 8 15W * ? *)",
    ],
)
def test_a_schedule_is_taken(expression: str) -> None:
    assert is_schedule(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 hours)",
        "rate(10 minute)",
        "rate(0 minutes)",
        "rate(-1 minutes)",
        "rate(10 seconds)",
        "rate(10)",
        "rate()",
        "rate(10 MINUTES)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "cron(0 1 * * * *)",
        "cron(0 1 ? * ? *)",
        "cron(71 8 1 * ? *)",
        "cron(0 dummy ? * MON-FRI *)",
        "cron(7 20 * * NOT *)",
        "cron(0 8 1 * ?)",
        "cron(0/0 8 1 * ? *)",
        "every day",
    ],
)
def test_what_is_no_schedule_is_refused(events: Any, expression: str) -> None:
    name = unique("rule")

    with pytest.raises(events.exceptions.ClientError) as refused:
        events.put_rule(Name=name, ScheduleExpression=expression)

    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert error["Message"] == "Parameter ScheduleExpression is not valid."
    assert not events.list_rules(NamePrefix=name)["Rules"]


def test_a_rule_takes_five_targets_and_no_sixth(events: Any, rule: str) -> None:
    events.put_targets(Rule=rule, Targets=[target(number) for number in range(5)])
    events.put_targets(Rule=rule, Targets=[target(4, Input="{}")])

    with pytest.raises(events.exceptions.LimitExceededException) as refused:
        events.put_targets(Rule=rule, Targets=[target(5)])

    message = "The requested resource exceeds the maximum number allowed."
    assert refused.value.response["Error"]["Message"] == message
    assert len(events.list_targets_by_rule(Rule=rule)["Targets"]) == 5


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"Input": "{}", "InputPath": "$.detail"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target t1.",
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"a": "$.id"}, "InputTemplate": '"<a> <b>"'}},
            "InputTemplate for target t1 contains invalid placeholder b.",
        ),
    ],
)
def test_an_input_that_cannot_be_made_is_refused(
    events: Any, rule: str, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(events.exceptions.ClientError) as refused:
        events.put_targets(Rule=rule, Targets=[target(1, **more)])

    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationException", message)


def test_a_template_may_name_what_every_event_has(events: Any, rule: str) -> None:
    template = '{"rule": <aws.events.rule-name>, "event": <aws.events.event>}'

    events.put_targets(Rule=rule, Targets=[target(1, InputTransformer={"InputTemplate": template})])

    (kept,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    assert kept["InputTransformer"]["InputTemplate"] == template


def test_rule_that_is_not_there_is_named_with_its_bus(events: Any, rule: str) -> None:
    assert events.describe_rule(Name=rule)["Name"] == rule

    with pytest.raises(events.exceptions.ResourceNotFoundException) as refused:
        events.describe_rule(Name="missing")

    assert refused.value.response["Error"]["Message"] == (
        "Rule missing does not exist on EventBus default."
    )


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("rule/missing", "Rule missing does not exist on EventBus default."),
        ("rule/other/missing", "Rule missing does not exist on EventBus other."),
        ("event-bus/other", "Event bus other does not exist."),
    ],
)
def test_tags_of_what_is_not_there_are_refused(events: Any, resource: str, message: str) -> None:
    arn = f"arn:aws:events:{REGION}:{ACCOUNT_ID}:{resource}"
    calls: list[Callable[[], Any]] = [
        lambda: events.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}]),
        lambda: events.untag_resource(ResourceARN=arn, TagKeys=["a"]),
        lambda: events.list_tags_for_resource(ResourceARN=arn),
    ]

    for call in calls:
        with pytest.raises(events.exceptions.ResourceNotFoundException) as refused:
            call()
        assert refused.value.response["Error"]["Message"] == message


@pytest.mark.parametrize("bus", ["default", "tagged"])
def test_tags_of_a_rule_and_of_its_bus_are_kept(events: Any, bus: str) -> None:
    if bus != "default":
        events.create_event_bus(Name=bus)
    name = unique("rule")
    rule = events.put_rule(Name=name, EventBusName=bus, EventPattern=PATTERN)["RuleArn"]
    for arn in (rule, f"arn:aws:events:{REGION}:{ACCOUNT_ID}:event-bus/{bus}"):
        events.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
        assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [
            {"Key": "a", "Value": "b"}
        ]
        events.untag_resource(ResourceARN=arn, TagKeys=["a"])
        assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
