"""Who may do what: exactly this and nothing else."""

import json
import re
from importlib import import_module

import pytest

from infra.account_vending_stack import OPERATIONS
from infra.operation_function import module_name
from infra.service_principals import DOCUMENTED_SERVICE_PRINCIPALS
from tests.infra.synthesized import SynthesizedTemplate, logical_id
from vending.limits import REQUEST_ID_TAG

ANY = "*"
LEDGER = "ledger"
BUS = "bus"
ACCOUNTS = "arn:aws:organizations::${AWS::AccountId}:account/o-*/*"
ROOTS = "arn:aws:organizations::${AWS::AccountId}:root/o-*/r-*"
UNITS = "arn:aws:organizations::${AWS::AccountId}:ou/o-*/ou-*"
EXECUTIONS = "arn:aws:states:us-east-1:${AWS::AccountId}:execution:account-vending:*"

CREATION_FINDER = {
    "organizations:ListCreateAccountStatus": {ANY},
    "organizations:ListAccounts": {ANY},
    "organizations:DescribeAccount": {ACCOUNTS},
    "organizations:ListTagsForResource": {ACCOUNTS},
}


def announced_row(*operations: str) -> dict[str, set[str]]:
    """What it takes to change a row in these ways and to say so."""
    return {f"dynamodb:{operation}": {LEDGER} for operation in operations} | {
        "events:PutEvents": {BUS}
    }


# Beyond its own logs and traces.
EXPECTED_GRANTS: dict[str, dict[str, set[str]]] = {
    "AcceptRequest": announced_row("PutItem", "UpdateItem")
    | {"states:DescribeExecution": {EXECUTIONS}},
    "CreateAccount": announced_row("GetItem", "UpdateItem")
    | CREATION_FINDER
    | {
        "organizations:CreateAccount": {ANY},
        "organizations:TagResource": {ACCOUNTS},
    },
    "DescribeCreateAccountStatus": announced_row("GetItem", "UpdateItem")
    | CREATION_FINDER
    | {"organizations:DescribeCreateAccountStatus": {ANY}},
    "DescribeAccount": announced_row("UpdateItem") | {"organizations:DescribeAccount": {ACCOUNTS}},
    "CreateOrganizationalUnit": {
        "organizations:ListRoots": {ANY},
        "organizations:ListOrganizationalUnitsForParent": {ROOTS, UNITS},
        "organizations:CreateOrganizationalUnit": {ROOTS, UNITS},
    },
    "MoveAccount": {
        "organizations:ListParents": {ACCOUNTS},
        "organizations:MoveAccount": {ACCOUNTS, ROOTS, UNITS},
    },
    "TagResource": {
        "organizations:ListTagsForResource": {ACCOUNTS},
        "organizations:TagResource": {ACCOUNTS},
    },
    "EnableAWSServiceAccess": {
        "organizations:ListAWSServiceAccessForOrganization": {ANY},
        "organizations:EnableAWSServiceAccess": {ANY},
    },
    "EnableOrganizationsRootSessions": {
        "iam:ListOrganizationsFeatures": {ANY},
        "iam:EnableOrganizationsRootCredentialsManagement": {ANY},
        "iam:EnableOrganizationsRootSessions": {ANY},
        "organizations:EnableAWSServiceAccess": {ANY},
    },
    "RecordVended": announced_row("UpdateItem"),
    "RecordFailure": announced_row("GetItem", "PutItem", "UpdateItem"),
}

# Service Authorization Reference: these actions know no resources.
ACTIONS_WITHOUT_RESOURCES = {
    "iam:EnableOrganizationsRootCredentialsManagement",
    "iam:EnableOrganizationsRootSessions",
    "iam:ListOrganizationsFeatures",
    "logs:CreateLogDelivery",
    "logs:CreateLogStream",  # of deliveries, for the state machine; functions name their group
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutLogEvents",  # as CreateLogStream
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "organizations:CreateAccount",
    "organizations:DescribeCreateAccountStatus",
    "organizations:EnableAWSServiceAccess",
    "organizations:ListAWSServiceAccessForOrganization",
    "organizations:ListAccounts",
    "organizations:ListCreateAccountStatus",
    "organizations:ListRoots",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}

INLINE_POLICY_CHARACTERS = 10_240


def test_every_operation_has_expected_grants(template: SynthesizedTemplate) -> None:
    assert set(EXPECTED_GRANTS) == set(template.functions()) == set(OPERATIONS)


@pytest.mark.parametrize("operation", EXPECTED_GRANTS)
def test_function_may_do_exactly_this_on_exactly_these_resources(
    template: SynthesizedTemplate, operation: str
) -> None:
    own_log_group = logical_id(template.functions()[operation]["LoggingConfig"]["LogGroup"])
    (table_id,) = template.of_type("AWS::DynamoDB::Table")
    (bus_id,) = template.of_type("AWS::Events::EventBus")
    names = {f"${{{table_id}.Arn}}": LEDGER, f"${{{bus_id}.Arn}}": BUS}

    granted: dict[str, set[str]] = {}
    for statement in template.statements_of(operation):
        for action in statement.actions:
            resources = {names.get(resource, resource) for resource in statement.resources}
            granted.setdefault(action, set()).update(resources)

    assert granted == EXPECTED_GRANTS[operation] | {
        "logs:CreateLogStream": {f"${{{own_log_group}.Arn}}"},
        "logs:PutLogEvents": {f"${{{own_log_group}.Arn}}"},
        "xray:PutTraceSegments": {ANY},
        "xray:PutTelemetryRecords": {ANY},
    }


