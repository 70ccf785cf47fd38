"""The template deployed by CreateStack, and every service's own account of what that made."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.embedded.cloudformation_server import (  # noqa: F401 - fixtures
    Aws,
    cloud,
    cloudformation_server,
    empty_cloud,
)
from tests.unit.embedded.cloudformation_template import (
    ASSETS_BUCKET,
    only,
    template,
    text,
    with_properties,
)

NAME = "AccountVending"


def create(aws: Aws, body: str | None = None, **parameters: Any) -> dict[str, str]:
    """Create the stack and wait for it; returns its outputs."""
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName=NAME, TemplateBody=body or text(), **parameters)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=NAME)
    return outputs(aws)


def outputs(aws: Aws) -> dict[str, str]:
    (stack,) = aws.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def physical_ids(aws: Aws) -> dict[str, str]:
    found = aws.client("cloudformation").describe_stack_resources(StackName=NAME)
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found["StackResources"]
    }


def status(aws: Aws) -> str:
    (stack,) = aws.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
    return str(stack["StackStatus"])


def events(aws: Aws) -> list[tuple[str, str]]:
    """Logical id and status of the stack's events, oldest first."""
    found = aws.client("cloudformation").describe_stack_events(StackName=NAME)["StackEvents"]
    return [(each["LogicalResourceId"], each["ResourceStatus"]) for each in reversed(found)]


def refusal(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value)


def test_stack_tells_what_it_made(cloud: Aws) -> None:
    cloudformation = cloud.client("cloudformation")

    made = create(cloud, Tags=[{"Key": "team", "Value": "platform"}])

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
    assert physical_ids(cloud)["Rule"].startswith("account-vending|AccountVending-Rule-")


def test_stack_events_tell_each_step(cloud: Aws) -> None:
    create(cloud)

    told = events(cloud)

    assert told[0] == (NAME, "CREATE_IN_PROGRESS")
    assert told[-1] == (NAME, "CREATE_COMPLETE")
    assert told.index(("Bus", "CREATE_IN_PROGRESS")) < told.index(("Bus", "CREATE_COMPLETE"))


def test_function_is_configured_as_the_template_says(cloud: Aws) -> None:
    create(cloud)
    ids = physical_ids(cloud)

    function = cloud.client("lambda").get_function_configuration(FunctionName=ids["CreateAccount"])

    assert function["Architectures"] == ["arm64"]
    assert function["Environment"] == {"Variables": {"LEDGER_TABLE_NAME": ids["Ledger"]}}
    assert function["Handler"] == "operations.create_account.handler"
    assert (function["MemorySize"], function["Timeout"]) == (512, 50)
    assert function["Runtime"] == "python3.13"
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["Role"].endswith(f":role/vending/{ids['CreateAccountRole']}")


def test_role_has_its_trust_policies_path_and_tags(cloud: Aws) -> None:
    create(cloud)
    ids, iam = physical_ids(cloud), cloud.client("iam")
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
    made = create(cloud)
    ids, states = physical_ids(cloud), cloud.client("stepfunctions")

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
    made = create(cloud)
    ids, bridge = physical_ids(cloud), cloud.client("events")
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
    url = create(cloud)["DeadLetterQueueUrl"]
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
    create(cloud)
    name = physical_ids(cloud)["CreateAccountLogs"]

    (group,) = cloud.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]

    assert group["retentionInDays"] == 180


def test_ledger_is_protected_recoverable_and_indexed(cloud: Aws) -> None:
    name = create(cloud)["LedgerTableName"]
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


def test_deleting_the_stack_keeps_the_ledger_only(cloud: Aws) -> None:
    made = create(cloud)
    cloudformation = cloud.client("cloudformation")
    stack_id = cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]["StackId"]

    cloudformation.delete_stack(StackName=NAME)

    (stack,) = cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
    assert stack["StackStatus"] == "DELETE_COMPLETE"
    assert cloud.client("dynamodb").list_tables()["TableNames"] == [made["LedgerTableName"]]
    assert cloud.client("iam").list_roles()["Roles"] == []
    assert cloud.client("lambda").list_functions()["Functions"] == []
    assert cloud.client("stepfunctions").list_state_machines()["stateMachines"] == []
    assert [b["Name"] for b in cloud.client("events").list_event_buses()["EventBuses"]] == [
        "default"
    ]
    create(cloud)


