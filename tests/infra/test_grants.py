"""Who may do what: exactly this and nothing else."""

import json
import re
from importlib import import_module
from typing import get_args

import pytest

from infra.account_vending_stack import OPERATIONS
from infra.operation_function import module_name
from infra.service_principals import DOCUMENTED_SERVICE_PRINCIPALS
from infra.settings import Settings
from tests.infra.extremes import FORCED
from tests.infra.synthesized import (
    MACHINES,
    ROOT,
    SynthesizedTemplate,
    flat,
    logical_id,
)
from vending.request.fields import PolicyType
from vending.request.validators import REQUEST_ID_TAG

ANY = "*"
LEDGER = "ledger"
BUS = "bus"
ACCOUNTS = "arn:aws:organizations::${AWS::AccountId}:account/o-*/*"
CONTACTS = "arn:aws:account::${AWS::AccountId}:account/o-*/*"
ROOTS = "arn:aws:organizations::${AWS::AccountId}:root/o-*/r-*"
UNITS = "arn:aws:organizations::${AWS::AccountId}:ou/o-*/ou-*"
POLICIES = "arn:aws:organizations::${AWS::AccountId}:policy/o-*/*"
AWS_POLICIES = "arn:aws:organizations::aws:policy/*"
ALL_FEATURES_HANDSHAKES = {
    f"arn:aws:organizations::${{AWS::AccountId}}:handshake/o-*/{action}_all_features/h-*"
    for action in ("approve", "enable")
}
ORGANIZATIONS_ROLE = (
    "arn:aws:iam::${AWS::AccountId}:role/aws-service-role/organizations.amazonaws.com/"
    "AWSServiceRoleForOrganizations"
)
INVITATIONS = "arn:aws:organizations::${AWS::AccountId}:handshake/o-*/invite/h-*"
EXECUTIONS = "arn:aws:states:us-east-1:${AWS::AccountId}:execution:account-vending:*"
MACHINE = "arn:aws:states:us-east-1:${AWS::AccountId}:stateMachine:account-vending"
SERVICES = json.loads(
    (ROOT / "functions" / "vending" / "request" / "service_principals.json").read_text()
)
SERVICE_ONLY = {name for name, one in SERVICES.items() if one["enableVia"] == "SERVICE_ONLY"}

CREATION_FINDER = {
    "organizations:ListCreateAccountStatus": {ANY},
    "organizations:ListAccounts": {ANY},
    "organizations:ListTagsForResource": {ACCOUNTS},
}


def announced_row(*operations: str) -> dict[str, set[str]]:
    """What it takes to change a row in these ways and to say so."""
    return {f"dynamodb:{operation}": {LEDGER} for operation in operations} | {
        "events:PutEvents": {BUS}
    }


# What it takes to make room at the creation queue and to tell whoever is next.
TURNS = {
    "dynamodb:GetItem": {LEDGER},
    "dynamodb:PutItem": {LEDGER},
    "states:SendTaskSuccess": {MACHINE},
    "states:DescribeExecution": {EXECUTIONS},
}
RETIRING_EXECUTIONS = EXECUTIONS.replace("account-vending", "account-retirement")
CLOSINGS = TURNS | {
    "states:SendTaskSuccess": {MACHINE.replace("account-vending", "account-retirement")},
    "states:DescribeExecution": {RETIRING_EXECUTIONS},
}
TAGGING = (
    "organizations:CreateAccount",
    "organizations:CreateGovCloudAccount",
    "organizations:InviteAccountToOrganization",
)

# Beyond its own logs and traces.
UNITS_ENSURED = {
    "dynamodb:GetItem": {LEDGER},
    "dynamodb:PutItem": {LEDGER},
    "organizations:DescribeOrganizationalUnit": {UNITS},
    "organizations:ListRoots": {ANY},
    "organizations:ListOrganizationalUnitsForParent": {ROOTS, UNITS},
    "organizations:CreateOrganizationalUnit": {ROOTS, UNITS},
}

