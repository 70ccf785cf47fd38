"""Definitions of state machines that cannot be created, and those of the product, which can."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from embedded.stepfunctions.definition_checks import problems
from statemachines import definitions

DONE: dict[str, Any] = {"Type": "Succeed"}
TASK: dict[str, Any] = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
TASK_PATH: dict[str, Any] = TASK | {"QueryLanguage": "JSONPath"}
CATCH: dict[str, Any] = {"ErrorEquals": ["States.ALL"], "Next": "Done"}
INNER: dict[str, Any] = {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": True}}}
MAP: dict[str, Any] = {"Type": "Map", "ItemProcessor": INNER, "End": True}
RULE: dict[str, Any] = {"Condition": "{% true %}", "Next": "Done"}
PATH_RULE: dict[str, Any] = {"Variable": "$.a", "IsPresent": True, "Next": "Done"}


def machine(first: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "First",
        "States": {"First": first, "Done": DONE},
    } | more


def found(definition: dict[str, Any]) -> list[str]:
    unreached = 'State "Done" is not reachable.'
    return [str(each) for each in problems(json.dumps(definition)) if each.message != unreached]


@pytest.mark.parametrize("name", definitions.names())
def test_the_definitions_of_this_product_have_no_problem(name: str) -> None:
    text = definitions.text(name)
    filled = re.sub(r"\$\{\w+Arn\}", "arn:aws:lambda:us-east-1:111111111111:function:f", text)

    assert problems(re.sub(r"\$\{\w+\}", "5", filled)) == []


@pytest.mark.parametrize(
    "first",
    [
        {"Type": "Pass", "Next": "Done"},
        TASK | {"TimeoutSeconds": 10, "HeartbeatSeconds": 5},
        TASK | {"TimeoutSeconds": "{% 10 %}", "Output": "{% $states.result %}"},
        TASK | {"Assign": {"a": "{% $states.result %}"}},
        TASK | {"Arguments": "{% '$states.errorOutput' %}"},
        TASK | {"Retry": [{"ErrorEquals": ["A"]}, {"ErrorEquals": ["States.ALL"]}]},
        TASK | {"Catch": [CATCH | {"Output": "{% $states.errorOutput %}"}]},
        {"Type": "Wait", "Seconds": 0, "Next": "Done"},
        {"Type": "Wait", "Timestamp": "2026-01-01T00:00:00Z", "Next": "Done"},
        {"Type": "Choice", "Choices": [RULE], "Default": "Done"},
        MAP,
        {"Type": "Parallel", "Branches": [INNER], "End": True},
        {"Type": "Fail", "Error": "E", "Cause": "C"},
    ],
)
def test_a_definition_that_can_be_created_has_no_problem(first: dict[str, Any]) -> None:
    assert found(machine(first)) == []


def test_a_definition_in_jsonpath_has_no_problem() -> None:
    choice = {"Type": "Choice", "Choices": [PATH_RULE], "Default": "Work"}
    work = TASK | {"Parameters": {"a.$": "$.a"}, "ResultPath": "$.b", "InputPath": "$"}

    definition = {"StartAt": "First", "States": {"First": choice, "Work": work, "Done": DONE}}

    assert found(definition) == []


@pytest.mark.parametrize(
    ("first", "problem"),
    [
        ({"Type": "Pass", "Next": "Gone"}, "Missing 'Next' target: Gone at /States/First/Next"),
        (
            {"Type": "Choice", "Choices": [RULE], "Default": "Gone"},
            "Missing 'Next' target: Gone at /States/First/Default",
        ),
        (
            {"Type": "Choice", "Choices": [RULE | {"Next": "Gone"}]},
            "Missing 'Next' target: Gone at /States/First/Choices[0]/Next",
        ),
        (
            TASK | {"Catch": [CATCH | {"Next": "Gone"}]},
            "Missing 'Next' target: Gone at /States/First/Catch[0]/Next",
        ),
        ({"Type": "Pass"}, "Exactly one of 'Next' and 'End'"),
        ({"Type": "Pass", "End": True, "Next": "Done"}, "Exactly one of 'Next' and 'End'"),
        ({"Next": "Done"}, "These fields are required: [Type]"),
        ({"Type": "Sleep", "Next": "Done"}, "Type must be one of"),
        ({"Type": "Pass", "End": True, "Retry": []}, "'Retry' is not supported at"),
        ({"Type": "Wait", "Seconds": 1, "End": True, "Catch": []}, "'Catch' is not supported at"),
        ({"Type": "Pass", "End": True, "Nonsense": 1}, "'Nonsense' is not supported at"),
        (
            TASK | {"Retry": [{"ErrorEquals": ["States.ALL", "A"]}]},
            "States.ALL must be alone and in the last rule at /States/First/Retry[0]",
        ),
        (
            TASK | {"Catch": [CATCH, CATCH | {"ErrorEquals": ["A"]}]},
            "States.ALL must be alone and in the last rule at /States/First/Catch[0]",
        ),
        (TASK | {"Retry": [{"ErrorEquals": []}]}, "ErrorEquals must be an array"),
        (TASK | {"Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0}]}, "BackoffRate must be"),
        *(
            (TASK | {field: "$"}, f"'{field}' is not supported when QueryLanguage is 'JSONata'")
            for field in ("InputPath", "Parameters", "ResultPath", "OutputPath", "ResultSelector")
        ),
        (
            TASK_PATH,
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
        ),
        (TASK | {"TimeoutSeconds": 5, "HeartbeatSeconds": 5}, "HeartbeatSeconds must be smaller"),
        (TASK | {"TimeoutSeconds": 0}, "TimeoutSeconds must be an integer"),
        ({"Type": "Task", "End": True}, "These fields are required: [Resource]"),
        (TASK | {"Resource": "lambda"}, "INVALID_RESOURCE"),
        ({"Type": "Choice", "Default": "Done"}, "These fields are required: [Choices]"),
        ({"Type": "Choice", "Choices": [], "Default": "Done"}, "Choices must be an array"),
        ({"Type": "Choice", "Choices": [PATH_RULE]}, "'Variable' is not supported"),
        ({"Type": "Wait", "Next": "Done"}, "Exactly one of ['Seconds'"),
        (
            {"Type": "Wait", "Seconds": 1, "Timestamp": "2026-01-01T00:00:00Z", "Next": "Done"},
            "Exactly one of ['Seconds'",
        ),
        ({"Type": "Wait", "Timestamp": "tomorrow", "Next": "Done"}, "Timestamp must be"),
        ({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}, "Only one of 'Error' and 'ErrorPath'"),
        ({"Type": "Parallel", "End": True}, "These fields are required: [Branches]"),
        ({"Type": "Parallel", "Branches": [{}], "End": True}, "[States, StartAt]"),
        ({"Type": "Map", "End": True}, "These fields are required: [ItemProcessor]"),
        (MAP | {"ItemReader": {}}, "needs the mode DISTRIBUTED"),
        (
            MAP
            | {"ItemProcessor": INNER | {"States": {"Inner": {"Type": "Pass", "Next": "Done"}}}},
            "Missing 'Next' target: Done at /States/First/ItemProcessor/States/Inner/Next",
        ),
        (
            MAP | {"ItemProcessor": {"StartAt": "Done", "States": {"Done": DONE}}},
            "DUPLICATE_STATE_NAME: Duplicate state name: Done",
        ),
        (TASK | {"Output": "{% $states.errorOutput %}"}, "$states.errorOutput is not accessible"),
        (TASK | {"Arguments": "{% $states.result %}"}, "$states.result is not accessible"),
        (TASK | {"Arguments": "{% 1 + %}"}, "/States/First/Arguments"),
        (TASK | {"Assign": {"states": 1}}, "'states' is not a name for a variable"),
    ],
)
def test_an_invalid_state_is_a_problem(first: dict[str, Any], problem: str) -> None:
    assert any(problem in each for each in found(machine(first)))


@pytest.mark.parametrize("field", ["Arguments", "Output"])
def test_a_field_of_jsonata_is_a_problem_in_jsonpath(field: str) -> None:
    listed = found(machine(TASK | {field: {}}, QueryLanguage="JSONPath"))

    assert len(listed) == 1
    assert f"'{field}' is not supported when QueryLanguage is 'JSONPath'" in listed[0]


def test_a_state_that_nothing_leads_to_is_a_problem() -> None:
    definition = machine({"Type": "Pass", "End": True})

    assert [str(each) for each in problems(json.dumps(definition))] == [
        'MISSING_TRANSITION_TARGET: State "Done" is not reachable. at /States/Done'
    ]


def test_a_machine_without_a_start_or_an_end_is_a_problem() -> None:
    loop = {"Type": "Pass", "Next": "First"}

    assert "[StartAt]" in found({"States": {"Done": DONE}})[0]
    assert found({"StartAt": "First", "States": {"First": loop}}) == [
        "MISSING_END_STATE: Workflow has no terminal state"
    ]


@pytest.mark.parametrize("text", ["{", '{"StartAt": "A", "StartAt": "B"}'])
def test_a_text_that_is_not_json_is_a_problem(text: str) -> None:
    assert [each.code for each in problems(text)] == ["INVALID_JSON_DESCRIPTION"]


def test_all_problems_are_found_at_once() -> None:
    assert len(found(machine({"Type": "Pass", "Nonsense": 1, "Retry": []}))) == 3


def test_a_state_in_a_jsonata_state_may_be_jsonpath_where_the_machine_is() -> None:
    inner = {
        "StartAt": "In",
        "States": {"In": {"Type": "Pass", "QueryLanguage": "JSONPath", "End": True}},
    }
    mapped = {"Type": "Map", "QueryLanguage": "JSONata", "ItemProcessor": inner, "End": True}
    definition = {"StartAt": "First", "States": {"First": mapped}}

    assert problems(json.dumps(definition)) == []
    assert len(problems(json.dumps({"QueryLanguage": "JSONata"} | definition))) == 1
