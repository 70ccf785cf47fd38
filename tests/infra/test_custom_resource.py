"""The custom resource by its setting: who may invoke it, what it may do, and that it is off."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest

from infra.settings import CustomResourceSettings, Settings
from tests.infra.synthesized import SynthesizedTemplate, flat, logical_id, synthesize

STATES = "arn:aws:states:us-east-1:${AWS::AccountId}"
KEY = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
FUNCTIONS = (
    "AnswerCustomAccount",
    "DescribeCustomAccount",
    "RequestCustomAccount",
    "RespondToCloudFormation",
    "ServeCustomAccount",
    "WaitForCustomAccount",
)


def made(on_delete: Literal["keep", "retire"], folder: Any, **more: Any) -> SynthesizedTemplate:
    custom_resource = CustomResourceSettings(on_delete=on_delete)
    return synthesize(Settings(custom_resource=custom_resource, **more), folder)


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedTemplate:
    return made("keep", tmp_path_factory.mktemp("keep"), name_prefix="a-")


@pytest.fixture(scope="module")
def retiring(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedTemplate:
    return made("retire", tmp_path_factory.mktemp("retire"), kms_key_arn=KEY)


def granted(template: SynthesizedTemplate, name: str) -> dict[str, list[str]]:
    _, function = template.entrance(name)
    return {
        action: sorted(statement.resources)
        for statement in template.statements(logical_id(function["Role"]))
        for action in statement.actions
        if not action.startswith(("logs:", "xray:", "kms:", "sqs:"))
    }


def rows(template: SynthesizedTemplate, name: str) -> list[str]:
    """The keys of the ledger's rows that the function may touch."""
    _, function = template.entrance(name)
    found: list[str] = []
    for statement in template.statements(logical_id(function["Role"])):
        keys = statement.condition.get("ForAllValues:StringLike", {}).get(
            "dynamodb:LeadingKeys", []
        )
        found += keys if isinstance(keys, list) else [keys]
    return found


def test_there_is_no_custom_resource_by_default(template: SynthesizedTemplate) -> None:
    text = json.dumps(template.document)

    assert "CustomAccountServiceToken" not in template.document["Outputs"]
    assert not [name for name in FUNCTIONS if name in text]
    assert "account-custom-resource" not in text


def test_nobody_is_let_in_by_a_policy_of_the_function(keeping: SynthesizedTemplate) -> None:
    id_, _ = keeping.entrance("ServeCustomAccount")
    permissions = [one["Properties"] for one in keeping.of_type("AWS::Lambda::Permission").values()]

    assert (
        flat(keeping.document["Outputs"]["CustomAccountServiceToken"]["Value"]) == f"${{{id_}.Arn}}"
    )
    assert permissions
    assert id_ not in json.dumps(permissions)


def test_functions_may_do_exactly_this_where_accounts_are_kept(
    keeping: SynthesizedTemplate,
) -> None:
    (table,) = keeping.of_type("AWS::DynamoDB::Table")
    ledger, executions = [f"${{{table}.Arn}}"], [f"{STATES}:execution:a-account-vending:*"]

    assert {name: granted(keeping, name) for name in FUNCTIONS} == {
        "AnswerCustomAccount": {
            "dynamodb:GetItem": ledger,
            "states:SendTaskFailure": [f"{STATES}:stateMachine:a-account-custom-resource"],
        },
        "DescribeCustomAccount": {
            "dynamodb:GetItem": ledger,
            "states:DescribeExecution": executions,
        },
        "RequestCustomAccount": {
            "dynamodb:GetItem": ledger,
            "states:StartExecution": [f"{STATES}:stateMachine:a-account-vending"],
        },
        "RespondToCloudFormation": {},
        "ServeCustomAccount": {
            "states:StartExecution": [f"{STATES}:stateMachine:a-account-custom-resource"]
        },
        "WaitForCustomAccount": {
            "dynamodb:PutItem": ledger,
            "states:DescribeExecution": executions,
        },
    }


def test_retiring_needs_the_other_machine_and_the_stacks(retiring: SynthesizedTemplate) -> None:
    (table,) = retiring.of_type("AWS::DynamoDB::Table")
    stacks = ["arn:aws:cloudformation:us-east-1:${AWS::AccountId}:stack/*"]

    assert granted(retiring, "RequestCustomAccount") == {
        "cloudformation:DescribeStackEvents": stacks,
        "cloudformation:DescribeStacks": stacks,
        "dynamodb:GetItem": [f"${{{table}.Arn}}"],
        "states:StartExecution": [
            f"{STATES}:stateMachine:account-retirement",
            f"{STATES}:stateMachine:account-vending",
        ],
    }
    assert granted(retiring, "DescribeCustomAccount")["states:DescribeExecution"] == [
        f"{STATES}:execution:account-retirement:*",
        f"{STATES}:execution:account-vending:*",
    ]


def test_functions_touch_only_rows_of_their_own(retiring: SynthesizedTemplate) -> None:
    assert {name: rows(retiring, name) for name in FUNCTIONS} == {
        "AnswerCustomAccount": ["token#execution#*"],
        "DescribeCustomAccount": ["request#*", "retirement#*"],
        "RequestCustomAccount": ["request#*", "record#*"],
        "RespondToCloudFormation": [],
        "ServeCustomAccount": [],
        "WaitForCustomAccount": ["token#execution#*"],
    }


def test_rule_hears_of_ends_of_cloudformations_requests_alone(keeping: SynthesizedTemplate) -> None:
    _, rule = keeping.rule("CustomAccountEnded")

    detail = rule["EventPattern"]["detail"]
    assert detail["name"] == [{"prefix": "cfn-"}]
    assert detail["status"] == ["ABORTED", "FAILED", "SUCCEEDED", "TIMED_OUT"]
    assert [logical_id(one) for one in detail["stateMachineArn"]] == [
        keeping.machine_id("VendingWorkflow")
    ]
    assert "EventBusName" not in rule


def test_nobody_puts_requests_of_cloudformation_on_the_bus(template: SynthesizedTemplate) -> None:
    (policy,) = (
        one["Properties"]["Statement"]
        for one in template.of_type("AWS::Events::EventBusPolicy").values()
        if one["Properties"]["StatementId"] == "NobodyIsCloudFormation"
    )

    assert (policy["Effect"], policy["Principal"]) == ("Deny", "*")
    assert policy["Condition"] == {
        "ForAnyValue:StringEquals": {"events:source": "account-vending.cloudformation"}
    }


def test_key_of_the_customer_is_for_the_machines_that_are_concerned(
    retiring: SynthesizedTemplate,
) -> None:
    machines = {
        name: sorted(
            flat(value).rpartition(":")[2]
            for statement in retiring.statements(logical_id(retiring.entrance(name)[1]["Role"]))
            for condition in statement.condition.values()
            for context, values in condition.items()
            if context == "kms:EncryptionContext:aws:states:stateMachineArn"
            for value in (values if isinstance(values, list) else [values])
        )
        for name in FUNCTIONS
    }

    both = ["account-retirement", "account-vending"]
    assert machines == {
        "AnswerCustomAccount": ["account-custom-resource"],
        "DescribeCustomAccount": both,
        "RequestCustomAccount": both,
        "RespondToCloudFormation": [],
        "ServeCustomAccount": ["account-custom-resource"],
        "WaitForCustomAccount": both,
    }


def test_setting_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="on_delete must be keep or retire"):
        Settings(custom_resource=CustomResourceSettings(on_delete="close"))  # type: ignore[arg-type]
