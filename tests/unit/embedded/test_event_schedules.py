"""Rules with a schedule fire in virtual time, and what TestEventPattern answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from embedded import eventbridge
from embedded.eventbridge import Schedules
from tests.unit.embedded.engine_server import (
    Engine,
    function_arn,
    role_arn,
    serving,
    trusting,
    unique,
)

HOUR = 3_600.0


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with serving(speed=3600) as engine:
        yield engine


@pytest.fixture
def rule(engine: Engine) -> Iterator[Any]:
    """Makes a rule with a schedule; what its function is invoked with."""
    events, names = engine.client("events"), []

    def make(expression: str) -> list[Any]:
        name, function = unique("rule"), unique("function")
        got: list[Any] = []
        engine.functions[function] = got.append
        events.put_rule(Name=name, ScheduleExpression=expression)
        events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": function_arn(function)}])
        names.append(name)
        return got

    yield make
    for name in names:
        events.remove_targets(Rule=name, Ids=["t"])
        events.delete_rule(Name=name)


def fire(schedules: Schedules, now: float) -> None:
    schedules.fire_due(now)
    assert eventbridge.drain(10)


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("rate(1 hour)", HOUR), ("rate(5 minutes)", 300.0), ("rate(2 days)", 172_800.0)],
)
def test_rule_fires_once_an_interval(rule: Any, expression: str, seconds: float) -> None:
    got, schedules = rule(expression), Schedules()

    fire(schedules, 1000.0)
    fire(schedules, 1000.0 + seconds - 1)
    assert got == []
    fire(schedules, 1000.0 + seconds)
    fire(schedules, 1000.0 + seconds + 1)

    (event,) = got
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert event["time"] == eventbridge.schedules.text_of(1000.0 + seconds)


def test_rule_that_fell_behind_fires_once(rule: Any) -> None:
    got, schedules = rule("rate(1 hour)"), Schedules()
    fire(schedules, 0.0)

    fire(schedules, 10 * HOUR)
    fire(schedules, 10 * HOUR + 1)

    assert len(got) == 1


def test_disabled_rule_does_not_fire(engine: Engine, rule: Any) -> None:
    got, schedules = rule("rate(1 hour)"), Schedules()
    for each in engine.client("events").list_rules()["Rules"]:
        engine.client("events").disable_rule(Name=each["Name"])
    fire(schedules, 0.0)

    fire(schedules, HOUR)

    assert got == []


@pytest.mark.parametrize("expression", ["cron(0 12 * * ? *)"])
def test_other_schedules_do_not_fire(rule: Any, expression: str) -> None:
    got, schedules = rule(expression), Schedules()
    fire(schedules, 0.0)

    fire(schedules, 100 * HOUR)

    assert got == []


def test_running_schedules_follow_the_clock_until_stopped(rule: Any) -> None:
    got, schedules = rule("rate(1 minute)"), Schedules()

    schedules.start()
    try:
        deadline = 200
        while not got and deadline:
            deadline -= 1
            eventbridge.drain(0.05)
            schedules._stopped.wait(0.02)
    finally:
        schedules.stop()

    assert got


@pytest.mark.parametrize("trusted", [None, "events.amazonaws.com"], ids=["no-role", "other"])
def test_a_schedule_with_a_role_that_scheduler_may_not_assume_is_refused(
    engine: Engine, trusted: str | None
) -> None:
    scheduler, name = engine.client("scheduler"), unique("schedule")
    refused_role = trusting(unique("role"), trusted) if trusted else role_arn("none")
    role = trusting(unique("role"), "scheduler.amazonaws.com")

    def given(role_arn: str) -> dict[str, Any]:
        return {
            "Name": name,
            "ScheduleExpression": "rate(1 hour)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": function_arn("any"), "RoleArn": role_arn},
        }

    with pytest.raises(scheduler.exceptions.ValidationException) as created:
        scheduler.create_schedule(**given(refused_role))
    scheduler.create_schedule(**given(role))
    with pytest.raises(scheduler.exceptions.ValidationException) as updated:
        scheduler.update_schedule(**given(refused_role))

    for refused in (created, updated):
        assert refused.value.response["Error"]["Message"] == (
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the"
            " role."
        )
    assert scheduler.get_schedule(Name=name)["Target"]["RoleArn"] == role


TRIED = {
    "id": "1",
    "account": "111111111111",
    "source": "shop",
    "time": "2026-01-02T03:04:05Z",
    "region": "us-east-1",
    "detail-type": "x",
    "detail": {},
}


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [({"source": ["aws.states"]}, True), ({"source": ["aws.events"]}, False)],
)
def test_an_event_is_tried_against_a_pattern(
    engine: Engine, pattern: dict[str, Any], matches: bool
) -> None:
    event = TRIED | {"source": "aws.states"}

    answer = engine.client("events").test_event_pattern(
        EventPattern=json.dumps(pattern), Event=json.dumps(event)
    )

    assert answer["Result"] is matches


@pytest.mark.parametrize(
    ("pattern", "event", "code"),
    [
        ("{", json.dumps(TRIED), "InvalidEventPatternException"),
        ("{}", "{}", "ValidationException"),
        ("{}", "no json", "ValidationException"),
        ("{}", "[]", "ValidationException"),
    ],
)
def test_what_is_no_pattern_or_event_is_refused(
    engine: Engine, pattern: str, event: str, code: str
) -> None:
    events = engine.client("events")

    with pytest.raises(events.exceptions.ClientError) as refused:
        events.test_event_pattern(EventPattern=pattern, Event=event)

    assert refused.value.response["Error"]["Code"] == code