def test_stack_that_cannot_be_deleted_stays(cloud: Aws) -> None:
    create(cloud, text(Ledger=with_properties("Ledger") | {"DeletionPolicy": "Delete"}))

    cloud.client("cloudformation").delete_stack(StackName=NAME)

    assert status(cloud) == "DELETE_FAILED"
    assert list(physical_ids(cloud)) == ["Ledger"]


def test_stack_with_termination_protection_is_not_deleted(cloud: Aws) -> None:
    create(cloud, EnableTerminationProtection=True)

    message = refusal(cloud.client("cloudformation").delete_stack, StackName=NAME)

    assert "TerminationProtection is enabled" in message
    assert status(cloud) == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("changes", "failed", "reason"),
    [
        pytest.param(
            {
                "CreateAccount": with_properties(
                    "CreateAccount", Code={"S3Bucket": ASSETS_BUCKET, "S3Key": "unpublished.zip"}
                )
            },
            "CreateAccount",
            "No unpublished.zip in",
            id="an asset that nobody published",
        ),
        pytest.param(
            {"Workflow": with_properties("Workflow", DefinitionSubstitutions={})},
            "Workflow",
            "placeholders without a substitution: CreateAccountFunctionArn",
            id="a placeholder that is not filled in",
        ),
        pytest.param(
            {
                "Workflow": with_properties(
                    "Workflow",
                    DefinitionString="{}",
                )
            },
            "Workflow",
            "InvalidDefinition",
            id="a definition that is none",
        ),
        pytest.param(
            {
                "CreateAccountRole": with_properties(
                    "CreateAccountRole", ManagedPolicyArns=["arn:aws:iam::aws:policy/NoSuch"]
                )
            },
            "CreateAccountRole",
            "NoSuch does not exist",
            id="a managed policy that is none",
        ),
        pytest.param(
            {"Rule": with_properties("Rule", ScheduleExpression="rate(1 day)")},
            "Rule",
            "only on the default event bus",
            id="a schedule on a custom bus",
        ),
    ],
)
def test_failed_creation_is_rolled_back_and_names_the_resource(
    cloud: Aws, changes: dict[str, Any], failed: str, reason: str
) -> None:
    cloudformation = cloud.client("cloudformation")

    cloudformation.create_stack(StackName=NAME, TemplateBody=text(**changes))

    (stack,) = cloudformation.describe_stacks(StackName=NAME)["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert f"failed to create: [{failed}]" in stack["StackStatusReason"]
    assert stack.get("Outputs", []) == []
    told = cloudformation.describe_stack_events(StackName=NAME)["StackEvents"]
    (event,) = [each for each in told if each["ResourceStatus"] == "CREATE_FAILED"]
    assert event["LogicalResourceId"] == failed
    assert reason in event["ResourceStatusReason"]
    assert physical_ids(cloud) == {}
    assert cloud.client("iam").list_roles()["Roles"] == []
    assert "account-vending" not in [
        bus["Name"] for bus in cloud.client("events").list_event_buses()["EventBuses"]
    ]


def test_template_that_is_not_understood_makes_nothing(cloud: Aws) -> None:
    message = refusal(
        cloud.client("cloudformation").create_stack,
        StackName=NAME,
        TemplateBody=text(Bus=with_properties("Bus", Color="red"), Vpc={"Type": "AWS::EC2::VPC"}),
    )

    assert "(ValidationError)" in message
    assert "property Color of AWS::Events::EventBus" in message
    assert "type AWS::EC2::VPC" in message
    assert cloud.client("cloudformation").list_stacks()["StackSummaries"] == []
    assert cloud.client("iam").list_roles()["Roles"] == []


def test_account_that_is_not_bootstrapped_is_refused(empty_cloud: Aws) -> None:
    create_stack = empty_cloud.client("cloudformation").create_stack

    message = refusal(create_stack, StackName=NAME, TemplateBody=text())

    assert "Unable to fetch parameters [/cdk-bootstrap/hnb659fds/version]" in message


def test_account_that_is_bootstrapped_too_long_ago_is_refused(cloud: Aws) -> None:
    cloud.client("ssm").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value="3", Type="String", Overwrite=True
    )

    message = refusal(
        cloud.client("cloudformation").create_stack, StackName=NAME, TemplateBody=text()
    )

    assert "CDK bootstrap stack version 6 required." in message


