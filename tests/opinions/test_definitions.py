"""Definitions, as AWS's own language service and asl-validator see them."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from embedded.stepfunctions.definition_checks import problems
from statemachines import definitions

if TYPE_CHECKING:
    from tests.infra.synthesized import SynthesizedTemplate
    from tests.opinions.conftest import Ask

pytestmark = pytest.mark.slow

ARN = "arn:aws:lambda:us-east-1:111111111111:function:f"

WORKS: dict[str, Any] = {
    "QueryLanguage": "JSONata",
    "StartAt": "Work",
    "States": {
        "Work": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": ARN},
            "Retry": [{"ErrorEquals": ["A"]}],
            "Next": "Wait",
        },
        "Wait": {"Type": "Wait", "Seconds": "{% 5 %}", "Next": "Done"},
        "Done": {"Type": "Succeed"},
    },
}
BREAKS: dict[str, Any] = {
    "a target that names no state": {"Work": {"Next": "Gone"}},
    "a start that names no state": {"StartAt": "Gone"},
    "a state of no type": {"Wait": {"Type": "Sleep"}},
    "a rule without errors": {"Work": {"Retry": [{"MaxAttempts": 1}]}},
    "no states": {"States": {}},
}
"""By what is wrong: members of the machine or of its states that make it so."""


def broken(changes: dict[str, Any]) -> dict[str, Any]:
    machine = copy.deepcopy(WORKS)
    for name, change in changes.items():
        if name in WORKS["States"]:
            machine["States"][name] |= change
        else:
            machine[name] = change
    return machine


def test_every_definition_of_the_template_is_accepted_by_all(
    template: SynthesizedTemplate, ask: Ask
) -> None:
    deployed = {}
    for id_, machine in template.of_type("AWS::StepFunctions::StateMachine").items():
        text = re.sub(r"\$\{\w+Arn\}", ARN, machine["Properties"]["DefinitionString"])
        deployed[id_] = json.loads(re.sub(r"\$\{\w+\}", "5", text))

    opinions = ask("definitions.js", list(deployed.values()))

    assert len(deployed) >= 2
    found = dict(zip(deployed, opinions, strict=True))
    assert found == {id_: {"aslValidator": [], "languageService": []} for id_ in deployed}
    assert [problems(json.dumps(one)) for one in deployed.values()] == [[]] * len(deployed)


def test_every_source_is_accepted_by_all_with_its_profiles_named(ask: Ask) -> None:
    texts = [path.read_text(encoding="utf-8") for path in definitions.SOURCES.glob("*.asl.json")]
    # asl-validator parses expressions, in which a placeholder cannot stand.
    filled = [re.sub(r"\$\{\w+\}", "5", text) for text in texts]

    opinions = ask("definitions.js", [json.loads(text) for text in [*texts, *filled]])

    assert len(texts) >= 2
    assert [opinion["languageService"] for opinion in opinions] == [[]] * len(opinions)
    assert [opinion["aslValidator"] for opinion in opinions[len(texts) :]] == [[]] * len(texts)


def test_definition_that_the_broken_ones_are_made_of_is_accepted_by_all(ask: Ask) -> None:
    (opinion,) = ask("definitions.js", [WORKS])

    assert opinion == {"aslValidator": [], "languageService": []}
    assert problems(json.dumps(WORKS)) == []


@pytest.mark.parametrize("wrong", BREAKS)
def test_broken_definition_is_refused_by_all(ask: Ask, wrong: str) -> None:
    machine = broken(BREAKS[wrong])

    (opinion,) = ask("definitions.js", [machine])

    assert opinion["aslValidator"], opinion
    assert opinion["languageService"], opinion
    assert problems(json.dumps(machine))
