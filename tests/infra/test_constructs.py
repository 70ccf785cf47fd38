"""What each resource must be, whatever the CDK makes its defaults."""

import re

import pytest

from infra import custom_resource
from infra.account_vending_stack import OPERATIONS
from infra.operation_function import module_name
from infra.service_principals import DOCUMENTED_SERVICE_PRINCIPALS
from infra.settings import Settings
from infra.settings_problems import ALLOWANCES_MAX, TASK_SECONDS
from tests.infra.extremes import FORCED, FULL, TABLE
from tests.infra.synthesized import (
    ROOT,
    SynthesizedTemplate,
    flat,
    logical_id,
)

PHYSICAL_NAME_PROPERTIES = (
    "FunctionName",
    "LogGroupName",
    "PolicyName",
    "QueueName",
    "RoleName",
    "TableName",
)


def test_ledger_is_billed_by_request_and_outlives_the_stack(template: SynthesizedTemplate) -> None:
    table = template.only("AWS::DynamoDB::Table")

    assert table["DeletionPolicy"] == "Retain"
    assert table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True
    }


def test_ledger_of_an_earlier_stack_is_taken_over_by_its_name(full: SynthesizedTemplate) -> None:
    table = full.only("AWS::DynamoDB::Table")

    assert table["Properties"]["TableName"] == TABLE
    assert table["DeletionPolicy"] == "Retain"


def test_ledger_name_that_no_table_can_have_is_refused() -> None:
    with pytest.raises(ValueError, match="ledger_table_name: 'no table!'"):
        Settings(ledger_table_name="no table!")


