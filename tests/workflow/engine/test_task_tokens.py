"""Tasks that wait under a token: tried again, answered twice, caught by their own Catch."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.core.context import current
from tests.unit.embedded.engine_server import Engine, FunctionFailed, eventually, function_arn, task

END: dict[str, Any] = {"Type": "Pass", "End": True}


def waiting(**more: Any) -> dict[str, Any]:
    """A task that hands its token to the function `ask`."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {
            "FunctionName": function_arn("ask"),
            "Payload": {"token": "{% $states.context.Task.Token %}"},
        },
        "TimeoutSeconds": 30,
        "End": True,
    } | more


def asked(engine: Engine) -> list[str]:
    """The tokens that `ask` gets, as they come."""
    tokens: list[str] = []
    engine.functions["ask"] = lambda payload: tokens.append(payload["token"])
    return tokens


def test_task_that_is_tried_again_waits_anew_under_a_new_token(engine: Engine) -> None:
    tokens = asked(engine)
    retry = {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1, "IntervalSeconds": 1}
    machine = {"StartAt": "First", "States": {"First": waiting(Retry=[retry])}}

    execution = engine.start(engine.machine(machine))
    first, second = eventually(lambda: tokens if len(tokens) == 2 else None)
    with pytest.raises(engine.states.exceptions.TaskDoesNotExist):
        engine.states.send_task_success(taskToken=first, output='"late"')
    engine.states.send_task_success(taskToken=second, output='"in time"')

    assert engine.finish(execution).output == "in time"
    assert first != second


def test_token_that_is_answered_cannot_be_answered_again(engine: Engine) -> None:
    tokens = asked(engine)
    hold = {"Type": "Wait", "Seconds": 60, "End": True}
    states = {"First": waiting(Next="Hold") | {"End": False}, "Hold": hold}
    del states["First"]["End"]

    engine.start(engine.machine({"StartAt": "First", "States": states}))
    (token,) = eventually(lambda: tokens)
    engine.states.send_task_success(taskToken=token, output="{}")

    def is_gone() -> bool:
        try:
            engine.states.send_task_failure(taskToken=token, error="No", cause="late")
        except engine.states.exceptions.TaskDoesNotExist:
            return True
        return False

    assert eventually(is_gone)


def test_answer_of_the_function_that_got_the_token_can_be_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[str] = []
    tokens: list[str] = []

    def ask(payload: dict[str, Any]) -> None:
        tokens.append(payload["token"])
        try:
            engine.states.send_task_success(taskToken=payload["token"], output='"inside"')
        except engine.states.exceptions.TaskDoesNotExist:
            answers.append("refused")

    def answered() -> bool:
        try:
            engine.states.send_task_success(taskToken=tokens[0], output='"after"')
        except engine.states.exceptions.TaskDoesNotExist:
            return False
        return True

    monkeypatch.setattr(current(), "answers_while_function_runs", False)
    engine.functions["ask"] = ask
    execution = engine.start(engine.machine({"StartAt": "First", "States": {"First": waiting()}}))
    eventually(lambda: answers)
    eventually(answered)

    assert engine.finish(execution).output == "after"


def test_catch_may_lead_back_to_its_own_state(engine: Engine) -> None:
    calls: list[Any] = []

    def third_time(payload: Any) -> str:
        calls.append(payload)
        if len(calls) < 3:
            raise FunctionFailed("NotYet")
        return "done"

    engine.functions["try"] = third_time
    catch = {"ErrorEquals": ["NotYet"], "Next": "First"}
    first = task("try", {}, Catch=[catch], Output="{% $states.result.Payload %}", Next="Last")

    ended = engine.run({"StartAt": "First", "States": {"First": first, "Last": END}}, {})

    assert (ended.status, ended.output, len(calls)) == ("SUCCEEDED", "done", 3)