EXPECTED_GRANTS: dict[str, dict[str, set[str]]] = {
    "AcceptRequest": announced_row("DeleteItem", "GetItem", "PutItem", "UpdateItem")
    | {
        "states:DescribeExecution": {EXECUTIONS},
        "organizations:DescribeAccount": {ACCOUNTS},
        "organizations:DescribeOrganization": {ANY},
        "organizations:DescribeOrganizationalUnit": {UNITS},
        "organizations:DescribePolicy": {POLICIES, AWS_POLICIES},
        "organizations:ListAWSServiceAccessForOrganization": {ANY},
        "organizations:ListOrganizationalUnitsForParent": {ROOTS, UNITS},
        "organizations:ListAccounts": {ANY},
        "organizations:ListParents": {ACCOUNTS, UNITS},
        "organizations:ListPolicies": {ANY},
        "organizations:ListPoliciesForTarget": {ACCOUNTS},
        "organizations:ListRoots": {ANY},
    },
    "AwaitApproval": announced_row("GetItem", "PutItem", "UpdateItem"),
    "ReserveCreation": announced_row("GetItem", "UpdateItem") | TURNS,
    "CreateAccount": announced_row("GetItem", "UpdateItem")
    | TURNS
    | CREATION_FINDER
    | {
        "organizations:CreateAccount": {ANY},
        "organizations:TagResource": {ANY},
    },
    "CreateGovCloudAccount": announced_row("GetItem", "UpdateItem")
    | TURNS
    | CREATION_FINDER
    | {
        "organizations:CreateGovCloudAccount": {ANY},
        "organizations:TagResource": {ANY},
    },
    "InviteAccountToOrganization": announced_row("GetItem", "PutItem", "UpdateItem")
    | {
        "organizations:InviteAccountToOrganization": {ANY},
        "organizations:TagResource": {ANY},
        "organizations:DescribeAccount": {ACCOUNTS},
        "organizations:DescribeHandshake": {INVITATIONS},
        "organizations:ListAccounts": {ANY},
        "organizations:ListHandshakesForOrganization": {ANY},
    },
    "DescribeHandshake": {
        "dynamodb:PutItem": {LEDGER},
        "dynamodb:UpdateItem": {LEDGER},
        "organizations:DescribeHandshake": {INVITATIONS},
        "organizations:ListAccounts": {ANY},
        "states:SendTaskSuccess": {MACHINE},
    },
    "CancelHandshake": {
        "dynamodb:GetItem": {LEDGER},
        "organizations:CancelHandshake": {INVITATIONS},
    },
    "DescribeCreateAccountStatus": announced_row("GetItem", "UpdateItem")
    | TURNS
    | CREATION_FINDER
    | {
        "organizations:DescribeCreateAccountStatus": {ANY},
        "states:SendTaskFailure": {MACHINE},
    },
    "DescribeAccount": announced_row("GetItem", "UpdateItem")
    | {
        "organizations:DescribeAccount": {ACCOUNTS},
        "organizations:ListTagsForResource": {ACCOUNTS},
    },
    "CreateOrganizationalUnit": UNITS_ENSURED,
    "MoveAccount": UNITS_ENSURED
    | {
        "organizations:ListParents": {ACCOUNTS},
        "organizations:MoveAccount": {ACCOUNTS, ROOTS, UNITS},
    },
    "TagResource": {
        "organizations:ListTagsForResource": {ACCOUNTS},
        "organizations:TagResource": {ACCOUNTS},
    },
    "EnablePolicyType": {
        "organizations:ListRoots": {ANY},
        "organizations:EnablePolicyType": {ROOTS},
    },
    "CreatePolicy": {
        "organizations:ListPolicies": {ANY},
        "organizations:CreatePolicy": {ANY},
        "organizations:DescribePolicy": {POLICIES, AWS_POLICIES},
    },
    "SetupCreatePolicy": {
        "organizations:ListPolicies": {ANY},
        "organizations:CreatePolicy": {ANY},
        "organizations:DescribePolicy": {POLICIES, AWS_POLICIES},
        "organizations:UpdatePolicy": {POLICIES},
    },
    "AttachPolicy": {
        "organizations:ListPoliciesForTarget": {ACCOUNTS},
        "organizations:AttachPolicy": {POLICIES, AWS_POLICIES, ACCOUNTS},
    },
    "SetupAttachPolicy": {
        "organizations:ListPoliciesForTarget": {ROOTS, UNITS},
        "organizations:AttachPolicy": {POLICIES, AWS_POLICIES, ROOTS, UNITS},
    },
    "EnableAWSServiceAccess": {
        "organizations:ListAWSServiceAccessForOrganization": {ANY},
        "organizations:EnableAWSServiceAccess": {ANY},
    },
    "SetupEnableAWSServiceAccess": {
        "organizations:ListAWSServiceAccessForOrganization": {ANY},
        "organizations:EnableAWSServiceAccess": {ANY},
    },
    "EnableOrganizationsRootCredentialsManagement": {
        "iam:ListOrganizationsFeatures": {ANY},
        "iam:EnableOrganizationsRootCredentialsManagement": {ANY},
        "organizations:EnableAWSServiceAccess": {ANY},
    },
    "EnableOrganizationsRootSessions": {
        "iam:ListOrganizationsFeatures": {ANY},
        "iam:EnableOrganizationsRootCredentialsManagement": {ANY},
        "iam:EnableOrganizationsRootSessions": {ANY},
        "organizations:EnableAWSServiceAccess": {ANY},
    },
    "PutAlternateContact": {
        "account:GetAlternateContact": {CONTACTS},
        "account:PutAlternateContact": {CONTACTS},
    },
    "PutAccountName": {
        "account:PutAccountName": {CONTACTS},
        "organizations:DescribeAccount": {ACCOUNTS},
    },
    "UntagResource": {
        "organizations:ListTagsForResource": {ACCOUNTS},
        "organizations:UntagResource": {ACCOUNTS},
    },
    "DetachPolicy": {
        "organizations:ListPoliciesForTarget": {ACCOUNTS},
        "organizations:DetachPolicy": {POLICIES, ACCOUNTS},
    },
    "DeleteAlternateContact": {
        "account:DeleteAlternateContact": {CONTACTS},
        "account:GetAlternateContact": {CONTACTS},
    },
    "StartPrimaryEmailUpdate": announced_row("PutItem", "UpdateItem")
    | {
        "account:GetPrimaryEmail": {CONTACTS},
        "account:StartPrimaryEmailUpdate": {CONTACTS},
        "states:SendTaskSuccess": {MACHINE},
    },
    "AcceptPrimaryEmailUpdate": {
        "account:AcceptPrimaryEmailUpdate": {CONTACTS},
        "account:GetPrimaryEmail": {CONTACTS},
        "dynamodb:GetItem": {LEDGER},
        "dynamodb:UpdateItem": {LEDGER},
    },
    "RecordVended": announced_row("DeleteItem", "GetItem", "UpdateItem")
    | {
        "organizations:DescribeAccount": {ACCOUNTS},
        "organizations:ListParents": {ACCOUNTS},
    },
    "RecordFailure": announced_row("DeleteItem", "GetItem", "PutItem", "UpdateItem") | TURNS,
    "AcceptRetirement": {
        "dynamodb:DeleteItem": {LEDGER},
        "dynamodb:GetItem": {LEDGER},
        "dynamodb:PutItem": {LEDGER},
        "states:DescribeExecution": {RETIRING_EXECUTIONS},
        "organizations:DescribeAccount": {ACCOUNTS},
        "organizations:DescribeOrganizationalUnit": {UNITS},
        "organizations:ListDelegatedServicesForAccount": {ACCOUNTS},
        "organizations:ListParents": {ACCOUNTS, UNITS},
        "organizations:ListPoliciesForTarget": {ACCOUNTS},
        "organizations:ListTagsForResource": {ACCOUNTS},
    },
    "ReserveClosing": CLOSINGS
    | {"dynamodb:UpdateItem": {LEDGER}, "organizations:ListAccounts": {ANY}},
    "DeregisterDelegatedAdministrator": {
        "dynamodb:GetItem": {LEDGER},
        "dynamodb:UpdateItem": {LEDGER},
        "organizations:DeregisterDelegatedAdministrator": {ACCOUNTS},
        "organizations:ListDelegatedServicesForAccount": {ACCOUNTS},
    },
    "CloseAccount": CLOSINGS
    | {
        "dynamodb:UpdateItem": {LEDGER},
        "organizations:CloseAccount": {ACCOUNTS},
        "organizations:DescribeAccount": {ACCOUNTS},
    },
    "DescribeClosure": CLOSINGS | {"organizations:DescribeAccount": {ACCOUNTS}},
    "RecordRetirement": announced_row("DeleteItem", "UpdateItem") | CLOSINGS,
    "AcceptOrganizationSetup": {},
    "EnableAllFeatures": {
        "organizations:DescribeOrganization": {ANY},
        "organizations:ListHandshakesForOrganization": {ANY},
        "organizations:EnableAllFeatures": {ANY},
        "organizations:DescribeAccount": {ACCOUNTS},
    },
    # By default no role in another account accepts.
    "AcceptHandshake": {"organizations:DescribeHandshake": {INVITATIONS}},
    "SetupAcceptHandshake": {
        "organizations:AcceptHandshake": ALL_FEATURES_HANDSHAKES,
        "iam:CreateServiceLinkedRole": {ORGANIZATIONS_ROLE},
    },
    "ReportOrganizationSetup": {},
}