def test_ledger_is_keyed_by_pk_and_listed_by_state(template: SynthesizedTemplate) -> None:
    table = template.only("AWS::DynamoDB::Table")["Properties"]

    assert table["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"}]
    assert table["GlobalSecondaryIndexes"] == [
        {
            "IndexName": "byState",
            "KeySchema": [
                {"AttributeName": "state", "KeyType": "HASH"},
                {"AttributeName": "updatedAt", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_function_runs_the_handler_of_its_name(
    template: SynthesizedTemplate, operation: str
) -> None:
    function = template.functions()[operation]

    assert function["Handler"] == f"operations.{module_name(operation)}.handler"
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["TracingConfig"] == {"Mode": "Active"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_function_has_a_role_and_a_log_group_of_its_own(
    template: SynthesizedTemplate, operation: str
) -> None:
    function = template.functions()[operation]
    role = logical_id(function["Role"])
    log_group = logical_id(function["LoggingConfig"]["LogGroup"])

    assert role.startswith(f"{operation}Role")
    assert log_group.startswith(f"{operation}Logs")
    assert template.document["Resources"][log_group]["Properties"]["RetentionInDays"] == 365


def test_logs_outlive_the_stack(template: SynthesizedTemplate) -> None:
    kept = [
        (group["DeletionPolicy"], group["UpdateReplacePolicy"])
        for group in template.of_type("AWS::Logs::LogGroup").values()
    ]

    assert set(kept) == {("Retain", "Retain")}


def test_functions_and_operation_modules_are_the_same_set(template: SynthesizedTemplate) -> None:
    modules = {
        path.stem
        for path in (ROOT / "functions" / "operations").glob("*.py")
        if path.stem != "__init__"
    }

    operations = {name.removeprefix("Setup") for name in template.functions()}
    operations |= set(custom_resource.OPERATIONS)  # which are there by a setting
    assert {module_name(operation) for operation in operations} == modules


@pytest.mark.parametrize(
    ("operation", "module"),
    [
        ("TagResource", "tag_resource"),
        ("EnableAWSServiceAccess", "enable_aws_service_access"),
        ("ListAWSServiceAccessForOrganization", "list_aws_service_access_for_organization"),
        ("CreateGovCloudAccount", "create_gov_cloud_account"),
    ],
)
def test_module_name_splits_words_and_keeps_acronyms_whole(operation: str, module: str) -> None:
    assert module_name(operation) == module


def test_function_times_out_before_the_task_that_waits_for_it(
    template: SynthesizedTemplate,
) -> None:
    task_timeouts = [
        int(seconds)
        for seconds in re.findall(
            r'"TimeoutSeconds": (\d+)', template.machine()["DefinitionString"]
        )
    ]

    assert min(task_timeouts) == TASK_SECONDS
    assert max(each["Timeout"] for each in template.functions().values()) < TASK_SECONDS


def test_function_knows_the_ledger_and_the_bus_exactly_when_it_may_use_them(
    template: SynthesizedTemplate,
) -> None:
    for operation, function in template.functions().items():
        environment = function["Environment"]["Variables"]
        used = {
            action.partition(":")[0]
            for statement in template.statements_of(operation)
            for action in statement.actions
        }

        assert ("LEDGER_TABLE_NAME" in environment) == ("dynamodb" in used), operation
        assert ("EVENT_BUS_NAME" in environment) == ("events" in used), operation
        assert environment["POWERTOOLS_SERVICE_NAME"] == "account-vending"
        assert environment["POWERTOOLS_METRICS_NAMESPACE"] == "AccountVending"
        assert environment["LOG_LEVEL"] == "INFO"


RULES = {
    "AccountRequested": "VendingWorkflow",
    "AccountRetirementRequested": "AccountRetirementWorkflow",
}


@pytest.mark.parametrize(("detail_type", "machine"), RULES.items())
def test_rule_starts_the_machine_with_the_whole_event_of_any_account_request(
    template: SynthesizedTemplate, detail_type: str, machine: str
) -> None:
    _, rule = template.rule(detail_type)
    machine_id = template.machine_id(machine)
    (bus_id,) = template.of_type("AWS::Events::EventBus")
    (target,) = rule["Targets"]

    assert rule["EventPattern"] == {
        "account": [{"Ref": "AWS::AccountId"}],
        "detail-type": [detail_type],
        "source": [{"anything-but": ["account-vending"]}],
    }
    assert rule["EventBusName"] == {"Ref": bus_id}
    assert rule["State"] == "ENABLED"
    assert target["Arn"] == {"Ref": machine_id}
    assert not {"Input", "InputPath", "InputTransformer"} & target.keys()


@pytest.mark.parametrize("detail_type", RULES)
def test_rule_retries_for_a_day_and_then_keeps_the_event(
    template: SynthesizedTemplate, detail_type: str
) -> None:
    (target,) = template.rule(detail_type)[1]["Targets"]
    (queue_id,) = template.of_type("AWS::SQS::Queue")

    assert target["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": 24 * 60 * 60,
        "MaximumRetryAttempts": 185,
    }
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [queue_id, "Arn"]}}


def test_dead_letter_queue_is_encrypted_and_keeps_two_weeks(template: SynthesizedTemplate) -> None:
    queue = template.only("AWS::SQS::Queue")["Properties"]

    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


def test_dead_letter_queue_takes_messages_from_the_rules_only_and_over_tls_only(
    template: SynthesizedTemplate,
) -> None:
    policy = template.only("AWS::SQS::QueuePolicy")["Properties"]["PolicyDocument"]
    (deny,) = (each for each in policy["Statement"] if each["Effect"] == "Deny")
    allowed = [each for each in policy["Statement"] if each["Effect"] == "Allow"]

    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert {each["Action"] for each in allowed} == {"sqs:SendMessage"}
    assert sorted(
        logical_id(each["Condition"]["ArnEquals"]["aws:SourceArn"]) for each in allowed
    ) == sorted(
        id_
        for id_, rule in template.of_type("AWS::Events::Rule").items()
        if "EventPattern" in rule["Properties"]  # a schedule's next event makes up for a lost one
    )


def test_only_the_bus_and_the_state_machine_have_names_that_a_person_types(
    template: SynthesizedTemplate,
) -> None:
    named = {
        id_
        for id_, resource in template.document["Resources"].items()
        for name in PHYSICAL_NAME_PROPERTIES
        if name in resource["Properties"]
        # One must be named, the other says whose it is; so do the logs of the state machines,
        # which are named for the beginning that AWS knows.
        and resource["Type"]
        not in ("AWS::IAM::Policy", "AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission")
        and "/aws/vendedlogs/states/" not in str(resource["Properties"][name])
    }

    assert named == set()
    assert template.only("AWS::Events::EventBus")["Properties"]["Name"] == "account-vending"
    assert template.machine()["StateMachineName"] == "account-vending"
    assert "StateMachineName" not in template.machine("OrganizationSetupWorkflow")


def test_output_lists_the_services_that_the_role_may_enable(template: SynthesizedTemplate) -> None:
    listed = template.document["Outputs"]["ServicePrincipals"]["Value"]

    assert tuple(listed.split()) == DOCUMENTED_SERVICE_PRINCIPALS


def test_function_that_looks_ahead_gets_what_may_be_enabled(full: SynthesizedTemplate) -> None:
    environment = full.functions()["AcceptRequest"]["Environment"]["Variables"]
    outputs = full.document["Outputs"]

    for name, output, allowed in (
        ("SERVICE_PRINCIPALS", "ServicePrincipals", DOCUMENTED_SERVICE_PRINCIPALS),
        ("FORCED_SERVICE_PRINCIPALS", "ForcedServicePrincipals", (FORCED,)),
        ("POLICY_TYPES", "PolicyTypes", FULL.policy_types),
        (
            "INVITED_ACCOUNT_ROLE_NAMES",
            "InvitedAccountRoleNames",
            FULL.invited_account_role_names,
        ),
    ):
        assert environment[name] == outputs[output]["Value"] == " ".join(allowed)


def test_plan_gets_the_tag_that_keeps_accounts(
    template: SynthesizedTemplate, bare: SynthesizedTemplate
) -> None:
    environment = template.functions()["AcceptRetirement"]["Environment"]["Variables"]

    shown = template.document["Outputs"]["RetirementProtectedTag"]["Value"]
    assert shown == environment["RETIREMENT_PROTECTED_TAG"]
    assert "RetirementProtectedTag" not in bare.document["Outputs"]


def test_what_may_be_enabled_fits_the_environment_of_a_function(
    template: SynthesizedTemplate,
) -> None:
    environment = template.functions()["AcceptRequest"]["Environment"]["Variables"]
    allowed = {
        "SERVICE_PRINCIPALS",
        "FORCED_SERVICE_PRINCIPALS",
        "POLICY_TYPES",
        "INVITED_ACCOUNT_ROLE_NAMES",
    }
    others = {name: value for name, value in environment.items() if name not in allowed}
    # A name that CloudFormation gives is at most 255 characters long, a table's.
    characters = sum(
        len(name) + (len(value) if isinstance(value, str) else 255)
        for name, value in others.items()
    )

    assert characters + len("".join(allowed)) + ALLOWANCES_MAX < 4096
    with pytest.raises(ValueError, match="service_principals"):
        Settings(service_principals=tuple(f"{n:0100}.amazonaws.com" for n in range(30)))


def test_outputs_name_the_resources_that_they_promise(template: SynthesizedTemplate) -> None:
    outputs = template.document["Outputs"]
    expected = {
        "EventBusName": "AWS::Events::EventBus",
        "LedgerTableName": "AWS::DynamoDB::Table",
        "DeadLetterQueueUrl": "AWS::SQS::Queue",
    }

    for output, type_ in expected.items():
        (id_,) = template.of_type(type_)
        assert flat(outputs[output]["Value"]) == f"${{{id_}}}"
    for output, construct in {
        "StateMachineArn": "VendingWorkflow",
        "OrganizationSetupStateMachineArn": "OrganizationSetupWorkflow",
    }.items():
        assert outputs[output]["Value"] == {"Ref": template.machine_id(construct)}


def test_settings_that_could_never_work_are_refused_with_every_problem() -> None:
    with pytest.raises(ValueError, match="creation_burst") as refused:
        Settings(creation_burst=0, function_timeout_seconds=60)

    assert "function_timeout_seconds must be less than 60" in str(refused.value)
