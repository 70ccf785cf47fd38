"""What hears of answers to invitations, and who may act in an invited account."""

import pytest

from events.answer_handshake import CALLS
from infra.settings import Settings
from tests.infra.extremes import FULL
from tests.infra.synthesized import SynthesizedTemplate, logical_id

ANY = "*"
ACCOUNTS = "arn:aws:organizations::${AWS::AccountId}:account/o-*/*"
MACHINE = "arn:aws:states:us-east-1:${AWS::AccountId}:stateMachine:account-vending"
INVITATIONS = "arn:aws:organizations::${AWS::AccountId}:handshake/o-*/invite/h-*"
EVENTS = ("AcceptHandshake", "AccountJoinedOrganization", "CancelHandshake", "DeclineHandshake")


def test_rule_asks_for_service_and_event_name_and_for_nobodys_identity(
    template: SynthesizedTemplate,
) -> None:
    _, rule = template.rule("HandshakeAnswered")

    assert rule["EventPattern"] == {
        "source": ["aws.organizations"],
        "detail-type": ["AWS Service Event via CloudTrail", "AWS API Call via CloudTrail"],
        "detail": {"eventName": [{"equals-ignore-case": event} for event in EVENTS]},
    }
    assert rule["State"] == "ENABLED"
    assert "EventBusName" not in rule  # the default bus


def test_rule_hands_the_whole_event_over_and_keeps_what_cannot_be_handed_over(
    template: SynthesizedTemplate,
) -> None:
    function_id, function = template.entrance("AnswerHandshake")
    (queue_id,) = template.of_type("AWS::SQS::Queue")

    (target,) = template.rule("HandshakeAnswered")[1]["Targets"]

    assert function["Handler"] == "events.answer_handshake.handler"
    assert logical_id(function["DeadLetterConfig"]["TargetArn"]) == queue_id
    assert logical_id(target["Arn"]) == function_id
    assert logical_id(target["DeadLetterConfig"]["Arn"]) == queue_id
    assert target["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": 24 * 60 * 60,
        "MaximumRetryAttempts": 185,
    }
    assert not target.keys() & {"Input", "InputPath", "InputTransformer"}


def test_function_may_be_invoked_by_this_rule_only(template: SynthesizedTemplate) -> None:
    function_id, _ = template.entrance("AnswerHandshake")

    (permission,) = (
        each["Properties"]
        for each in template.of_type("AWS::Lambda::Permission").values()
        if logical_id(each["Properties"]["FunctionName"]) == function_id
    )

    assert permission["Principal"] == "events.amazonaws.com"
    assert logical_id(permission["SourceArn"]) == template.rule("HandshakeAnswered")[0]


def test_function_may_do_exactly_what_it_calls(template: SynthesizedTemplate) -> None:
    _, function = template.entrance("AnswerHandshake")
    (table_id,) = template.of_type("AWS::DynamoDB::Table")
    (queue_id,) = template.of_type("AWS::SQS::Queue")

    granted = {
        action: statement.resources
        for statement in template.statements(logical_id(function["Role"]))
        if statement.sid not in ("WriteOwnLogs", "WriteTraces")
        for action in statement.actions
    }

    assert granted.pop("sqs:SendMessage") == {f"${{{queue_id}.Arn}}"}
    assert granted == {
        "dynamodb:GetItem": {f"${{{table_id}.Arn}}"},
        "organizations:DescribeAccount": {ACCOUNTS},
        "organizations:DescribeHandshake": {INVITATIONS},
        "organizations:ListAccounts": {ANY},
        "states:SendTaskFailure": {MACHINE},
        "states:SendTaskSuccess": {MACHINE},
    }
    assert granted.keys() == CALLS


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        ("default", set()),
        ("named", {f"arn:aws:iam::*:role/{name}" for name in FULL.invited_account_role_names}),
    ],
    ids=["default", "named"],
)
def test_roles_in_invited_accounts_are_those_of_the_setting(
    template: SynthesizedTemplate, full: SynthesizedTemplate, names: str, roles: set[str]
) -> None:
    template = {"default": template, "named": full}[names]
    statements = [
        statement
        for statement in template.statements_of("AcceptHandshake")
        if "sts:AssumeRole" in statement.actions
    ]

    assert {resource for each in statements for resource in each.resources} == roles
    for statement in statements:
        assert statement.condition == {
            "StringEquals": {"sts:ExternalId": "xyz"},
            "StringNotEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"},
        }
    role = template.functions()["AcceptHandshake"]["Role"]
    outputs = template.document["Outputs"]
    assert ("AcceptHandshakeRoleArn" in outputs) == bool(roles)
    if roles:
        assert outputs["AcceptHandshakeRoleArn"]["Value"] == role


@pytest.mark.parametrize("name", ["*", "role/admin", "", "a" * 65])
def test_role_name_that_would_grant_more_than_one_role_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="invited_account_role_names"):
        Settings(invited_account_role_names=(name,), invited_account_external_id="xyz")


@pytest.mark.parametrize("name", ["OrganizationAccountAccessRole", "AWSControlTowerExecution"])
def test_role_that_administers_members_is_none_that_accepts(name: str) -> None:
    with pytest.raises(ValueError, match="a name of its own"):
        Settings(invited_account_role_names=(name,), invited_account_external_id="xyz")


@pytest.mark.parametrize("external_id", [None, "x", "with space", "a" * 257])
def test_role_that_accepts_needs_an_external_id(external_id: str | None) -> None:
    with pytest.raises(ValueError, match="invited_account_external_id"):
        Settings(invited_account_role_names=("Joiner",), invited_account_external_id=external_id)
