"""Definitions that name their profiles, and what is wrong with those that cannot."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from statemachines import definitions
from statemachines.definitions import DefinitionError
from statemachines.rendering import rendered

ROOT = Path(__file__).parents[3]
BUSY = {"ErrorEquals": ["Busy"], "IntervalSeconds": 1}
DENIED = {"ErrorEquals": ["Denied"], "MaxAttempts": 3}
PROFILES: dict[str, Any] = {
    "Comment": "for people",
    "Task": {"Comment": "for people", "TimeoutSeconds": 60},
    "Resource": {"arn:aws:states:::lambda:invoke": {"Output": "{% $states.result.Payload %}"}},
    "Payload": {"one": {"requestId": "{% $request.requestId %}"}},
    "Retry": {"Passing": ["Busy"], "Busy": BUSY, "Denied": DENIED},
    "Catch": {"Failure": {"ErrorEquals": ["States.ALL"], "Assign": {"failure": "{% 1 %}"}}},
    "Expressions": {"Size": "($length($string($states.input)))"},
}
SILENT = PROFILES | {"Expressions": {}}
BOTH = PROFILES | {"Payload": {"one": {"requestId": "one"}, "two": {"requestId": "two"}}}
TASK: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Arguments": {"Payload": {"size": "{% ${Size} %}", "least": "{% ${Least} %}"}},
    "Retry": [{"ErrorEquals": ["${Passing}", "${Denied}"]}],
    "Catch": [{"ErrorEquals": ["${Failure}"], "Next": "Failed"}],
    "Next": "Done",
}


def machine(task: dict[str, Any]) -> dict[str, Any]:
    ends = {"Done": {"Type": "Succeed"}, "Failed": {"Type": "Fail"}}
    return {"QueryLanguage": "JSONata", "StartAt": "Work", "States": {"Work": task} | ends}


def expanded(task: dict[str, Any], profiles: dict[str, Any] = PROFILES) -> dict[str, Any]:
    state: dict[str, Any] = definitions.expanded({"one": machine(task)}, profiles)["one"]["States"][
        "Work"
    ]
    return state


def problems(task: dict[str, Any], profiles: dict[str, Any] = PROFILES) -> tuple[str, ...]:
    with pytest.raises(DefinitionError) as refused:
        expanded(task, profiles)
    return refused.value.problems


def with_profiles(section: str, **more: Any) -> dict[str, Any]:
    return copy.deepcopy(PROFILES) | {section: PROFILES.get(section, {}) | more}


def without(*sections: str) -> dict[str, Any]:
    return {key: value for key, value in PROFILES.items() if key not in sections}


def states(scope: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for state in scope["States"].values():
        yield state
        for inner in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            yield from states(inner)


def test_names_are_written_out_and_defaults_added() -> None:
    full = expanded(TASK)

    assert full == {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {
            "FunctionName": "${WorkFunctionArn}",
            "Payload": {
                "requestId": "{% $request.requestId %}",
                "size": "{% ($length($string($states.input))) %}",
                "least": "{% ${Least} %}",
            },
        },
        "TimeoutSeconds": 60,
        "Retry": [BUSY, DENIED],
        "Catch": [
            {"ErrorEquals": ["States.ALL"], "Assign": {"failure": "{% 1 %}"}, "Next": "Failed"}
        ],
        "Output": "{% $states.result.Payload %}",
        "Next": "Done",
    }
    assert list(full)[-2:] == ["Output", "Next"]


def test_task_without_arguments_passes_the_defaults_of_its_machine() -> None:
    full = expanded({key: value for key, value in TASK.items() if key != "Arguments"}, SILENT)

    assert full["Arguments"] == {
        "FunctionName": "${WorkFunctionArn}",
        "Payload": {"requestId": "{% $request.requestId %}"},
    }


def test_task_that_waits_for_a_token_has_the_payload_and_no_output() -> None:
    waiting = TASK | {"Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken"}

    full = definitions.expanded({"one": machine(TASK), "two": machine(waiting)}, BOTH)["two"]

    task = full["States"]["Work"]
    assert task["Arguments"]["Payload"]["requestId"] == "two"
    assert "Output" not in task


def test_source_and_profiles_stay_as_they_were() -> None:
    task, profiles = copy.deepcopy(TASK), copy.deepcopy(PROFILES)

    expanded(task, profiles)

    assert (task, profiles) == (TASK, PROFILES)


def test_what_a_task_says_itself_is_kept() -> None:
    own = {"ErrorEquals": ["Own"], "MaxAttempts": 2}
    caught = {"ErrorEquals": ["Own"], "Next": "Done"}
    arguments = {"FunctionName": "another", "Payload": {"size": "{% ${Size} %}"}}

    full = expanded(
        TASK
        | {
            "TimeoutSeconds": 5,
            "Arguments": arguments,
            "Output": {"kept": "{% ${Size} %}"},
            "Retry": [*TASK["Retry"], own],
            "Catch": [caught, *TASK["Catch"]],
        },
        without("Payload"),
    )

    assert full["TimeoutSeconds"] == 5
    assert full["Arguments"]["FunctionName"] == "another"
    assert full["Arguments"]["Payload"].keys() == {"size"}
    assert full["Output"].keys() == {"kept"}
    assert full["Retry"] == [BUSY, DENIED, own]
    assert full["Catch"][0] == caught


def test_task_that_invokes_no_function_gets_no_function() -> None:
    full = expanded(
        TASK | {"Resource": "arn:aws:states:::sqs:sendMessage"}, without("Payload", "Resource")
    )

    assert "FunctionName" not in full["Arguments"]
    assert full["TimeoutSeconds"] == 60


@pytest.mark.parametrize("container", ["Parallel", "Map"])
def test_states_in_branches_and_maps_are_written_out(container: str) -> None:
    inner = machine(TASK)
    held = {"Branches": [inner]} if container == "Parallel" else {"ItemProcessor": inner}
    outer = machine({"Type": container, **held, "End": True})

    full = definitions.expanded({"one": outer}, PROFILES)["one"]

    tasks = [state for state in states(full) if state["Type"] == "Task"]
    assert [task["Retry"] for task in tasks] == [[BUSY, DENIED]]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"Retry": [{"ErrorEquals": ["${Pasing}", "${Passing}", "${Denied}"]}]},
            (
                "one.asl.json, Work, Retry: ${Pasing} is no profile of Retry in profiles.json;"
                " known: Passing, Busy, Denied"
            ),
        ),
        (
            {"Catch": [*TASK["Catch"], {"ErrorEquals": ["${Denied}"], "Next": "Done"}]},
            (
                "one.asl.json, Work, Catch: ${Denied} is no profile of Catch in profiles.json;"
                " known: Failure"
            ),
        ),
        (
            {"Retry": [{"ErrorEquals": ["${Passing}", "${Denied}", "Own"]}]},
            "one.asl.json, Work, Retry: errors and profiles in one ErrorEquals",
        ),
        (
            {"Retry": [TASK["Retry"][0] | {"MaxAttempts": 2}]},
            "one.asl.json, Work, Retry: MaxAttempts beside a profile, which says it",
        ),
        (
            {"Catch": [TASK["Catch"][0] | {"Output": "{% 1 %}"}]},
            "one.asl.json, Work, Catch: Output beside a profile, which says it",
        ),
        (
            {"Catch": [*TASK["Catch"], {"ErrorEquals": ["${Failure}"]}]},
            "one.asl.json, Work, Catch: Next is missing",
        ),
        (
            {"Retry": [TASK["Retry"][0], "${Passing}"]},
            "one.asl.json, Work: Retry is no list of objects",
        ),
        (
            {"Comment": "${Passing}"},
            (
                "one.asl.json, Work: ${Passing} is a profile of Retry,"
                " which an ErrorEquals of Retry names"
            ),
        ),
    ],
    ids=[
        "unknown retry",
        "unknown catch",
        "mixed",
        "retry and more",
        "catch and more",
        "catch without next",
        "no rule",
        "leftover",
    ],
)
def test_state_whose_names_do_not_fit_is_refused(change: dict[str, Any], expected: str) -> None:
    assert problems(TASK | change) == (expected,)


@pytest.mark.parametrize(
    ("profiles", "expected"),
    [
        (with_profiles("Retry", Idle=BUSY), "profiles.json: nothing names Retry, Idle"),
        (with_profiles("Catch", Idle=BUSY), "profiles.json: nothing names Catch, Idle"),
        (with_profiles("Expressions", Idle="1"), "profiles.json: nothing names Expressions, Idle"),
        (with_profiles("Resource", idle={}), "profiles.json: nothing names Resource, idle"),
        (with_profiles("Payload", idle={}), "profiles.json: nothing names Payload, idle"),
        (with_profiles("Retries"), "profiles.json: Retries is no section"),
        (
            with_profiles("Retry", Passing=["Busy", "Gone"]),
            (
                "profiles.json, Retry, Passing: ${Gone} is no profile of Retry in profiles.json;"
                " known: Passing, Busy, Denied"
            ),
        ),
        (
            with_profiles("Retry", Passing=["Busy", "Passing"]),
            "profiles.json, Retry, Passing: lists a profile that is a list itself",
        ),
    ],
    ids=[
        "idle retry",
        "idle catch",
        "idle expression",
        "idle resource",
        "idle payload",
        "section",
        "unknown part",
        "list of lists",
    ],
)
def test_profiles_that_do_not_fit_are_refused(profiles: dict[str, Any], expected: str) -> None:
    assert problems(TASK, profiles) == (expected,)


def test_every_problem_of_every_definition_is_reported_at_once() -> None:
    retry = TASK | {"Retry": [{"ErrorEquals": ["${Gone}"]}]}
    catch = TASK | {"Catch": [{"ErrorEquals": ["${Lost}"], "Next": "Done"}]}

    with pytest.raises(DefinitionError) as refused:
        definitions.expanded({"one": machine(retry), "two": machine(catch)}, PROFILES)

    lines = str(refused.value).splitlines()
    assert lines[0] == "the definitions cannot be written out:"
    assert [line[: line.index(" is ")] for line in lines[1:]] == [
        "- one.asl.json, Work, Retry: ${Gone}",
        "- two.asl.json, Work, Catch: ${Lost}",
    ]


def test_file_that_cannot_be_read_or_says_a_thing_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "profiles.json").write_text("{")
    (tmp_path / "one.asl.json").write_text('{"States": {"A": {}, "A": {}}}')

    with pytest.raises(DefinitionError) as refused:
        definitions.read(tmp_path)

    unreadable, twice = refused.value.problems
    assert unreadable.startswith("profiles.json: is no JSON: ")
    assert twice == "one.asl.json: A stands twice in one object"


def test_printed_definition_has_one_member_a_line_where_a_line_would_be_too_long() -> None:
    value = {"flat": {"a": 1, "b": [2, 3]}, "only": {"one": {"x": "x" * 80, "y": "y" * 80}}}

    text = rendered(value)

    assert json.loads(text) == value
    assert text.splitlines() == [
        "{",
        '  "flat": {"a": 1, "b": [2, 3]},',
        '  "only": {"one": {',
        f'    "x": "{"x" * 80}",',
        f'    "y": "{"y" * 80}"',
        "  }}",
        "}",
    ]


def test_printed_definition_is_the_json_of_what_was_written_out() -> None:
    full = definitions.read(ROOT / "statemachines")

    assert set(full) == set(definitions.names())
    assert {name: definitions.definition(name) for name in full} == full


def test_no_source_writes_out_what_a_profile_says() -> None:
    profiles = json.loads((ROOT / "statemachines" / "profiles.json").read_text())
    catchers = [_said(catcher) for catcher in profiles["Catch"].values()]
    for path in (ROOT / "statemachines").glob("*.asl.json"):
        payload = profiles["Payload"].get(path.name.removesuffix(".asl.json"), {})
        for state in states(json.loads(path.read_text())):
            assert not profiles["Task"].items() & _texts(state), state
            assert not profiles["Resource"].get(state.get("Resource"), {}).items() & _texts(state)
            arguments = state.get("Arguments", {})
            if "FunctionName" not in arguments:
                assert not payload.items() & _texts(arguments.get("Payload", {})), state
            for retrier in state.get("Retry", []):
                assert set(retrier) == {"ErrorEquals"}, state
            for catcher in state.get("Catch", []):
                assert _said(catcher) not in catchers, state


def _texts(value: dict[str, Any]) -> set[tuple[str, Any]]:
    return {(key, each) for key, each in value.items() if isinstance(each, str | int)}


def _said(catcher: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in catcher.items() if key not in {"Comment", "Next"}}


def test_definitions_are_printed_one_or_all() -> None:
    def printed(*names: str) -> str:
        command = [sys.executable, "-m", "statemachines.definitions", *names]
        ran = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
        )
        return ran.stdout

    assert printed("organization_setup") == definitions.text("organization_setup")
    assert printed() == "".join(definitions.text(name) for name in definitions.names())


def test_definition_of_no_machine_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert definitions.main(["account_vending", "another"]) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("no definition: another; there are: account_custom_resource,")
