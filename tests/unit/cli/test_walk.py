"""A definition followed without running it."""

from __future__ import annotations

from typing import Any

import pytest

from cli.dry_run.cannot_plan import CannotPlan
from cli.dry_run.walk import Task, Walk, WalkEnded
from embedded.jsonata.evaluator import UNDEFINED
from statemachines.definitions import expanded

INVOKE = "arn:aws:states:::lambda:invoke"


def task(operation: str, payload: Any = None, **more: Any) -> dict[str, Any]:
    """A Task that calls an operation's function; the last one unless `Next` says otherwise."""
    function = f"${{{operation}FunctionArn}}"
    arguments = {"FunctionName": function, "Payload": payload or {}}
    end = {} if "Next" in more else {"End": True}
    return {"Type": "Task", "Resource": INVOKE, "Arguments": arguments, **end, **more}


Come = list[tuple[str, Any]]


def walked(states: dict[str, Any], answers: dict[str, Any], document: Any = None) -> Come:
    """The operations that are come to, and their payloads, from the first of the states."""
    come: Come = []

    def answer(one: Task) -> Any:
        come.append((one.operation, one.payload()))
        if isinstance(answers.get(one.operation), Exception):
            raise answers[one.operation]
        return answers.get(one.operation, {})

    Walk({"StartAt": next(iter(states)), "States": states}, answer).of(document or {})
    return come


def operations(come: Come) -> list[str]:
    return [operation for operation, _ in come]


def choice(condition: str) -> dict[str, Any]:
    return {
        "Type": "Choice",
        "Choices": [{"Condition": condition, "Next": "Yes"}],
        "Default": "No",
    }


def test_variables_and_output_are_those_of_the_step_before() -> None:
    states = {
        "First": task(
            "First",
            Assign={"name": "{% $states.result.Payload.name %}", "nothing": None},
            Output="{% $states.result.Payload.more %}",
            Next="Pause",
        ),
        "Pause": {"Type": "Wait", "Seconds": "{% $unknown %}", "Next": "Second"},
        "Second": task("Second", {"name": "{% $name %}", "all": "{% [$states.input, $nothing] %}"}),
    }

    _, second = walked(states, {"First": {"name": "a", "more": [1, 2]}})

    assert second == ("Second", {"name": "a", "all": [1, 2, None]})


def test_task_that_waits_for_its_token_has_the_answer_itself_as_its_result() -> None:
    states = {
        "First": {**task("First", Next="Second"), "Resource": f"{INVOKE}.waitForTaskToken"},
        "Second": task("Second", {"at": "{% $states.input.at %}"}),
    }

    assert walked(states, {"First": {"at": 7}})[1] == ("Second", {"at": 7})


@pytest.mark.parametrize(("asked", "come"), [(True, ["Yes"]), (False, ["No"])])
def test_choice_goes_where_its_condition_says(asked: bool, come: list[str]) -> None:
    states = {"Ask": choice("{% $states.input.asked %}"), "Yes": task("Yes"), "No": task("No")}

    assert operations(walked(states, {}, {"asked": asked})) == come


def test_task_that_names_no_function_invokes_the_one_of_its_own_name() -> None:
    short = {"Type": "Task", "Resource": INVOKE, "Arguments": {"Payload": 1}}
    full = expanded({"machine": {"StartAt": "First", "States": {"First": short}}}, {})

    assert walked(full["machine"]["States"], {}) == [("First", 1)]


def test_payload_that_nobody_asks_for_need_not_be_evaluated() -> None:
    odd = task("First", {"size": "{% ${NotSubstituted} %}"})

    Walk({"StartAt": "First", "States": {"First": odd}}, lambda _: {}).of({})


def test_branches_and_items_are_come_to_in_their_order_and_keep_their_variables() -> None:
    inner = task("Each", {"item": "{% $states.input.item %}", "outer": "{% $outer %}"})
    each = {
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "ItemSelector": {"item": "{% $states.context.Map.Item.Value %}"},
        "ItemProcessor": {"StartAt": "Each", "States": {"Each": inner}},
        "End": True,
    }
    other = task("Other", Assign={"outer": "changed"})
    states = {
        "Set": {"Type": "Pass", "Assign": {"outer": "kept"}, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Other", "States": {"Other": other}},
                {"StartAt": "Map", "States": {"Map": each}},
            ],
            "Output": "{% $states.result[1] %}",
            "Next": "Last",
        },
        "Last": task("Last", {"done": "{% $states.input %}", "outer": "{% $outer %}"}),
    }
    each["Output"] = "{% $states.result.Payload.done %}"

    come = walked(states, {"Each": {"done": True}}, {"items": ["a", "b"]})

    assert operations(come) == ["Other", "Each", "Each", "Last"]
    assert [payload for _, payload in come[1:3]] == [
        {"item": "a", "outer": "kept"},
        {"item": "b", "outer": "kept"},
    ]
    assert come[3][1] == {"done": [True, True], "outer": "kept"}


def test_what_needs_a_refused_answer_is_left_out_and_all_else_comes() -> None:
    states = {
        "First": task(
            "First",
            Assign={"id": "{% $states.result.Payload.id %}"},
            Output="{% $states.result.Payload %}",
            Next="Needs",
        ),
        "Needs": task("Needs", {"id": "{% $id %}"}, Next="Ask"),
        "Ask": choice("{% $id = 'x' or $states.input.more %}"),
        "Yes": task("Yes"),
        "No": task("No"),
    }

    assert operations(walked(states, {"First": UNDEFINED})) == ["First", "No"]


def test_way_that_a_refused_answer_would_have_shown_ends() -> None:
    output = "{% $states.result.Payload %}"
    again = {
        "First": task("First", Output=output, Next="Ask"),
        "Ask": {**choice("{% $states.input.done %}"), "Default": "First"},
        "Yes": task("Yes"),
    }
    without_default = {name: dict(state) for name, state in again.items()}
    del without_default["Ask"]["Default"]

    assert operations(walked(again, {"First": UNDEFINED})) == ["First"]
    assert operations(walked(without_default, {"First": UNDEFINED})) == ["First"]


def test_nothing_comes_after_the_end_of_the_walk() -> None:
    states = {"First": task("First", Next="Second"), "Second": task("Second")}

    assert operations(walked(states, {"First": WalkEnded()})) == ["First"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (choice("{% $states.input.absent %}"), "Choices[0].Condition"),
        (choice("{% 1 %}"), "neither true nor false"),
        ({"Type": "Choice", "Choices": []}, "Choices have none that holds"),
        (task("X", {"a": ["{% $states.input.absent %}"]}), "Arguments.Payload.a[0] returns"),
        (task("X", {"a": "{% $sum('a') %}"}), "Arguments.Payload.a fails"),
        ({"Type": "Map", "Items": "{% 1 %}", "ItemProcessor": {}}, "are not an array"),
        ({"Type": "Pass", "Next": "Odd"}, "loops back"),
        ({"Type": "Fail", "Error": "X"}, "type Fail"),
        ({**task("X"), "Arguments": {"FunctionName": "arn:aws:lambda:x"}}, "no function"),
        ({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}, "no function"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_state_that_cannot_be_followed_is_named(state: dict[str, Any], expected: str) -> None:
    with pytest.raises(CannotPlan, match="Cannot plan Odd") as failed:
        walked({"Odd": state, "Yes": task("Yes"), "No": task("No")}, {})

    assert expected in failed.value.what
    assert failed.value.remedy
