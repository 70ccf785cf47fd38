"""A new version of the template over a stack that is in use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.embedded.cloudformation_template import (
    ASSETS_BUCKET,
    DEFINITION,
    NAME,
    template,
    text,
    trust,
    with_properties,
)

if TYPE_CHECKING:
    from tests.unit.embedded.cloudformation_server import Aws

pytest_plugins = ["tests.unit.embedded.cloudformation_server"]


def update(aws: Aws, **changes: Any) -> None:
    aws.update(text(**changes))


def machine(aws: Aws) -> dict[str, Any]:
    arn = aws.ids()["Workflow"]
    return dict(aws.client("stepfunctions").describe_state_machine(stateMachineArn=arn))


def test_new_definition_and_function_settings_leave_the_ledger_alone(cloud: Aws) -> None:
    cloud.create()
    before, dynamodb = cloud.ids(), cloud.client("dynamodb")
    row = {"pk": {"S": "request#1"}}
    dynamodb.put_item(TableName=before["Ledger"], Item=row)
    cloud.client("s3").put_object(Bucket=ASSETS_BUCKET, Key="new.zip", Body=b"another zip")

    update(
        cloud,
        Workflow=with_properties(
            "Workflow", DefinitionString=json.dumps(DEFINITION | {"Comment": "second version"})
        ),
        CreateAccount=with_properties(
            "CreateAccount",
            Code={"S3Bucket": ASSETS_BUCKET, "S3Key": "new.zip"},
            Environment={"Variables": {"LOG_LEVEL": "DEBUG"}},
            MemorySize=None,
            Tags=[{"Key": "version", "Value": "2"}],
        ),
    )

    assert cloud.stack()["StackStatus"] == "UPDATE_COMPLETE"
    assert cloud.ids() == before
    definition = json.loads(machine(cloud)["definition"])
    assert definition["Comment"] == "second version"
    called = definition["States"]["CreateAccount"]["Arguments"]["FunctionName"]
    assert called.endswith(before["CreateAccount"])
    function = cloud.client("lambda").get_function(FunctionName=before["CreateAccount"])
    assert function["Configuration"]["Environment"] == {"Variables": {"LOG_LEVEL": "DEBUG"}}
    assert function["Configuration"]["MemorySize"] == 128
    assert function["Configuration"]["CodeSize"] == len(b"another zip")
    assert function["Tags"] == {"version": "2"}
    assert dynamodb.get_item(TableName=before["Ledger"], Key=row)["Item"] == row


def test_same_template_again_is_no_update(cloud: Aws) -> None:
    cloud.create()

    with pytest.raises(ClientError, match="No updates are to be performed"):
        update(cloud)

    assert cloud.stack()["StackStatus"] == "CREATE_COMPLETE"


def test_replaced_resource_is_followed_by_all_that_refer_to_it(cloud: Aws) -> None:
    cloud.create()
    old = cloud.ids()["DeadLetters"]

    update(cloud, DeadLetters=with_properties("DeadLetters", QueueName="vending-failed"))

    (url,) = cloud.client("sqs").list_queues()["QueueUrls"]
    assert url.endswith("/vending-failed")
    assert old != cloud.ids()["DeadLetters"]
    attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    (statement,) = json.loads(attributes["Attributes"]["Policy"])["Statement"]
    assert statement["Resource"].endswith(":vending-failed")
    targets = cloud.client("events").list_targets_by_rule(
        Rule=cloud.ids()["Rule"].split("|")[1], EventBusName="account-vending"
    )["Targets"]
    assert [target["DeadLetterConfig"]["Arn"] for target in targets] == [statement["Resource"]]


def test_replaced_ledger_is_kept(cloud: Aws) -> None:
    cloud.create()
    old = cloud.ids()["Ledger"]

    update(cloud, Ledger=with_properties("Ledger", TableName="ledger-2"))

    tables = cloud.client("dynamodb").list_tables()["TableNames"]
    assert sorted(tables) == sorted([old, "ledger-2"])


def test_resources_come_and_go(cloud: Aws) -> None:
    cloud.create()

    update(
        cloud,
        Rule=None,
        DeadLettersPolicy=None,
        Alarms={"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "alarms"}},
    )

    assert cloud.ids()["Alarms"] == "arn:aws:sns:us-east-1:111111111111:alarms"
    assert not {"Rule", "DeadLettersPolicy"} & cloud.ids().keys()
    assert cloud.client("events").list_rules(EventBusName="account-vending")["Rules"] == []
    url = cloud.ids()["DeadLetters"]
    attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    assert "Policy" not in attributes["Attributes"]


def test_settings_change_in_place(cloud: Aws) -> None:
    cloud.create()
    before = cloud.ids()

    update(
        cloud,
        CreateAccountRole=with_properties(
            "CreateAccountRole",
            AssumeRolePolicyDocument=trust("scheduler.amazonaws.com"),
            ManagedPolicyArns=None,
            Policies=[],
            Description="changed",
        ),
        CreateAccountGrants=with_properties("CreateAccountGrants", PolicyName="Renamed"),
        WorkflowLogs=with_properties("WorkflowLogs", RetentionInDays=None),
        DeadLetters=with_properties("DeadLetters", MessageRetentionPeriod=None, DelaySeconds=5),
        Rule=with_properties("Rule", State="DISABLED", Targets=[]),
        Bus=with_properties("Bus", Description="requests"),
        Ledger=with_properties(
            "Ledger",
            DeletionProtectionEnabled=False,
            GlobalSecondaryIndexes=None,
            PointInTimeRecoverySpecification=None,
            SSESpecification=None,
            TimeToLiveSpecification={"AttributeName": "expires", "Enabled": True},
        ),
        Workflow=with_properties(
            "Workflow",
            LoggingConfiguration=None,
            TracingConfiguration=None,
            EncryptionConfiguration={
                "Type": "CUSTOMER_MANAGED_KMS_KEY",
                "KmsKeyId": "alias/vending",
                "KmsDataKeyReusePeriodSeconds": 300,
            },
        ),
    )

    assert cloud.stack()["StackStatus"] == "UPDATE_COMPLETE"
    assert cloud.ids() == before
    iam, name = cloud.client("iam"), before["CreateAccountRole"]
    role = iam.get_role(RoleName=name)["Role"]
    (trusted,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert role["Description"] == "changed"
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["Renamed"]
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    (group,) = cloud.client("logs").describe_log_groups(logGroupNamePrefix=before["WorkflowLogs"])[
        "logGroups"
    ]
    assert "retentionInDays" not in group
    queue = cloud.client("sqs").get_queue_attributes(
        QueueUrl=before["DeadLetters"], AttributeNames=["All"]
    )["Attributes"]
    assert (queue["MessageRetentionPeriod"], queue["DelaySeconds"]) == ("345600", "5")
    assert "Policy" in queue
    bridge, rule = cloud.client("events"), before["Rule"].split("|")[1]
    on = {"EventBusName": "account-vending"}
    assert bridge.describe_rule(Name=rule, **on)["State"] == "DISABLED"
    assert bridge.list_targets_by_rule(Rule=rule, **on)["Targets"] == []
    assert bridge.describe_event_bus(Name="account-vending")["Description"] == "requests"
    dynamodb, table = cloud.client("dynamodb"), {"TableName": before["Ledger"]}
    described = dynamodb.describe_table(**table)["Table"]
    assert described["DeletionProtectionEnabled"] is False
    assert described.get("GlobalSecondaryIndexes", []) == []
    assert "SSEDescription" not in described
    backups = dynamodb.describe_continuous_backups(**table)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "DISABLED"
    expiry = dynamodb.describe_time_to_live(**table)["TimeToLiveDescription"]
    assert expiry == {"AttributeName": "expires", "TimeToLiveStatus": "ENABLED"}
    assert machine(cloud)["loggingConfiguration"] == {"level": "OFF"}
    assert machine(cloud)["tracingConfiguration"] == {"enabled": False}
    assert machine(cloud)["encryptionConfiguration"] == {
        "type": "CUSTOMER_MANAGED_KMS_KEY",
        "kmsKeyId": "alias/vending",
        "kmsDataKeyReusePeriodSeconds": 300,
    }


def test_failed_update_takes_everything_back(cloud: Aws) -> None:
    cloud.create()
    before, was = cloud.ids(), machine(cloud)["definition"]

    update(
        cloud,
        CreateAccount=with_properties("CreateAccount", MemorySize=1024),
        DeadLetters=with_properties("DeadLetters", QueueName="vending-failed"),
        Alarms={"Type": "AWS::SNS::Topic"},
        WorkflowRole=with_properties("WorkflowRole", Description="changed"),
        StartRole=None,
        # The last to change: all the others have been made or changed when it fails.
        Rule=with_properties("Rule", Targets=[{"Id": "A", "Arn": "no-arn", "RoleArn": "x"}])
        | {"DependsOn": ["Workflow", "Alarms", "DeadLetters"]},
        Workflow=with_properties(
            "Workflow", DefinitionString=json.dumps(DEFINITION | {"Comment": "second version"})
        ),
    )

    assert cloud.stack()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    events = {(each["LogicalResourceId"], each["ResourceStatus"]) for each in cloud.events()}
    assert {("Workflow", "UPDATE_COMPLETE"), ("Alarms", "DELETE_COMPLETE")} <= events
    assert cloud.ids() == before
    assert machine(cloud)["definition"] == was
    function = cloud.client("lambda").get_function_configuration(
        FunctionName=before["CreateAccount"]
    )
    assert function["MemorySize"] == 512
    (url,) = cloud.client("sqs").list_queues()["QueueUrls"]
    assert url.endswith(before["DeadLetters"].rsplit("/", 1)[1])
    assert cloud.client("sns").list_topics()["Topics"] == []
    assert "failed to update: [Rule]" in cloud.stack()["StackStatusReason"]
    assert cloud.outputs()["EventBusName"] == "account-vending"
    update(cloud, Rule=with_properties("Rule", State="DISABLED"))
    assert cloud.stack()["StackStatus"] == "UPDATE_COMPLETE"


def test_refused_template_changes_nothing(cloud: Aws) -> None:
    cloud.create()
    before = cloud.ids()

    with pytest.raises(ClientError, match="property Color"):
        update(cloud, Bus=with_properties("Bus", Color="red"), Rule=None)

    assert cloud.stack()["StackStatus"] == "CREATE_COMPLETE"
    assert cloud.ids() == before
    with pytest.raises(ClientError, match="No updates are to be performed"):
        update(cloud)


def test_refused_parameter_changes_nothing(cloud: Aws) -> None:
    body = template()
    body["Parameters"]["Stage"] = {"Type": "String", "AllowedValues": ["prod"]}
    stage = {"ParameterKey": "Stage", "ParameterValue": "prod"}
    cloud.create(json.dumps(body), Parameters=[stage])

    with pytest.raises(ClientError, match="Parameter Stage failed to satisfy constraint"):
        cloud.client("cloudformation").update_stack(
            StackName=NAME,
            UsePreviousTemplate=True,
            Parameters=[stage | {"ParameterValue": "test"}],
        )

    assert stage in cloud.stack()["Parameters"]
    assert cloud.stack()["StackStatus"] == "CREATE_COMPLETE"
    assert cloud.outputs()["EventBusName"] == "account-vending"