# Service Authorization Reference: these actions know no resources.
ACTIONS_WITHOUT_RESOURCES = {
    "dynamodb:ListStreams",
    "iam:EnableOrganizationsRootCredentialsManagement",
    "iam:EnableOrganizationsRootSessions",
    "iam:ListOrganizationsFeatures",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "organizations:CreateAccount",
    "organizations:CreateGovCloudAccount",
    "organizations:CreatePolicy",
    "organizations:DescribeCreateAccountStatus",
    "organizations:DescribeOrganization",
    "organizations:EnableAWSServiceAccess",
    "organizations:EnableAllFeatures",
    "organizations:ListAWSServiceAccessForOrganization",
    "organizations:ListAccounts",
    "organizations:ListCreateAccountStatus",
    "organizations:ListHandshakesForOrganization",
    "organizations:ListPolicies",
    "organizations:ListRoots",
    "servicequotas:ListServiceQuotas",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}

# AWS does not say on what it authorizes them for an account without an ARN; the tag limits them.
ACTIONS_ON_NEW_ACCOUNTS = {"organizations:InviteAccountToOrganization", "organizations:TagResource"}
CARRIES_REQUEST_ID = {"Null": {f"aws:RequestTag/{REQUEST_ID_TAG}": "false"}}

INLINE_POLICY_CHARACTERS = 10_240

