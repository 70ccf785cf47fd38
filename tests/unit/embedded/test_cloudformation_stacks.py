"""How stacks begin, fail and end."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from embedded.cloudformation import api, change_sets
from embedded.cloudformation.stack import StackEvents
from tests.unit.embedded.cloudformation_template import (
    ASSETS_BUCKET,
    NAME,
    only,
    template,
    text,
    with_properties,
)

if TYPE_CHECKING:
    from tests.unit.embedded.cloudformation_server import Aws

pytest_plugins = ["tests.unit.embedded.cloudformation_server"]


def refusal(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value)


def test_stack_events_report_each_step(cloud: Aws) -> None:
    cloud.create()

    events = [(each["LogicalResourceId"], each["ResourceStatus"]) for each in cloud.events()]

    assert events[0] == (NAME, "CREATE_IN_PROGRESS")
    assert events[-1] == (NAME, "CREATE_COMPLETE")
    assert events.index(("Bus", "CREATE_IN_PROGRESS")) < events.index(("Bus", "CREATE_COMPLETE"))


def test_a_stack_keeps_the_latest_events_and_no_more(
    cloud: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StackEvents, "MOST", 10)
    cloud.create()

    events = [(each["LogicalResourceId"], each["ResourceStatus"]) for each in cloud.events()]

    assert len(events) in {10, 11}
    assert events[-1] == (NAME, "CREATE_COMPLETE")


def test_of_deleted_stacks_the_latest_are_kept(
    empty_cloud: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "MOST_DELETED", 2)
    cloudformation, made = empty_cloud.client("cloudformation"), []

    for number in range(4):
        name = f"brief-{number}"
        topic = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
        made.append(cloudformation.create_stack(StackName=name, TemplateBody=topic)["StackId"])
        cloudformation.delete_stack(StackName=name)

    listed = cloudformation.list_stacks()["StackSummaries"]
    assert [each["StackId"] for each in listed if each["StackName"].startswith("brief")] == made[2:]


def test_of_executed_change_sets_the_latest_are_kept(
    empty_cloud: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_sets, "MOST_EXECUTED", 1)
    cloudformation = empty_cloud.client("cloudformation")
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "brief"}}

    made = []
    for number, kind in enumerate(("CREATE", "UPDATE", "UPDATE")):
        topic["Properties"] = {"TopicName": "brief", "DisplayName": str(number)}
        change_set = cloudformation.create_change_set(
            StackName="brief",
            ChangeSetName=f"a-{number}",
            ChangeSetType=kind,
            TemplateBody=json.dumps({"Resources": {"Topic": topic}}),
        )["Id"]
        cloudformation.execute_change_set(ChangeSetName=change_set)
        made.append(change_set)

    with pytest.raises(ClientError, match="ChangeSetNotFound"):
        cloudformation.describe_change_set(ChangeSetName=made[1])
    kept = cloudformation.describe_change_set(ChangeSetName=made[2])
    assert kept["ExecutionStatus"] == "EXECUTE_COMPLETE"


def test_deleting_the_stack_keeps_the_ledger_only(cloud: Aws) -> None:
    made = cloud.create()
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
    cloud.create()


def test_stack_that_cannot_be_deleted_stays(cloud: Aws) -> None:
    cloud.create(text(Ledger=with_properties("Ledger") | {"DeletionPolicy": "Delete"}))

    cloud.client("cloudformation").delete_stack(StackName=NAME)

    assert cloud.stack()["StackStatus"] == "DELETE_FAILED"
    assert list(cloud.ids()) == ["Ledger"]


def test_stack_with_termination_protection_is_not_deleted(cloud: Aws) -> None:
    cloud.create(EnableTerminationProtection=True)

    message = refusal(cloud.client("cloudformation").delete_stack, StackName=NAME)

    assert "TerminationProtection is enabled" in message
    assert cloud.stack()["StackStatus"] == "CREATE_COMPLETE"


def test_termination_protection_is_switched_off_and_on(cloud: Aws) -> None:
    cloud.create(EnableTerminationProtection=True)
    cloudformation = cloud.client("cloudformation")

    switched = []
    for wanted in (False, True, False):
        answer = cloudformation.update_termination_protection(
            StackName=NAME, EnableTerminationProtection=wanted
        )
        switched.append(cloud.stack()["EnableTerminationProtection"])
    stack_id = cloud.stack()["StackId"]
    cloudformation.delete_stack(StackName=NAME)

    assert switched == [False, True, False]
    assert answer["StackId"] == stack_id
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.update_termination_protection(
            StackName="nothing", EnableTerminationProtection=False
        )


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
    events = cloudformation.describe_stack_events(StackName=NAME)["StackEvents"]
    (event,) = [each for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert event["LogicalResourceId"] == failed
    assert reason in event["ResourceStatusReason"]
    assert cloud.ids() == {}
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

    made = cloud.create(json.dumps(body), Parameters=stage)
    stage[0]["ParameterValue"] = "prod"
    cloudformation.update_stack(StackName=NAME, UsePreviousTemplate=True, Parameters=stage)
    then = cloud.outputs()
    stage[0]["ParameterValue"] = "test"
    cloudformation.update_stack(StackName=NAME, UsePreviousTemplate=True, Parameters=stage)

    assert "Topic" not in made
    assert then["Topic"].startswith("arn:aws:sns:us-east-1:111111111111:AccountVending-Alarms-")
    assert "Alarms" not in cloud.ids()
    assert cloud.client("sns").list_topics()["Topics"] == []


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        pytest.param({"Stage": "dev"}, "Parameter Stage failed to satisfy", id="not allowed"),
        pytest.param({}, "Missing parameter Stage", id="missing"),
        pytest.param({"Stage": "prod", "Color": "red"}, "Parameters: [Color]", id="unknown"),
        pytest.param({"Stage": "prod", "Name": "abcd"}, "must have 2 to 3 characters", id="long"),
        pytest.param({"Stage": "prod", "Name": "a"}, "must have 2 to 3 characters", id="short"),
    ],
)
def test_parameters_are_checked(cloud: Aws, parameters: dict[str, str], message: str) -> None:
    body = template()
    body["Parameters"]["Stage"] = {"Type": "String", "AllowedValues": ["prod", "test"]}
    body["Parameters"]["Name"] = {
        "Type": "String",
        "MinLength": 2,
        "MaxLength": 3,
        "Default": "abc",
    }

    refused = refusal(
        cloud.client("cloudformation").create_stack,
        StackName=NAME,
        TemplateBody=json.dumps(body),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
    )

    assert message in refused


def test_long_names_are_cut_to_what_the_service_takes(cloud: Aws) -> None:
    logical_id = "EnableOrganizationsRootSessionsFunctionRole" * 2
    role = with_properties("WorkflowRole")

    cloud.create(only(**{logical_id: role}))

    name = cloud.ids()[logical_id]
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

        assert cloud.stack()["StackStatus"] == f"{kind}_COMPLETE"

    assert cloud.outputs()["EventBusName"] == "account-vending"
    name = cloud.ids()["WorkflowLogs"]
    (group,) = cloud.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert group["retentionInDays"] == 30
    assert cloudformation.get_template(StackName=NAME)["TemplateBody"]["Resources"]
