"""Definitions through the API: refused with every problem, validated, none harming another."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from tests.unit.embedded.engine_server import Engine, role_arn, trusting, unique

END: dict[str, Any] = {"Type": "Pass", "End": True}
SOUND = {"StartAt": "First", "States": {"First": END}}
UNSOUND = {"StartAt": "First", "States": {"First": {"Type": "Pass", "Next": "Gone"}, "Lost": END}}
PROBLEMS = (
    "MISSING_TRANSITION_TARGET: Missing 'Next' target: Gone at /States/First/Next, "
    'MISSING_TRANSITION_TARGET: State "Lost" is not reachable. at /States/Lost'
)


def test_a_machine_with_an_invalid_definition_is_not_created(engine: Engine) -> None:
    name = unique("unsound")

    with pytest.raises(engine.states.exceptions.InvalidDefinition) as refused:
        engine.machine(UNSOUND, name=name)

    message = refused.value.response["Error"]["Message"]
    assert message == f"Invalid State Machine Definition: '{PROBLEMS}'"
    assert name not in {m["name"] for m in engine.states.list_state_machines()["stateMachines"]}


def test_an_update_with_an_invalid_definition_changes_nothing(engine: Engine) -> None:
    arn = engine.machine(SOUND)
    before = engine.states.describe_state_machine(stateMachineArn=arn)["definition"]

    with pytest.raises(engine.states.exceptions.InvalidDefinition):
        engine.states.update_state_machine(stateMachineArn=arn, definition=json.dumps(UNSOUND))

    after = engine.states.describe_state_machine(stateMachineArn=arn)["definition"]
    assert after == before


@pytest.mark.parametrize("trusted", [None, "events.amazonaws.com"], ids=["no-role", "other"])
def test_a_role_that_step_functions_may_not_assume_is_refused(
    engine: Engine, trusted: str | None
) -> None:
    role = trusting(unique("role"), trusted) if trusted else role_arn("none")
    arn = engine.machine(SOUND)
    definition = json.dumps(SOUND)

    with pytest.raises(ClientError) as created:
        engine.states.create_state_machine(name=unique("m"), definition=definition, roleArn=role)
    with pytest.raises(ClientError) as updated:
        engine.states.update_state_machine(stateMachineArn=arn, roleArn=role)

    for refused in (created, updated):
        assert refused.value.response["Error"] == {
            "Code": "AccessDeniedException",
            "Message": "Neither the global service principal states.amazonaws.com, nor the "
            "regional one is authorized to assume the provided role.",
        }
    kept = engine.states.describe_state_machine(stateMachineArn=arn)
    assert kept["roleArn"] == role_arn("machine")


def test_a_role_that_trusts_the_regional_principal_is_taken(engine: Engine) -> None:
    role = trusting(unique("role"), "states.us-east-1.amazonaws.com")

    made = engine.states.create_state_machine(
        name=unique("m"), definition=json.dumps(SOUND), roleArn=role
    )

    assert made["stateMachineArn"]


def test_a_definition_that_fails_to_parse_leaves_later_ones_alone(engine: Engine) -> None:
    inner = END | {"QueryLanguage": "JSONPath"}
    mixed = {"QueryLanguage": "JSONata", "StartAt": "First", "States": {"First": inner}}
    with pytest.raises(ValueError, match="Cannot downgrade"):
        AmazonStateLanguageParser.parse(json.dumps(mixed))
    path = {"StartAt": "First", "States": {"First": END | {"InputPath": "$.a"}}}

    created = engine.states.create_state_machine(
        name=unique("later"), definition=json.dumps(path), roleArn=role_arn("machine")
    )

    assert engine.finish(engine.start(created["stateMachineArn"], {"a": 1})).output == 1


def test_validation_lists_the_problems_up_to_the_most_wanted(engine: Engine) -> None:
    validated = engine.states.validate_state_machine_definition(
        definition=json.dumps(UNSOUND), maxResults=1
    )

    assert (validated["result"], validated["truncated"]) == ("FAIL", True)
    assert validated["diagnostics"] == [
        {
            "severity": "ERROR",
            "code": "MISSING_TRANSITION_TARGET",
            "message": "Missing 'Next' target: Gone",
            "location": "/States/First/Next",
        }
    ]
    sound = engine.states.validate_state_machine_definition(definition=json.dumps(SOUND))
    assert (sound["result"], sound["diagnostics"]) == ("OK", [])