# What a module calls, but for one of the two machines only.
NOT_GRANTED = {
    "AcceptHandshake": {"organizations:AcceptHandshake", "sts:AssumeRole"},
    "CreatePolicy": {"organizations:UpdatePolicy"},
    "SetupAcceptHandshake": {"organizations:DescribeHandshake", "sts:AssumeRole"},
}


def test_every_operation_has_expected_grants(template: SynthesizedTemplate) -> None:
    assert set(EXPECTED_GRANTS) == set(template.functions())
    assert {name.removeprefix("Setup") for name in EXPECTED_GRANTS} == set(OPERATIONS)


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
    module = import_module(f"operations.{module_name(operation.removeprefix('Setup'))}")

    needed = module.CALLS - NOT_GRANTED.get(operation, set())
    if needed & set(TAGGING):
        needed.add("organizations:TagResource")  # AWS checks it too, for the tags given along
    if "organizations:AcceptHandshake" in needed:
        needed.add("iam:CreateServiceLinkedRole")  # AWS makes its role on behalf of the caller

    assert set(EXPECTED_GRANTS[operation]) == needed


ANNOUNCEMENTS = [
    *("AccountVended", "AccountChanged", "AccountVendingFailed"),
    "AccountVendingStateChanged",
]
OF_RETIREMENTS = [
    "AccountClosed",
    "AccountRestored",
    "AccountRetirementFailed",
    "AccountRetiring",
]
ANNOUNCED_BY = {
    "AwaitApproval": ["AccountRetirementAwaitsApproval", "AccountVendingStateChanged"],
    "AcceptRequest": ["AccountVendingFailed", "AccountVendingStateChanged"],
    "RecordFailure": ["AccountVendingFailed", "AccountVendingStateChanged"],
    "RecordRetirement": OF_RETIREMENTS,
    "RecordVended": ["AccountChanged", "AccountVended", "AccountVendingStateChanged"],
}
"""What is announced besides progress, by who records it."""