def test_conditional_resource_is_made_only_when_its_condition_holds(cloud: Aws) -> None:
    body = template()
    body["Parameters"]["Stage"] = {"Type": "String", "AllowedValues": ["prod", "test"]}
    body["Conditions"] = {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    body["Resources"]["Alarms"] = {"Type": "AWS::SNS::Topic", "Condition": "IsProd"}
    body["Outputs"]["Topic"] = {"Value": {"Ref": "Alarms"}, "Condition": "IsProd"}
    stage = [{"ParameterKey": "Stage", "ParameterValue": "test"}]
    cloudformation = cloud.client("cloudformation")

    made = create(cloud, json.dumps(body), Parameters=stage)
    stage[0]["ParameterValue"] = "prod"
    cloudformation.update_stack(StackName=NAME, UsePreviousTemplate=True, Parameters=stage)
    then = outputs(cloud)
    stage[0]["ParameterValue"] = "test"
    cloudformation.update_stack(StackName=NAME, UsePreviousTemplate=True, Parameters=stage)

    assert "Topic" not in made
    assert then["Topic"].startswith("arn:aws:sns:us-east-1:111111111111:AccountVending-Alarms-")
    assert "Alarms" not in physical_ids(cloud)
    assert cloud.client("sns").list_topics()["Topics"] == []


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        pytest.param({"Stage": "dev"}, "Parameter Stage failed to satisfy", id="not allowed"),
        pytest.param({}, "Missing parameter Stage", id="missing"),
        pytest.param({"Stage": "prod", "Color": "red"}, "Parameters: [Color]", id="unknown"),
    ],
)
def test_parameters_are_checked(cloud: Aws, parameters: dict[str, str], message: str) -> None:
    body = template()
    body["Parameters"]["Stage"] = {"Type": "String", "AllowedValues": ["prod", "test"]}

    told = refusal(
        cloud.client("cloudformation").create_stack,
        StackName=NAME,
        TemplateBody=json.dumps(body),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
    )

    assert message in told


def test_long_names_are_cut_to_what_the_service_takes(cloud: Aws) -> None:
    logical_id = "EnableOrganizationsRootSessionsFunctionRole" * 2
    role = with_properties("WorkflowRole")

    create(cloud, only(**{logical_id: role}))

    name = physical_ids(cloud)[logical_id]
    assert len(name) == 64
    assert re.fullmatch(r"AccountVending-EnableOrganizations\w+-\w{12}", name)


def test_change_set_creates_and_updates_the_stack(cloud: Aws) -> None:
    cloudformation = cloud.client("cloudformation")

    for kind, body in (
        ("CREATE", text()),
        ("UPDATE", text(WorkflowLogs=with_properties("WorkflowLogs", RetentionInDays=30))),
    ):
        change_set = cloudformation.create_change_set(
            StackName=NAME, ChangeSetName=f"a-{kind}", ChangeSetType=kind, TemplateBody=body
        )
        cloudformation.execute_change_set(ChangeSetName=change_set["Id"], StackName=NAME)

        assert status(cloud) == f"{kind}_COMPLETE"

    assert outputs(cloud)["EventBusName"] == "account-vending"
    name = physical_ids(cloud)["WorkflowLogs"]
    (group,) = cloud.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert group["retentionInDays"] == 30
    assert cloudformation.get_template(StackName=NAME)["TemplateBody"]["Resources"]
