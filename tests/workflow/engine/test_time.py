"""Waits, retries and time-outs pass on the embedded clock, tasks' own in real seconds."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from embedded.stepfunctions.environment import Environment
from tests.unit.embedded.engine_server import (
    Engine,
    FunctionFailed,
    eventually,
    function_arn,
    serving,
    task,
)

END: dict[str, Any] = {"Type": "Pass", "End": True}


def machine(first: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "First", "States": {"First": first, **others}}


def throttled(_: Any) -> None:
    raise FunctionFailed("Throttled")


def between(history: list[dict[str, Any]], first: str, second: str) -> float:
    """Virtual seconds from the first event of a type to the next of another."""
    start = next(event for event in history if event["type"] == first)
    end = next(e for e in history if e["type"] == second and e["id"] > start["id"])
    return float((end["timestamp"] - start["timestamp"]).total_seconds())


@pytest.mark.parametrize("speed", [60.0, 5000.0])
def test_a_wait_takes_its_virtual_seconds(speed: float) -> None:
    seconds = 60
    with serving(speed=speed) as engine:
        began = time.monotonic()
        ended = engine.run(machine({"Type": "Wait", "Seconds": seconds, "End": True}))
        real = time.monotonic() - began
        history = engine.history(ended.arn)

    waited = between(history, "WaitStateEntered", "WaitStateExited")
    assert seconds <= waited < seconds + speed
    assert real < seconds / speed + 3


def test_a_wait_until_a_moment_ends_at_that_virtual_moment(engine: Engine) -> None:
    wait = {
        "Type": "Wait",
        "Timestamp": "{% $fromMillis($millis() + 20000) %}",
        "End": True,
    }

    history = engine.history(engine.run(machine(wait)).arn)

    assert 18.9 <= between(history, "WaitStateEntered", "WaitStateExited") < 80


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Virtual seconds of every wait, none of which takes any time."""
    seconds: list[float] = []
    monkeypatch.setattr(Environment, "wait", lambda _, given: seconds.append(given))
    return seconds


def test_retries_wait_longer_each_time_up_to_the_longest_delay(
    engine: Engine, waits: list[float]
) -> None:
    engine.functions["busy"] = throttled
    retry = {
        "ErrorEquals": ["Throttled"],
        "IntervalSeconds": 4,
        "BackoffRate": 2,
        "MaxDelaySeconds": 10,
        "MaxAttempts": 4,
    }

    ended = engine.run(machine(task("busy", {}, Retry=[retry], End=True)))

    assert (ended.status, ended.error) == ("FAILED", "Throttled")
    assert waits == [4, 8, 10, 10]


def test_full_jitter_spreads_the_delays(engine: Engine, waits: list[float]) -> None:
    engine.functions["busy"] = throttled
    retry = {
        "ErrorEquals": ["Throttled"],
        "IntervalSeconds": 30,
        "BackoffRate": 1,
        "MaxAttempts": 20,
        "JitterStrategy": "FULL",
    }

    engine.run(machine(task("busy", {}, Retry=[retry], End=True)))

    assert len(waits) == 20
    assert all(0 <= wait <= 30 for wait in waits)
    assert min(waits) < 15 < max(waits)


def test_retriers_count_their_attempts_apart(engine: Engine, waits: list[float]) -> None:
    errors = ["Throttled", "Other", "Throttled", "Other", "Throttled"]

    def function(_: Any) -> None:
        raise FunctionFailed(errors.pop(0))

    engine.functions["busy"] = function
    retries = [
        {"ErrorEquals": ["Throttled"], "IntervalSeconds": 1, "MaxAttempts": 2},
        {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "MaxAttempts": 9},
    ]

    ended = engine.run(machine(task("busy", {}, Retry=retries, End=True)))

    assert ended.error == "Throttled"
    assert waits == [1, 5, 2, 10]
    assert errors == []


def test_an_error_that_no_retrier_names_is_not_retried(engine: Engine) -> None:
    calls: list[Any] = []

    def function(payload: Any) -> None:
        calls.append(payload)
        raise FunctionFailed("Refused")

    engine.functions["bad"] = function
    retry = {"ErrorEquals": ["Throttled"], "IntervalSeconds": 1, "MaxAttempts": 9}

    ended = engine.run(machine(task("bad", {}, Retry=[retry], End=True)))

    assert (ended.error, len(calls)) == ("Refused", 1)


def test_the_machines_timeout_passes_in_virtual_time(engine: Engine) -> None:
    definition = machine({"Type": "Wait", "Seconds": 90000, "End": True}) | {"TimeoutSeconds": 30}

    began = time.monotonic()
    ended = engine.run(definition)

    assert ended.status == "TIMED_OUT"
    assert time.monotonic() - began < 5
    assert engine.history(ended.arn)[-1]["type"] == "ExecutionTimedOut"
    described = engine.states.describe_execution(executionArn=ended.arn)
    ran = (described["stopDate"] - described["startDate"]).total_seconds()
    assert 30 <= ran < 90