def putting(source: str, detail_types: list[str]) -> dict[str, object]:
    return {
        "ForAllValues:StringEquals": {
            "events:source": source,
            "events:detail-type": detail_types,
        },
        "Null": {"events:source": "false", "events:detail-type": "false"},
    }


def put_events(template: SynthesizedTemplate, role_id: str) -> list[object]:
    """The conditions under which a role may put events."""
    return [
        statement.condition
        for statement in template.statements(role_id)
        if "events:PutEvents" in statement.actions
    ]


def test_function_that_announces_can_put_announcements_only(
    template: SynthesizedTemplate,
) -> None:
    for operation, granted in EXPECTED_GRANTS.items():
        role = logical_id(template.functions()[operation]["Role"])
        announced = ANNOUNCED_BY.get(operation, ["AccountVendingStateChanged"])
        expected = [putting("account-vending", announced)] * ("events:PutEvents" in granted)
        assert put_events(template, role) == expected, operation


def test_reconciler_announces_and_whoever_discovers_accounts_requests(
    full: SynthesizedTemplate,
) -> None:
    conditions = {
        name: put_events(full, logical_id(full.entrance(name)[1]["Role"]))
        for name in ("DecideApproval", "DiscoverAccount", "ReconcileLedger", "RecordExecutionEnd")
    }

    assert conditions == {
        "DecideApproval": [putting("account-vending", ["AccountApprovalRefused"])],
        "ReconcileLedger": [
            putting("account-vending", [*ANNOUNCEMENTS, "AccountVendingReconciled"])
        ],
        "RecordExecutionEnd": [putting("account-vending", ANNOUNCEMENTS)],
        "DiscoverAccount": [putting("account-vending.discovered-accounts", ["AccountRequested"])],
    }


def test_whoever_detects_drift_may_request_repairs_where_the_setting_says_so(
    template: SynthesizedTemplate, full: SynthesizedTemplate
) -> None:
    reporting, repairing = (
        put_events(each, logical_id(each.entrance("DetectDrift")[1]["Role"]))
        for each in (template, full)
    )

    assert reporting == [putting("account-vending", ["AccountDrifted"])]
    (condition,) = repairing
    assert condition == {
        "ForAllValues:StringEquals": {
            "events:source": ["account-vending", "account-vending.drift-repairs"],
            "events:detail-type": ["AccountDrifted", "AccountRequested"],
        },
        "Null": {"events:source": "false", "events:detail-type": "false"},
    }


