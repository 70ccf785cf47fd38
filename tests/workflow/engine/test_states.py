"""States, variables and errors of JSONata definitions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.embedded.engine_server import Engine, FunctionFailed, task

END: dict[str, Any] = {"Type": "Pass", "End": True}
HOSTILE = 'a "quote", a \\, a\nnewline, {% $uuid() %}, $x, ü'


def machine(first: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "First", "States": {"First": first, **others}}


def failing(error: str | None, message: str = "no luck") -> Any:
    def function(_: Any) -> Any:
        raise FunctionFailed(error, message)

    return function


def test_hostile_text_comes_through_every_state_unchanged(engine: Engine) -> None:
    engine.functions["echo"] = lambda payload: payload
    definition = machine(
        task(
            "echo",
            {"given": "{% $states.input.text %}", "{% key %}": "literal"},
            Assign={"text": "{% $states.result.Payload.given %}"},
            Next="Branch",
        ),
        Branch={
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Map",
                    "States": {
                        "Map": {
                            "Type": "Map",
                            "Items": "{% [$text, $text] %}",
                            "ItemProcessor": {
                                "StartAt": "Item",
                                "States": {"Item": END | {"Output": "{% $text & $states.input %}"}},
                            },
                            "End": True,
                        }
                    },
                }
            ],
            "Output": "{% $states.result[0][1] %}",
            "End": True,
        },
    )

    ended = engine.run(definition, {"text": HOSTILE})

    assert (ended.status, ended.output) == ("SUCCEEDED", HOSTILE + HOSTILE)


def test_variables_assigned_in_a_branch_stay_inside_it(engine: Engine) -> None:
    branch = {
        "StartAt": "Inner",
        "States": {
            "Inner": {"Type": "Pass", "Assign": {"inner": "{% $outer & '+' %}"}, "Next": "Use"},
            "Use": END | {"Output": "{% $inner %}"},
        },
    }
    other = {
        "StartAt": "Other",
        "States": {"Other": END | {"Output": "{% $exists($inner) %}"}},
    }
    definition = machine(
        {"Type": "Pass", "Assign": {"outer": "a"}, "Next": "Both"},
        Both={"Type": "Parallel", "Branches": [branch, other], "Next": "After"},
        After=END | {"Output": {"branches": "{% $states.input %}", "in": "{% $exists($inner) %}"}},
    )

    ended = engine.run(definition)

    assert ended.output == {"branches": ["a+", False], "in": False}


def test_assigned_values_are_seen_from_the_next_state_on(engine: Engine) -> None:
    definition = machine(
        {"Type": "Pass", "Assign": {"a": 1, "b": 1}, "Next": "Swap"},
        Swap={
            "Type": "Pass",
            "Assign": {"a": "{% $a + 1 %}", "b": "{% $a %}"},
            "Output": "{% $a %}",
            "Next": "After",
        },
        After=END | {"Output": "{% [$states.input, $a, $b] %}"},
    )

    ended = engine.run(definition)

    assert ended.output == [1, 2, 1]


def test_a_catcher_assigns_and_outputs_the_error(engine: Engine) -> None:
    engine.functions["bad"] = failing("Refused", HOSTILE)
    definition = machine(
        task(
            "bad",
            {},
            Catch=[
                {
                    "ErrorEquals": ["Refused"],
                    "Assign": {"failure": "{% $states.errorOutput %}"},
                    "Output": {"kept": "{% $states.input.kept %}"},
                    "Next": "Tell",
                }
            ],
            End=True,
        ),
        Tell={
            "Type": "Fail",
            "Error": "{% $failure.Error %}",
            "Cause": "{% $parse($failure.Cause).errorMessage & $states.input.kept %}",
        },
    )

    ended = engine.run(definition, {"kept": "!"})

    assert (ended.status, ended.error, ended.cause) == ("FAILED", "Refused", HOSTILE + "!")


def test_a_failing_output_of_a_task_is_caught(engine: Engine) -> None:
    engine.functions["ok"] = lambda _: {}
    definition = machine(
        task(
            "ok",
            {},
            Output="{% $states.result.Payload.missing %}",
            Catch=[
                {
                    "ErrorEquals": ["States.QueryEvaluationError"],
                    "Output": "{% $states.errorOutput.Error %}",
                    "Next": "Caught",
                }
            ],
            End=True,
        ),
        Caught=END,
    )

    ended = engine.run(definition)

    assert ended.output == "States.QueryEvaluationError"


@pytest.mark.parametrize(
    "state",
    [
        END | {"Output": "{% $states.input.missing %}"},
        END | {"Assign": {"x": "{% 1 + 'a' %}"}},
        {"Type": "Wait", "Seconds": "{% 'soon' %}", "End": True},
        {"Type": "Wait", "Seconds": "{% -1 %}", "End": True},
        {"Type": "Choice", "Choices": [{"Condition": "{% 'yes' %}", "Next": "Done"}]},
        {"Type": "Fail", "Error": "{% 1 %}"},
        task("any", "{% $nowhere %}", End=True),
    ],
    ids=["undefined", "type", "wait-text", "wait-negative", "condition", "error", "arguments"],
)
def test_an_expression_that_fails_ends_the_execution(engine: Engine, state: Any) -> None:
    others = {"Done": {"Type": "Succeed"}} if state["Type"] == "Choice" else {}

    ended = engine.run(machine(state, **others))

    assert (ended.status, ended.error) == ("FAILED", "States.QueryEvaluationError")
    assert ended.cause is not None
    assert "First" in ended.cause
    failures = [e for e in engine.history(ended.arn) if e["type"] == "EvaluationFailed"]
    assert len(failures) == 1


def test_a_choice_without_a_way_out_fails(engine: Engine) -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "Done"}]}

    ended = engine.run(machine(choice, Done={"Type": "Succeed"}))

    assert (ended.status, ended.error) == ("FAILED", "States.NoChoiceMatched")


@pytest.mark.parametrize(("number", "output"), [(1, "one"), (2, "two"), (3, "many")])
def test_a_choice_takes_the_first_rule_that_holds(engine: Engine, number: int, output: str) -> None:
    definition = machine(
        {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": "{% $states.input.n = 1 %}",
                    "Assign": {"said": "one"},
                    "Next": "Say",
                },
                {
                    "Condition": "{% $states.input.n <= 2 %}",
                    "Assign": {"said": "two"},
                    "Next": "Say",
                },
            ],
            "Assign": {"said": "many"},
            "Default": "Say",
        },
        Say={"Type": "Succeed", "Output": "{% $said %}"},
    )

    assert engine.run(definition, {"n": number}).output == output


@pytest.mark.parametrize("concurrency", [0, 1, 3])
def test_a_map_keeps_the_order_of_its_items(engine: Engine, concurrency: int) -> None:
    engine.functions["double"] = lambda payload: payload * 2
    item = task("double", "{% $states.input %}", Output="{% $states.result.Payload %}", End=True)
    definition = machine(
        {
            "Type": "Map",
            "Items": "{% $states.input.numbers %}",
            "MaxConcurrency": concurrency,
            "ItemProcessor": {"StartAt": "Double", "States": {"Double": item}},
            "End": True,
        }
    )

    assert engine.run(definition, {"numbers": list(range(7))}).output == [0, 2, 4, 6, 8, 10, 12]
    assert engine.run(definition, {"numbers": []}).output == []


def test_a_failing_branch_fails_the_parallel_state_with_its_error(engine: Engine) -> None:
    engine.functions["bad"] = failing("Refused")
    slow = {"StartAt": "Slow", "States": {"Slow": {"Type": "Wait", "Seconds": 9000, "End": True}}}
    bad = {"StartAt": "Bad", "States": {"Bad": task("bad", {}, End=True)}}
    catch = {"ErrorEquals": ["Refused"], "Output": "{% $states.errorOutput.Error %}", "Next": "End"}
    definition = machine(
        {"Type": "Parallel", "Branches": [slow, bad], "Catch": [catch], "End": True}, End=END
    )

    assert engine.run(definition).output == "Refused"


def test_an_error_of_the_language_leaves_a_branch_under_its_name(engine: Engine) -> None:
    branch = {"StartAt": "In", "States": {"In": END | {"Output": "{% $nowhere %}"}}}
    catch = {
        "ErrorEquals": ["States.QueryEvaluationError"],
        "Output": "{% $states.errorOutput.Error %}",
        "Next": "End",
    }
    definition = machine(
        {"Type": "Parallel", "Branches": [branch], "Catch": [catch], "End": True}, End=END
    )

    assert engine.run(definition).output == "States.QueryEvaluationError"


def test_escapes_in_texts_and_names_of_a_definition_are_undone(engine: Engine) -> None:
    text = 'a "quote", a \\, é, 😀 and a\nline'
    definition = machine(
        {"Type": "Pass", "Assign": {"kept": text, "list": [{text: text}]}, "Next": "Pläce"},
        Pläce=END | {"Output": {text: "{% $kept %}", "list": "{% $list %}", "literal": [text]}},
    )

    ended = engine.run(definition)

    assert ended.output == {text: text, "list": [{text: text}], "literal": [text]}
    entered = [
        event["stateEnteredEventDetails"]["name"]
        for event in engine.history(ended.arn)
        if "stateEnteredEventDetails" in event
    ]
    assert entered == ["First", "Pläce"]


@pytest.mark.parametrize(
    ("fields", "location", "problem"),
    [
        ({"Output": "{% $no %}"}, "Output", "returned nothing (undefined)."),
        ({"Output": {"a": [1, "{% $no %}"]}}, "Output/a[1]", "returned nothing (undefined)."),
        ({"Assign": {"a": {"b": "{% $no %}"}}}, "Assign/a/b", "returned nothing (undefined)."),
        (
            {"Output": {"a": "{% $no() %}"}},
            "Output/a",
            "threw an error during evaluation. T1006: Attempted to invoke a non-function",
        ),
        (
            {"Output": "{% function($x) { $x } %}"},
            "Output",
            "returned an unsupported result type.",
        ),
    ],
)
def test_a_failing_expression_is_reported_with_its_state_and_place(
    engine: Engine, fields: dict[str, Any], location: str, problem: str
) -> None:
    ended = engine.run(machine({"Type": "Pass", "Next": "Bad"}, Bad=END | fields))

    failed = next(
        event["evaluationFailedEventDetails"]
        for event in engine.history(ended.arn)
        if event["type"] == "EvaluationFailed"
    )
    assert (failed["state"], failed["location"]) == ("Bad", location)
    assert failed["error"] == ended.error == "States.QueryEvaluationError"
    assert failed["cause"] == ended.cause
    assert ended.cause is not None
    assert ended.cause.startswith(
        "An error occurred while executing the state 'Bad' (entered at the event id #4). The "
        "JSONata expression '"
    )
    assert ended.cause.endswith(f"' specified for the field '{location}' {problem}")


@pytest.mark.parametrize(
    ("items", "kind", "shown"),
    [
        ("$range(1, 1, 1)", "number", "1"),
        ("{'a': 'x'}", "object", '{"a":"x"}'),
        ("'x'", "string", '"x"'),
        ("null", "null", "null"),
    ],
)
def test_items_that_are_no_array_fail_the_map(
    engine: Engine, items: str, kind: str, shown: str
) -> None:
    inner = {"StartAt": "Item", "States": {"Item": END}}
    state = {"Type": "Map", "Items": f"{{% {items} %}}", "ItemProcessor": inner, "End": True}

    ended = engine.run(machine(state))

    assert (ended.status, ended.error) == ("FAILED", "States.QueryEvaluationError")
    assert ended.cause is not None
    assert ended.cause.endswith(
        f"specified for the field 'Items' returned an unexpected result type. Expected 'array', "
        f"but was '{kind}' for value: {shown}"
    )
    failures = [e["type"] for e in engine.history(ended.arn) if e["type"].endswith("Failed")]
    assert failures == ["EvaluationFailed", "MapStateFailed", "ExecutionFailed"]


def test_a_map_over_an_input_that_is_no_array_fails_once(engine: Engine) -> None:
    inner = {"StartAt": "Item", "States": {"Item": END}}

    ended = engine.run(machine({"Type": "Map", "ItemProcessor": inner, "End": True}), {"a": 1})

    failures = [e["type"] for e in engine.history(ended.arn) if e["type"].endswith("Failed")]
    assert failures == ["EvaluationFailed", "MapStateFailed", "ExecutionFailed"]


def test_the_context_object_counts_redrives(engine: Engine) -> None:
    count = "{% $states.context.Execution.RedriveCount %}"

    assert engine.run(machine(END | {"Output": count})).output == 0


@pytest.mark.parametrize(
    "assign",
    [
        {"a": "{% $pad('', 270000, 'x') %}"},
        {"a": "{% $pad('', 140000, 'x') %}", "b": "{% $pad('', 140000, 'x') %}"},
    ],
)
def test_variables_have_a_largest_size(engine: Engine, assign: dict[str, Any]) -> None:
    ended = engine.run(machine(END | {"Assign": assign, "Output": "small"}))

    assert (ended.status, ended.error) == ("FAILED", "States.DataLimitExceeded")


@pytest.mark.parametrize(("characters", "status"), [(131_071, "SUCCEEDED"), (131_072, "FAILED")])
def test_an_output_has_a_largest_size_in_bytes(
    engine: Engine, characters: int, status: str
) -> None:
    ended = engine.run(machine(END | {"Output": f"{{% $pad('', {characters}, 'ü') %}}"}))

    assert ended.status == status
    assert ended.error == (None if status == "SUCCEEDED" else "States.DataLimitExceeded")


def test_variables_of_several_states_may_be_larger_together(engine: Engine) -> None:
    large = "{% $pad('', 200000, 'x') %}"
    definition = machine(
        {"Type": "Pass", "Assign": {"a": large}, "Next": "Last"},
        Last=END | {"Assign": {"b": large}, "Output": "{% $length($a) %}"},
    )

    assert engine.run(definition).output == 200_000


@pytest.mark.parametrize("number", ["1e308 * 10", "1 / 0", "$parse('NaN')", "$number('1e999')"])
def test_a_number_that_json_has_not_fails_the_expression(engine: Engine, number: str) -> None:
    for fields in ({"Output": f"{{% {number} %}}"}, {"Assign": {"x": f"{{% {number} %}}"}}):
        assert engine.run(machine(END | fields)).error == "States.QueryEvaluationError"


def test_a_function_whose_answer_is_not_json_fails_its_task(engine: Engine) -> None:
    engine.functions["odd"] = lambda _: float("nan")

    assert engine.run(machine(task("odd", {}, End=True))).status == "FAILED"


def test_states_all_does_not_catch_too_much_data(engine: Engine) -> None:
    engine.functions["big"] = lambda _: "x" * 270_000
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    definition = machine(task("big", {}, Catch=catch, End=True), Caught=END)

    ended = engine.run(definition)

    assert (ended.status, ended.error) == ("FAILED", "States.DataLimitExceeded")


@pytest.mark.parametrize(("more", "status"), [(0, "SUCCEEDED"), (1, "FAILED")])
def test_arguments_beyond_the_limit_end_the_execution_uncaught(
    engine: Engine, more: int, status: str
) -> None:
    engine.functions["count"] = lambda payload: len(payload["text"])
    caught = {"ErrorEquals": ["States.ALL"], "Next": "End"}
    definition = machine(
        task("count", {"text": "{% $states.input & $states.input %}"}, Catch=[caught], Next="End"),
        End=END,
    )
    function = definition["States"]["First"]["Arguments"]["FunctionName"]
    bare = json.dumps({"FunctionName": function, "Payload": {"text": ""}}, separators=(",", ":"))
    half, odd = divmod(262_144 - len(bare), 2)
    input_ = "é" * 1_000 + "x" * (half - 2_000)
    definition["States"]["First"]["Arguments"]["Payload"]["text"] = (
        "{% $states.input & $states.input & '" + "y" * (odd + more) + "' %}"
    )

    ended = engine.run(definition, input_)

    assert ended.status == status, ended
    assert ended.error == ("States.DataLimitExceeded" if more else None)


def test_a_machine_with_an_expression_that_does_not_parse_is_refused(engine: Engine) -> None:
    definition = machine(END | {"Output": {"a": ["{% $states.input. %}"]}})

    with pytest.raises(engine.states.exceptions.InvalidDefinition) as refused:
        engine.machine(definition)

    assert "/States/First/Output/a[0]" in str(refused.value)


def test_a_machine_of_the_same_name_is_created_once(engine: Engine) -> None:
    arn = engine.machine(machine(END), name="once")

    assert engine.machine(machine(END), name="once") == arn
    with pytest.raises(engine.states.exceptions.StateMachineAlreadyExists):
        engine.machine(machine(END | {"Comment": "other"}), name="once")


def test_json_path_definitions_still_run(engine: Engine) -> None:
    engine.functions["add"] = lambda payload: payload["n"] + 1
    state = {
        "Type": "Task",
        "QueryLanguage": "JSONPath",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": task("add", {})["Arguments"] | {"Payload": {"n.$": "$.n"}},
        "ResultSelector": {"sum.$": "$.Payload"},
        "ResultPath": "$.result",
        "OutputPath": "$.result",
        "End": True,
    }
    definition = {"QueryLanguage": "JSONPath", "StartAt": "First", "States": {"First": state}}
    del state["QueryLanguage"]

    assert engine.run(definition, {"n": 1}).output == {"sum": 2}


def test_the_context_shows_times_as_text(engine: Engine) -> None:
    definition = machine(END | {"Output": "{% $states.context %}"})
    ended = engine.run(definition, {"a": 1})

    context = ended.output
    described = engine.states.describe_execution(executionArn=ended.arn)

    start = described["startDate"]
    seconds, milliseconds = f"{start:%Y-%m-%dT%H:%M:%S}", start.microsecond // 1000
    assert context["Execution"]["StartTime"] == f"{seconds}.{milliseconds:03d}Z"
    assert context["State"]["EnteredTime"].endswith("Z")
    assert context["Execution"]["Input"] == {"a": 1}
    assert context["Execution"]["Id"] == ended.arn
    assert json.dumps(context)
