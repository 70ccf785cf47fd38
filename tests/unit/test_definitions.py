"""The shape of every state machine definition, read as its users and Step Functions read it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from embedded.jsonata.evaluator import evaluate, parse
from statemachines import definitions
from vending.request import bounds, validators

ROOT = Path(__file__).resolve().parents[2]
DEFINITIONS = {name: definitions.definition(name) for name in definitions.names()}

BUSY_LAMBDA = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
]
UNANSWERED_BY_LAMBDA = {
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
}
"""Of these, the function may have run all the same."""

NO_LAMBDA_LEFT = ["Lambda.TooManyRequestsException"]
AMBIGUOUS = {"Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError", "States.Timeout"}
NOT_IDEMPOTENT = {"CreateAccount", "CreateGovCloudAccount"}
RECORDED = {
    "account_custom_resource": ["RespondToCloudFormation", "CloudFormationUnanswered"],
    "account_retirement": ["RecordRetirementFailure", "RetirementFailed"],
    "account_vending": ["RecordFailure", "VendingFailed"],
    "organization_setup": [
        "ReportOrganizationSetup",
        "IsOrganizationReady",
        "OrganizationSetupFailed",
    ],
}
"""By machine: the way from the one state that every failure goes to, to the end of the machine."""

LOOKS_AFTER_WAITING = {"WaitForCustomAccount": "DescribeCustomAccount"}
"""States that wait, and the one that looks when the wait is over."""

MEASURED = {name: one for name, one in DEFINITIONS.items() if name != "account_custom_resource"}
"""Machines that measure their input; that of the other is made, and bounded, by a function."""

RUNS_AGAIN = {
    "PrepareOrganizationalUnit": "CreateOrganizationalUnit",
    "MoveAccountBack": "MoveAccount",
    **dict.fromkeys(
        ("RecordRetiring", "RecordClosed", "RecordRestored", "RecordRetirementFailure"),
        "RecordRetirement",
    ),
}
"""States that run the function of another: within a machine a name is used once."""

CLEANS_UP = {"CancelHandshake"}
"""What is done between a failure and its record, and leads there whatever becomes of it."""

REFUSED_FOR_GOOD = {
    *("RequestInvalid", "RequestConflict", "RequestRefused", "OperationRefused"),
    *("AccountCreationFailed", "InvitationEnded", "ExecutionSuperseded", "TaskTokenRefused"),
    *("CreationAnswered", "CreationInProgress", "ExecutionEnded"),
    *("Runtime.UnmarshalError", "Runtime.MarshalError", "States.TaskFailed", "States.Runtime"),
}
"""Errors that the same input always meets, and names under which they would be caught."""

SCOPES = pytest.mark.parametrize("machine", DEFINITIONS.values(), ids=DEFINITIONS)


def scopes(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The machine itself and every branch or item processor inside it."""
    yield machine
    for state in machine["States"].values():
        for inner in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            yield from scopes(inner)


def states(machine: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [pair for scope in scopes(machine) for pair in scope["States"].items()]


def tasks(machine: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, state) for name, state in states(machine) if state["Type"] == "Task"]


def targets(state: dict[str, Any]) -> list[str]:
    rules = [state, *state.get("Catch", []), *state.get("Choices", [])]
    named = [rule["Next"] for rule in rules if "Next" in rule]
    return [*named, *([state["Default"]] if "Default" in state else [])]


@SCOPES
def test_every_target_exists_and_every_state_is_reached(machine: dict[str, Any]) -> None:
    for scope in scopes(machine):
        reached, waiting = set(), [scope["StartAt"]]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting.extend(targets(scope["States"][name]))

        assert reached == set(scope["States"])


@SCOPES
def test_every_name_is_used_once_in_a_machine(machine: dict[str, Any]) -> None:
    names = [name for name, _ in states(machine)]

    assert len(names) == len(set(names))


@SCOPES
def test_machine_and_every_state_say_why(machine: dict[str, Any]) -> None:
    silent = [name for name, state in states(machine) if len(state.get("Comment", "")) < 20]

    assert machine.get("Comment")
    assert silent == []


@SCOPES
def test_machine_and_every_task_end_in_time(machine: dict[str, Any]) -> None:
    endless = [name for name, state in tasks(machine) if "TimeoutSeconds" not in state]

    assert machine["TimeoutSeconds"] > 0
    assert endless == []


@SCOPES
def test_state_function_and_placeholder_share_one_name(machine: dict[str, Any]) -> None:
    wrong = [
        name
        for name, state in tasks(machine)
        if state["Arguments"].get("FunctionName") != f"${{{RUNS_AGAIN.get(name, name)}FunctionArn}}"
    ]

    assert wrong == []


@SCOPES
def test_every_placeholder_has_its_operation(machine: dict[str, Any]) -> None:
    used = set(re.findall(r"\$\{(\w+)FunctionArn\}", json.dumps(machine)))
    modules = {
        path.stem.replace("_", "") for path in (ROOT / "functions/operations").glob("[a-z]*.py")
    }

    assert {name.lower() for name in used} <= modules


@SCOPES
def test_retries_name_their_errors_and_spread_out(machine: dict[str, Any]) -> None:
    for name, state in tasks(machine):
        for retry in state["Retry"]:
            assert "States.ALL" not in retry["ErrorEquals"], name
            assert retry["MaxAttempts"] > 0, name
            assert retry["JitterStrategy"] == "FULL", name
            assert retry["MaxDelaySeconds"] <= 60, name


@SCOPES
def test_what_can_only_be_refused_again_is_never_retried(machine: dict[str, Any]) -> None:
    for name, state in tasks(machine):
        retried = {error for retry in state["Retry"] for error in retry["ErrorEquals"]}

        assert not retried & REFUSED_FOR_GOOD, name