CREATION_QUEUE: dict[str, str | list[str]] = {
    "GetItem": "gate#creation",
    "PutItem": "gate#creation",
}
READ_TOKENS: dict[str, str | list[str]] = {"GetItem": "token#*"}
SAVE_TOKENS: dict[str, str | list[str]] = {"PutItem": "token#*"}
LOCKS = ["account#*", "email#*"]
USAGE = ["requester#*"]
INVITED = ["request#*", "handshake#*", "invited#*"]
RETIREMENTS: dict[str, str | list[str]] = dict.fromkeys(("GetItem", "UpdateItem"), "retirement#*")
CLOSING: list[dict[str, str | list[str]]] = [
    dict.fromkeys(("GetItem", "PutItem"), "queue#closing"),
    {"GetItem": "token#retirement#*"},
]
ROWS: dict[str, list[dict[str, str | list[str]]]] = {
    "AcceptRetirement": [
        {"GetItem": ["retirement#*", "request#*"]},
        {"PutItem": ["retirement#*", *LOCKS]},
        {"DeleteItem": LOCKS},
    ],
    "ReserveClosing": [RETIREMENTS, *CLOSING, {"PutItem": "token#retirement#*"}],
    "DeregisterDelegatedAdministrator": [RETIREMENTS],
    "CloseAccount": [RETIREMENTS, *CLOSING],
    "DescribeClosure": [{"GetItem": "retirement#*"}, *CLOSING],
    "RecordRetirement": [RETIREMENTS, *CLOSING, {"DeleteItem": LOCKS}],
    "AcceptRequest": [
        {"GetItem": ["request#*", *USAGE, "record#*"]},
        dict.fromkeys(("GetItem", "PutItem"), "unit#*"),
        dict.fromkeys(("GetItem", "PutItem"), "organization#*"),
        {key: ["request#*", *LOCKS, *USAGE, "record#*"] for key in ("PutItem", "UpdateItem")},
        {"DeleteItem": LOCKS},
    ],
    "AwaitApproval": [
        {key: ["request#*", "retirement#*"] for key in ("GetItem", "UpdateItem")},
        SAVE_TOKENS,
    ],
    "ReserveCreation": [
        dict.fromkeys(("GetItem", "UpdateItem"), "request#*"),
        CREATION_QUEUE,
        READ_TOKENS,
        SAVE_TOKENS,
    ],
    "CreateAccount": [
        dict.fromkeys(("GetItem", "UpdateItem"), "request#*"),
        CREATION_QUEUE,
        READ_TOKENS,
        {"PutItem": "creation#*"},
    ],
    "CreateGovCloudAccount": [
        dict.fromkeys(("GetItem", "UpdateItem"), "request#*"),
        CREATION_QUEUE,
        READ_TOKENS,
        {"PutItem": "creation#*"},
    ],
    "DescribeHandshake": [{"UpdateItem": "request#*"}, SAVE_TOKENS],
    "StartPrimaryEmailUpdate": [{"UpdateItem": "request#*"}, SAVE_TOKENS],
    "AcceptPrimaryEmailUpdate": [dict.fromkeys(("GetItem", "UpdateItem"), "request#*")],
    "InviteAccountToOrganization": [
        dict.fromkeys(("GetItem", "UpdateItem"), "request#*"),
        {"PutItem": ["handshake#*", "invited#*"]},
    ],
    "DescribeCreateAccountStatus": [
        dict.fromkeys(("GetItem", "UpdateItem"), "request#*"),
        CREATION_QUEUE,
        READ_TOKENS,
        SAVE_TOKENS,
        {"GetItem": "creation#*"},
    ],
    "DescribeAccount": [
        {"UpdateItem": "request#*"},
        {"GetItem": ["request#*", "account#*", "email#*"]},
    ],
    "CreateOrganizationalUnit": [dict.fromkeys(("GetItem", "PutItem"), "unit#*")],
    "MoveAccount": [dict.fromkeys(("GetItem", "PutItem"), "unit#*")],
    "RecordVended": [
        {"GetItem": ["request#*", "record#*"]},
        {"UpdateItem": ["request#*", "record#*", "revision#*"]},
        {"DeleteItem": LOCKS},
    ],
    "RecordFailure": [
        dict.fromkeys(("GetItem", "PutItem", "UpdateItem"), "request#*"),
        {"DeleteItem": LOCKS},
        CREATION_QUEUE,
        READ_TOKENS,
    ],
}


@pytest.mark.parametrize("operation", ROWS)
def test_function_may_touch_no_other_rows_than_these(
    template: SynthesizedTemplate, operation: str
) -> None:
    granted = []
    for statement in template.statements_of(operation):
        names = [each.removeprefix("dynamodb:") for each in statement.actions if "dynamodb" in each]
        if names:
            assert statement.condition is not None
            keys = statement.condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            in_transactions = statement.sid in {"ClaimWithLocks", "RecordRevision"}
            assert ("Null" in statement.condition) != in_transactions
            if not in_transactions:
                assert statement.condition["Null"] == {"dynamodb:LeadingKeys": "false"}
            granted.append(dict.fromkeys(names, keys))

    assert len(granted) == len(ROWS[operation])
    assert all(each in granted for each in ROWS[operation])


def test_every_function_that_uses_the_ledger_is_held_to_its_rows(
    template: SynthesizedTemplate,
) -> None:
    for operation in EXPECTED_GRANTS:
        for statement in template.statements_of(operation):
            if any(action.startswith("dynamodb:") for action in statement.actions):
                assert statement.condition is not None, operation
                assert "ForAllValues:StringLike" in statement.condition, operation