def test_the_machines_timeout_interrupts_a_task_and_its_catchers(engine: Engine) -> None:
    release = threading.Event()
    engine.functions["slow"] = lambda _: release.wait(20)
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    definition = machine(task("slow", {}, Catch=catch, End=True), Caught=END)

    ended = engine.run(definition | {"TimeoutSeconds": 12})
    events = len(engine.history(ended.arn))
    release.set()

    assert ended.status == "TIMED_OUT"
    assert len(engine.history(ended.arn)) == events


def test_a_tasks_timeout_is_real_seconds(engine: Engine) -> None:
    release = threading.Event()
    engine.functions["slow"] = lambda _: release.wait(20)
    catch = [
        {
            "ErrorEquals": ["States.Timeout"],
            "Output": "{% $states.errorOutput.Error %}",
            "Next": "Caught",
        }
    ]
    definition = machine(task("slow", {}, TimeoutSeconds=1, Catch=catch, End=True), Caught=END)

    began = time.monotonic()
    ended = engine.run(definition)
    real = time.monotonic() - began
    release.set()

    assert ended.output == "States.Timeout"
    assert 1 <= real < 5


@pytest.mark.parametrize("where", ["wait", "task", "retry", "parallel", "map"])
def test_stopping_ends_the_execution_wherever_it_is(engine: Engine, where: str) -> None:
    release = threading.Event()
    engine.functions["slow"] = lambda _: release.wait(20)

    engine.functions["fail"] = throttled
    wait = {"Type": "Wait", "Seconds": 90000, "End": True}
    retry = [{"ErrorEquals": ["Throttled"], "IntervalSeconds": 9000, "MaxAttempts": 9}]
    inner = {"StartAt": "Inner", "States": {"Inner": wait}}
    other = {"StartAt": "Other", "States": {"Other": wait}}
    first = {
        "wait": wait,
        "task": task("slow", {}, End=True),
        "retry": task("fail", {}, Retry=retry, End=True),
        "parallel": {"Type": "Parallel", "Branches": [inner, other], "End": True},
        "map": {"Type": "Map", "Items": [1, 2], "ItemProcessor": inner, "End": True},
    }[where]
    begun = {"wait": "WaitStateEntered", "task": "TaskStarted", "retry": "TaskFailed"}
    arn = engine.start(engine.machine(machine(first)))
    eventually(
        lambda: any(
            event["type"] == begun.get(where, "WaitStateEntered") for event in engine.history(arn)
        )
    )

    began = time.monotonic()
    engine.states.stop_execution(executionArn=arn, error="Enough", cause="changed my mind")
    ended = engine.finish(arn)
    real = time.monotonic() - began
    events = len(engine.history(arn))
    release.set()

    assert (ended.status, ended.error, ended.cause) == ("ABORTED", "Enough", "changed my mind")
    assert real < 3
    assert engine.history(arn)[-1]["type"] == "ExecutionAborted"
    assert len(engine.history(arn)) == events


def test_an_execution_can_be_stopped_as_soon_as_it_is_started(engine: Engine) -> None:
    arn = engine.machine(machine({"Type": "Wait", "Seconds": 90000, "End": True}))

    for _ in range(10):
        execution = engine.start(arn)
        engine.states.stop_execution(executionArn=execution)
        assert engine.finish(execution).status == "ABORTED"


def test_a_task_token_is_waited_for_in_virtual_time(engine: Engine) -> None:
    tokens: list[str] = []
    engine.functions["ask"] = lambda payload: tokens.append(payload["token"])
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {
            "FunctionName": function_arn("ask"),
            "Payload": {"token": "{% $states.context.Task.Token %}"},
        },
        "TimeoutSeconds": 120,
        "Catch": [
            {
                "ErrorEquals": ["States.ALL"],
                "Output": "{% $states.errorOutput %}",
                "Next": "Caught",
            }
        ],
        "End": True,
    }
    arn = engine.machine(machine(state, Caught=END))

    answered, refused, forgotten = (engine.start(arn) for _ in range(3))
    eventually(lambda: len(tokens) == 3)
    token = {
        execution: next(
            json.loads(event["taskScheduledEventDetails"]["parameters"])["Payload"]["token"]
            for event in engine.history(execution)
            if event["type"] == "TaskScheduled"
        )
        for execution in (answered, refused)
    }
    engine.states.send_task_success(taskToken=token[answered], output='{"yes": 1}')
    engine.states.send_task_failure(taskToken=token[refused], error="No", cause="because")

    assert engine.finish(answered).output == {"yes": 1}
    assert engine.finish(refused).output == {"Error": "No", "Cause": "because"}
    assert engine.finish(forgotten).output["Error"] == "States.Timeout"
    with pytest.raises(engine.states.exceptions.InvalidToken):
        engine.states.send_task_success(taskToken="nobody's", output="{}")