@SCOPES
def test_busy_lambda_is_retried_alike_everywhere(machine: dict[str, Any]) -> None:
    by_name = {name: state["Retry"][:2] for name, state in tasks(machine)}
    blocks = [block for name, block in by_name.items() if name not in NOT_IDEMPOTENT]

    assert [block["ErrorEquals"] for block in blocks[0]] == [BUSY_LAMBDA, NO_LAMBDA_LEFT]
    assert all(block == blocks[0] for block in blocks)
    for name in NOT_IDEMPOTENT & by_name.keys():
        not_run = [one for one in BUSY_LAMBDA if one not in UNANSWERED_BY_LAMBDA]
        first, second = by_name[name]
        assert first == blocks[0][0] | {"ErrorEquals": not_run, "Comment": first["Comment"]}
        assert second == blocks[0][1]


@SCOPES
def test_same_errors_are_retried_by_the_same_block(machine: dict[str, Any]) -> None:
    blocks: dict[tuple[str, ...], dict[str, Any]] = {}

    for name, state in tasks(machine):
        for retry in state["Retry"]:
            assert blocks.setdefault(tuple(retry["ErrorEquals"]), retry) == retry, name


@SCOPES
def test_no_error_is_retried_by_two_blocks_of_a_state(machine: dict[str, Any]) -> None:
    for name, state in tasks(machine):
        errors = [error for retry in state["Retry"] for error in retry["ErrorEquals"]]

        assert len(errors) == len(set(errors)), name


@SCOPES
def test_ambiguous_failure_is_never_retried_around_what_cannot_be_undone(
    machine: dict[str, Any],
) -> None:
    for name, state in tasks(machine):
        retried = {error for retry in state["Retry"] for error in retry["ErrorEquals"]}
        if name in NOT_IDEMPOTENT:
            ambiguous = AMBIGUOUS | UNANSWERED_BY_LAMBDA | {"OutcomeUnknown"}
            assert not retried & ambiguous, name
            first = state["Catch"][0]
            assert set(first["ErrorEquals"]) == ambiguous, name
        else:
            waited_again = {
                error
                for catch in state.get("Catch", [])
                for error in catch["ErrorEquals"]
                if catch["Next"] in (name, LOOKS_AFTER_WAITING.get(name))
            }
            assert retried | waited_again >= AMBIGUOUS, name


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_error_ends_where_failures_are_recorded(name: str) -> None:
    outer, way = DEFINITIONS[name]["States"], RECORDED[name]
    unrecorded = [
        name
        for name, state in outer.items()
        if state["Type"] in {"Task", "Parallel", "Map"} and name != way[0]
        if state["Catch"][-1]["ErrorEquals"] != ["States.ALL"]
        or state["Catch"][-1]["Next"] not in {way[0], *CLEANS_UP}
    ]
    unclean = [
        name
        for name in CLEANS_UP & outer.keys()
        if {outer[name]["Next"], outer[name]["Catch"][-1]["Next"]} != {way[0]}
    ]

    assert unrecorded == unclean == []
    for here, there in itertools.pairwise(way):
        assert there in targets(outer[here])
    assert outer[way[-1]]["Type"] == "Fail"


@SCOPES
def test_query_language_is_jsonata(machine: dict[str, Any]) -> None:
    assert machine["QueryLanguage"] == "JSONata"
    assert not [name for name, state in states(machine) if "Parameters" in state]


@pytest.mark.parametrize("machine", MEASURED.values(), ids=MEASURED)
def test_input_is_passed_on_up_to_the_size_that_is_accepted(machine: dict[str, Any]) -> None:
    measured = re.findall(r"/\[ -~\]\+/, ''\)\) ?\)* > (\d+) (?:\?|or)", json.dumps(machine))

    assert measured
    assert set(measured) == {str(validators.SIZE_MAX)}


@pytest.mark.parametrize("machine", MEASURED.values(), ids=MEASURED)
def test_input_is_passed_on_up_to_the_depth_that_is_accepted(machine: dict[str, Any]) -> None:
    peeled = re.findall(r"\+/, ''\), (\d+)\) != ''", json.dumps(machine))

    assert peeled
    # The text that is measured is an object around the input, which is a level more.
    assert set(peeled) == {str(bounds.DEPTH_MAX + 1)}


TRICKY = st.text(st.sampled_from('[]{}",:\\/ab\n\u2028é'), max_size=6)


@given(
    levels=st.lists(TRICKY | st.none(), max_size=24),
    beside=st.recursive(TRICKY, lambda inner: st.lists(inner, max_size=3)),
)
@example(levels=[None] * 100, beside="")
@example(levels=["a"] * bounds.DEPTH_MAX, beside="[" * 40)
@example(levels=["a"] * (bounds.DEPTH_MAX + 1), beside="")
def test_depth_that_the_definition_finds_is_the_one_that_the_functions_find(
    levels: list[str | None], beside: Any
) -> None:
    """Lists by None, objects by their key; the texts have brackets and quotation marks."""
    document: Any = "x"
    for key in levels:
        document = [document] if key is None else {key: document, "beside": beside}
    machine = DEFINITIONS["account_vending"]
    expression = machine["States"]["AcceptRequest"]["Arguments"]["Payload"]["tooDeep"]
    states = {"context": {"Execution": {"Input": document}}}

    found = evaluate(parse(expression[2:-2]), {"states": states}, millis=0)

    known = isinstance(document, dict) and "detail-type" in document
    assert found is (bounds.problems(document) == [bounds.TOO_DEEP] and not known)