def test_quota_of_the_settings_reaches_whoever_hands_out_turns(
    template: SynthesizedTemplate,
) -> None:
    for operation, function in template.functions().items():
        environment = function["Environment"]["Variables"]
        quota = {name: value for name, value in environment.items() if "CREATION" in name}

        assert (quota != {}) == (TURNS.items() <= EXPECTED_GRANTS[operation].items()), operation
        if quota:
            assert quota == {
                "CREATION_RATE_PER_SECOND": "0.1",
                "CREATION_BURST": "3",
                "CREATIONS_IN_PROGRESS": "5",
                "CREATION_LEASE_SECONDS": "900",
                "CREATION_SLACK_SECONDS": "3",
            }


def test_closing_quota_of_the_settings_reaches_whoever_hands_out_slots(
    template: SynthesizedTemplate,
) -> None:
    for operation, function in template.functions().items():
        environment = function["Environment"]["Variables"]
        quota = {name: value for name, value in environment.items() if "CLOSING" in name}

        assert (quota != {}) == (CLOSINGS.items() <= EXPECTED_GRANTS[operation].items()), operation
        if quota:
            assert quota == {
                "CLOSING_RATE_PER_SECOND": "0.05",
                "CLOSINGS_IN_PROGRESS": "3",
                "CLOSINGS_IN_30_DAYS": "250",
                "CLOSING_LEASE_SECONDS": "3600",
                "CLOSING_SLACK_SECONDS": "1",
            }


def test_settings_of_retirements_reach_whoever_accepts_and_records_them(
    template: SynthesizedTemplate,
) -> None:
    variables = {
        operation: {
            name.removeprefix("RETIREMENT_"): value
            for name, value in function["Environment"]["Variables"].items()
            if name.startswith("RETIREMENT_")
        }
        for operation, function in template.functions().items()
    }

    assert {operation: settings for operation, settings in variables.items() if settings} == {
        "AcceptRetirement": {
            "ORGANIZATIONAL_UNIT": "/Suspended",
            "POLICY_NAME": "RetiredAccounts",
            "PROTECTED_TAG": "account-vending:protected",
        },
        "RecordRetirement": {"GRACE_DAYS": "14"},
    }


@pytest.mark.parametrize("construct", MACHINES)
def test_state_machine_may_write_to_its_own_log_group_only(
    template: SynthesizedTemplate, construct: str
) -> None:
    machine = template.machine(construct)
    (destination,) = machine["LoggingConfiguration"]["Destinations"]
    own = flat(destination["CloudWatchLogsLogGroup"]["LogGroupArn"])

    written = {
        resource
        for statement in template.statements(logical_id(machine["RoleArn"]))
        if {"logs:CreateLogStream", "logs:PutLogEvents"} & statement.actions
        for resource in statement.resources
    }

    assert written == {own}


@pytest.mark.parametrize("construct", MACHINES)
def test_state_machine_may_invoke_exactly_the_functions_it_names(
    template: SynthesizedTemplate, construct: str
) -> None:
    machine = template.machine(construct)
    statements = template.statements(logical_id(machine["RoleArn"]))

    (invoke,) = (each for each in statements if "lambda:InvokeFunction" in each.actions)

    assert invoke.actions == {"lambda:InvokeFunction"}
    assert invoke.resources == {
        flat(function) for function in template.functions_of(construct).values()
    }


def test_every_operation_is_run_by_a_state_machine(template: SynthesizedTemplate) -> None:
    run = {
        logical_id(function)
        for construct in MACHINES
        for function in template.functions_of(construct).values()
    }

    assert run == {
        id_
        for id_, function in template.of_type("AWS::Lambda::Function").items()
        if function["Properties"]["Handler"].startswith("operations.")
    }


@pytest.mark.parametrize(
    ("rule", "machine"),
    [
        ("AccountRequested", "VendingWorkflow"),
        ("AccountRetirementRequested", "AccountRetirementWorkflow"),
    ],
)
def test_rule_may_start_exactly_this_machine(
    template: SynthesizedTemplate, rule: str, machine: str
) -> None:
    (target,) = template.rule(rule)[1]["Targets"]
    machine_id = template.machine_id(machine)

    (start,) = template.statements(logical_id(target["RoleArn"]))

    assert start.actions == {"states:StartExecution"}
    assert start.resources == {f"${{{machine_id}}}"}


