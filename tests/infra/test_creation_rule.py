"""What hears of creations that AWS begins and ends."""

from events.answer_create_account import CALLS
from tests.infra.synthesized import SynthesizedTemplate, logical_id

MACHINE = "arn:aws:states:us-east-1:${AWS::AccountId}:stateMachine:account-vending"


def test_rule_asks_for_service_and_event_name_and_for_nobodys_identity(
    template: SynthesizedTemplate,
) -> None:
    function_id, _ = template.entrance("AnswerCreateAccount")
    (queue_id,) = template.of_type("AWS::SQS::Queue")

    _, rule = template.rule("CreationAnswered")

    names = ("CreateAccount", "CreateAccountResult", "CreateGovCloudAccount")
    assert rule["EventPattern"] == {
        "source": ["aws.organizations"],
        "detail-type": ["AWS Service Event via CloudTrail", "AWS API Call via CloudTrail"],
        "detail": {"eventName": [{"equals-ignore-case": name} for name in names]},
    }
    assert "EventBusName" not in rule  # the default bus
    (target,) = rule["Targets"]
    assert logical_id(target["Arn"]) == function_id
    assert logical_id(target["DeadLetterConfig"]["Arn"]) == queue_id


def test_function_may_do_exactly_what_it_calls_on_its_rows(template: SynthesizedTemplate) -> None:
    _, function = template.entrance("AnswerCreateAccount")
    (table_id,) = template.of_type("AWS::DynamoDB::Table")

    statements = [
        statement
        for statement in template.statements(logical_id(function["Role"]))
        if statement.sid not in ("WriteOwnLogs", "WriteTraces")
    ]

    granted = {action: each.resources for each in statements for action in each.actions}
    assert granted.pop("sqs:SendMessage")
    assert granted == {
        "dynamodb:GetItem": {f"${{{table_id}.Arn}}"},
        "dynamodb:UpdateItem": {f"${{{table_id}.Arn}}"},
        "states:SendTaskFailure": {MACHINE},
    }
    assert granted.keys() == CALLS
    keys = {
        action: each.condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        for each in statements
        for action in each.actions
        if each.condition
    }
    assert keys == {
        "dynamodb:GetItem": ["request#*", "creation#*", "token#*"],
        "dynamodb:UpdateItem": "creation#*",
    }


def test_without_events_there_is_neither_rule_nor_function(bare: SynthesizedTemplate) -> None:
    assert not [name for name in bare.document["Resources"] if "AnswerCreateAccount" in name]
    assert not [name for name in bare.document["Resources"] if "CreationAnswer" in name]