@pytest.mark.parametrize("operation", EXPECTED_GRANTS)
def test_function_is_granted_exactly_what_its_operation_calls(operation: str) -> None:
    module = import_module(f"operations.{module_name(operation)}")

    needed = set(module.CALLS)
    if "organizations:CreateAccount" in needed:
        needed.add("organizations:TagResource")  # AWS checks it too, for the tags at creation

    assert set(EXPECTED_GRANTS[operation]) == needed


def test_state_machine_may_invoke_exactly_the_functions(template: SynthesizedTemplate) -> None:
    machine = template.only("AWS::StepFunctions::StateMachine")["Properties"]
    statements = template.statements(logical_id(machine["RoleArn"]))

    (invoke,) = (each for each in statements if "lambda:InvokeFunction" in each.actions)

    assert invoke.actions == {"lambda:InvokeFunction"}
    assert invoke.resources == {
        f"${{{function}.Arn}}" for function in template.of_type("AWS::Lambda::Function")
    }


def test_rule_may_start_exactly_this_machine(template: SynthesizedTemplate) -> None:
    (target,) = template.only("AWS::Events::Rule")["Properties"]["Targets"]
    (machine_id,) = template.of_type("AWS::StepFunctions::StateMachine")

    (start,) = template.statements(logical_id(target["RoleArn"]))

    assert start.actions == {"states:StartExecution"}
    assert start.resources == {f"${{{machine_id}}}"}


def test_account_without_request_id_tag_cannot_be_created(template: SynthesizedTemplate) -> None:
    conditions = {
        action: statement.condition
        for statement in template.statements_of("CreateAccount")
        for action in statement.actions
    }
    carries_request_id = {"Null": {f"aws:RequestTag/{REQUEST_ID_TAG}": "false"}}

    assert conditions["organizations:CreateAccount"] == carries_request_id
    assert conditions["organizations:TagResource"] == carries_request_id


@pytest.mark.parametrize(
    ("operation", "principals"),
    [
        ("EnableAWSServiceAccess", list(DOCUMENTED_SERVICE_PRINCIPALS)),
        ("EnableOrganizationsRootSessions", "iam.amazonaws.com"),
    ],
)
def test_service_access_is_limited_to_named_services(
    template: SynthesizedTemplate, operation: str, principals: str | list[str]
) -> None:
    (enable,) = (
        statement
        for statement in template.statements_of(operation)
        if "organizations:EnableAWSServiceAccess" in statement.actions
    )

    assert enable.actions == {"organizations:EnableAWSServiceAccess"}
    assert enable.condition == {"StringEquals": {"organizations:ServicePrincipal": principals}}


def test_service_principals_are_sorted_and_unique() -> None:
    assert list(DOCUMENTED_SERVICE_PRINCIPALS) == sorted(set(DOCUMENTED_SERVICE_PRINCIPALS))


def test_roles_have_no_managed_policies_and_one_owner_each(template: SynthesizedTemplate) -> None:
    roles = template.of_type("AWS::IAM::Role")
    machine = template.only("AWS::StepFunctions::StateMachine")["Properties"]
    (target,) = template.only("AWS::Events::Rule")["Properties"]["Targets"]
    owners = [
        *(logical_id(function["Role"]) for function in template.functions().values()),
        logical_id(machine["RoleArn"]),
        logical_id(target["RoleArn"]),
    ]

    assert sorted(owners) == sorted(roles)
    assert not [
        id_ for id_, role in roles.items() if role["Properties"].keys() & {"ManagedPolicyArns"}
    ]


def test_statements_are_named_allowances_of_named_actions(template: SynthesizedTemplate) -> None:
    for role in template.of_type("AWS::IAM::Role"):
        for statement in template.statements(role):
            assert statement.sid, (role, statement)
            assert statement.effect == "Allow", (role, statement)
            assert all(re.fullmatch(r"[a-z]+:[A-Za-z]+", each) for each in statement.actions)


def test_star_is_granted_only_where_an_action_knows_no_resources(
    template: SynthesizedTemplate,
) -> None:
    starred = {
        action
        for role in template.of_type("AWS::IAM::Role")
        for statement in template.statements(role)
        if ANY in statement.resources
        for action in statement.actions
    }

    assert starred <= ACTIONS_WITHOUT_RESOURCES


@pytest.mark.parametrize(
    ("service", "conditions"),
    [
        ("lambda.amazonaws.com", None),
        (
            "states.amazonaws.com",
            {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        ),
        (
            "events.amazonaws.com",
            {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        ),
    ],
)
def test_role_trusts_one_service_and_where_documented_only_for_this_account(
    template: SynthesizedTemplate, service: str, conditions: dict[str, object] | None
) -> None:
    trusts = [
        role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        for role in template.of_type("AWS::IAM::Role").values()
    ]

    own = [trust for (trust,) in trusts if trust["Principal"] == {"Service": service}]

    assert own
    assert all(trust["Action"] == "sts:AssumeRole" for trust in own)
    assert all(trust.get("Condition") == conditions for trust in own)


def test_policies_fit_into_what_iam_allows_a_role(template: SynthesizedTemplate) -> None:
    sizes = {
        id_: len(json.dumps(policy["Properties"]["PolicyDocument"], separators=(",", ":")))
        for id_, policy in template.of_type("AWS::IAM::Policy").items()
    }

    assert max(sizes.values()) < INLINE_POLICY_CHARACTERS