@pytest.mark.parametrize("call", TAGGING)
def test_account_without_request_id_tag_cannot_be_created_or_invited(
    template: SynthesizedTemplate, call: str
) -> None:
    conditions = {
        action: statement.condition
        for statement in template.statements_of(call.removeprefix("organizations:"))
        for action in statement.actions
    }

    assert conditions[call] == CARRIES_REQUEST_ID
    assert conditions["organizations:TagResource"] == CARRIES_REQUEST_ID


@pytest.mark.parametrize(
    ("operation", "principals"),
    [
        (
            "EnableAWSServiceAccess",
            [one for one in DOCUMENTED_SERVICE_PRINCIPALS if one not in SERVICE_ONLY],
        ),
        ("SetupEnableAWSServiceAccess", list(DOCUMENTED_SERVICE_PRINCIPALS)),
        ("EnableOrganizationsRootCredentialsManagement", "iam.amazonaws.com"),
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


def test_service_that_the_settings_force_is_what_a_request_may_enable(
    full: SynthesizedTemplate,
) -> None:
    (enable,) = (
        statement
        for statement in full.statements_of("EnableAWSServiceAccess")
        if "organizations:EnableAWSServiceAccess" in statement.actions
    )

    principals = enable.condition["StringEquals"]["organizations:ServicePrincipal"]
    assert SERVICE_ONLY.intersection(principals) == {FORCED}


@pytest.mark.parametrize(
    "operation",
    ["CreatePolicy", "SetupCreatePolicy", "AttachPolicy", "SetupAttachPolicy", "EnablePolicyType"],
)
def test_policies_are_limited_to_named_types(template: SynthesizedTemplate, operation: str) -> None:
    of_allowed_types = {"StringEquals": {"organizations:PolicyType": list(Settings().policy_types)}}

    conditions = {
        action: statement.condition
        for statement in template.statements_of(operation)
        for action in statement.actions
        if action.startswith("organizations:") and action != "organizations:ListRoots"
    }

    assert conditions
    assert all(condition == of_allowed_types for condition in conditions.values())


def test_policy_types_are_those_that_requests_may_use() -> None:
    assert set(Settings().policy_types) == set(get_args(PolicyType))


def test_role_of_organizations_is_the_only_one_that_a_function_may_have_made(
    template: SynthesizedTemplate,
) -> None:
    (create,) = (
        statement
        for statement in template.statements_of("SetupAcceptHandshake")
        if "iam:CreateServiceLinkedRole" in statement.actions
    )

    assert create.condition == {
        "StringEquals": {"iam:AWSServiceName": "organizations.amazonaws.com"}
    }


def test_service_principals_and_what_is_known_of_them_are_the_same_set() -> None:
    assert set(DOCUMENTED_SERVICE_PRINCIPALS) == set(SERVICES)


def test_service_principals_are_sorted_and_unique() -> None:
    assert list(DOCUMENTED_SERVICE_PRINCIPALS) == sorted(set(DOCUMENTED_SERVICE_PRINCIPALS))


def test_roles_have_no_managed_policies_and_one_owner_each(template: SynthesizedTemplate) -> None:
    roles = template.of_type("AWS::IAM::Role")
    owners = [
        *(
            logical_id(function["Properties"]["Role"])
            for function in template.of_type("AWS::Lambda::Function").values()
        ),
        *(logical_id(template.machine(construct)["RoleArn"]) for construct in MACHINES),
        *(
            logical_id(target["RoleArn"])
            for rule in template.of_type("AWS::Events::Rule").values()
            for target in rule["Properties"]["Targets"]
            if "RoleArn" in target
        ),
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
            assert all(re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", each) for each in statement.actions)


def test_star_is_granted_only_where_an_action_knows_no_resources(
    template: SynthesizedTemplate,
) -> None:
    starred = {
        action
        for role in template.of_type("AWS::IAM::Role")
        for statement in template.statements(role)
        if ANY in statement.resources
        for action in statement.actions
        if action not in ACTIONS_ON_NEW_ACCOUNTS or statement.condition != CARRIES_REQUEST_ID
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
