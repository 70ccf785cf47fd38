"""The template deployed by CreateStack, and every service's own account of what that made."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.embedded.cloudformation_template import (
    NAME,
    template,
)

if TYPE_CHECKING:
    from tests.unit.embedded.cloudformation_server import Aws

pytest_plugins = ["tests.unit.embedded.cloudformation_server"]


def refusal(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value)


def test_stack_shows_what_it_made(cloud: Aws) -> None:
    cloudformation = cloud.client("cloudformation")

    made = cloud.create(Tags=[{"Key": "team", "Value": "platform"}])

    assert made["StateMachineArn"] == (
        "arn:aws:states:us-east-1:111111111111:stateMachine:account-vending"
    )
    assert made["EventBusName"] == "account-vending"
    assert re.fullmatch(r"AccountVending-Ledger-[A-Za-z0-9]{12}", made["LedgerTableName"])
    assert re.fullmatch(
        r"https://sqs\.us-east-1\.amazonaws\.com/111111111111/AccountVending-DeadLetters-\w{12}",
        made["DeadLetterQueueUrl"],
    )
    (stack,) = cloudformation.describe_stacks(StackName=NAME)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Description"] == "Vends AWS accounts"
    assert stack["Tags"] == [{"Key": "team", "Value": "platform"}]
    assert stack["Parameters"] == [{"ParameterKey": "BootstrapVersion", "ParameterValue": "30"}]
    assert cloudformation.get_template(StackName=NAME)["TemplateBody"] == template()
    listed = cloudformation.list_stack_resources(StackName=NAME)["StackResourceSummaries"]
    assert {each["LogicalResourceId"]: each["ResourceType"] for each in listed} == {
        logical_id: resource["Type"] for logical_id, resource in template()["Resources"].items()
    }
    assert {each["ResourceStatus"] for each in listed} == {"CREATE_COMPLETE"}
    assert cloud.ids()["Rule"].startswith("account-vending|AccountVending-Rule-")


def test_function_is_configured_as_the_template_says(cloud: Aws) -> None:
    cloud.create()
    ids = cloud.ids()

    function = cloud.client("lambda").get_function_configuration(FunctionName=ids["CreateAccount"])

    assert function["Architectures"] == ["arm64"]
    assert function["Environment"] == {"Variables": {"LEDGER_TABLE_NAME": ids["Ledger"]}}
    assert function["Handler"] == "operations.create_account.handler"
    assert (function["MemorySize"], function["Timeout"]) == (512, 50)
    assert function["Runtime"] == "python3.13"
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["Role"].endswith(f":role/vending/{ids['CreateAccountRole']}")


def test_role_has_its_trust_policies_path_and_tags(cloud: Aws) -> None:
    cloud.create()
    ids, iam = cloud.ids(), cloud.client("iam")
    name = ids["CreateAccountRole"]

    role = iam.get_role(RoleName=name)["Role"]

    (trusted,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert role["Path"] == "/vending/"
    assert role["Tags"] == [{"Key": "product", "Value": "account-vending"}]
    assert sorted(iam.list_role_policies(RoleName=name)["PolicyNames"]) == [
        "CreateAccountGrants",
        "Describe",
    ]
    granted = iam.get_role_policy(RoleName=name, PolicyName="CreateAccountGrants")
    (statement,) = granted["PolicyDocument"]["Statement"]
    assert statement["Resource"] == (
        f"arn:aws:dynamodb:us-east-1:111111111111:table/{ids['Ledger']}"
    )
    (attached,) = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert attached["PolicyArn"] == "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"


def test_state_machine_is_where_executions_run_with_its_arns_filled_in(cloud: Aws) -> None:
    made = cloud.create()
    ids, states = cloud.ids(), cloud.client("stepfunctions")

    machine = states.describe_state_machine(stateMachineArn=made["StateMachineArn"])

    task = json.loads(machine["definition"])["States"]["CreateAccount"]
    assert task["Arguments"] == {
        "FunctionName": (f"arn:aws:lambda:us-east-1:111111111111:function:{ids['CreateAccount']}"),
        "Payload": "{% $merge([$states.input, {'now': $now()}]) %}",
    }
    assert machine["tracingConfiguration"] == {"enabled": True}
    log_group = f"arn:aws:logs:us-east-1:111111111111:log-group:{ids['WorkflowLogs']}:*"
    assert machine["loggingConfiguration"] == {
        "level": "ALL",
        "includeExecutionData": False,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": log_group}}],
    }
    assert machine["type"] == "STANDARD"
    assert machine["roleArn"].endswith(ids["WorkflowRole"])


def test_rule_is_on_the_custom_bus_with_its_target(cloud: Aws) -> None:
    made = cloud.create()
    ids, bridge = cloud.ids(), cloud.client("events")
    name = ids["Rule"].split("|")[1]

    rule = bridge.describe_rule(Name=name, EventBusName="account-vending")
    (target,) = bridge.list_targets_by_rule(Rule=name, EventBusName="account-vending")["Targets"]

    assert json.loads(rule["EventPattern"]) == {"detail-type": ["AccountRequested"]}
    assert rule["State"] == "ENABLED"
    assert rule["Arn"] == f"arn:aws:events:us-east-1:111111111111:rule/account-vending/{name}"
    assert target["Arn"] == made["StateMachineArn"]
    assert target["InputPath"] == "$.detail"
    assert target["RetryPolicy"] == {
        "MaximumRetryAttempts": 185,
        "MaximumEventAgeInSeconds": 86400,
    }
    assert target["DeadLetterConfig"]["Arn"].endswith(made["DeadLetterQueueUrl"].split("/")[-1])
    assert target["RoleArn"].endswith(ids["StartRole"])


def test_queue_has_its_policy_and_retention_also_after_other_changes(cloud: Aws) -> None:
    url = cloud.create()["DeadLetterQueueUrl"]
    sqs = cloud.client("sqs")

    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})

    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["MessageRetentionPeriod"] == "1209600"
    assert attributes["SqsManagedSseEnabled"] == "true"
    assert attributes["VisibilityTimeout"] == "60"
    (statement,) = json.loads(attributes["Policy"])["Statement"]
    assert statement["Resource"] == attributes["QueueArn"]
    assert ":rule/account-vending/" in statement["Condition"]["ArnEquals"]["aws:SourceArn"]


def test_log_groups_have_their_retention(cloud: Aws) -> None:
    cloud.create()
    name = cloud.ids()["CreateAccountLogs"]

    (group,) = cloud.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]

    assert group["retentionInDays"] == 180


def test_ledger_is_protected_recoverable_and_indexed(cloud: Aws) -> None:
    name = cloud.create()["LedgerTableName"]
    dynamodb = cloud.client("dynamodb")

    table = dynamodb.describe_table(TableName=name)["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]

    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"] is True
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["byState"]
    recovery = backups["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    assert "ValidationException" in refusal(dynamodb.delete_table, TableName=name)
