"""A thief with any role of the stack: what it is not there for is denied, and nothing changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from infra import custom_resource
from infra.account_vending_stack import OPERATIONS
from infra.organization_setup_workflow import OWN_OPERATIONS, PREFIX
from tests.abuse import harmful_calls
from tests.grids import few
from tests.workflow.invitations import EXTERNAL_ID, INVITED, ROLE

if TYPE_CHECKING:
    from tests.abuse.target import Target

FUNCTIONS = (
    *OPERATIONS,
    *(f"{PREFIX}{operation}" for operation in OWN_OPERATIONS),
    *custom_resource.OPERATIONS,
    "AnswerCreateAccount",
    "AnswerCustomAccount",
    "AnswerHandshake",
    "ArchiveAudit",
    "DecideApproval",
    "DetectDrift",
    "DiscoverAccount",
    "ReconcileLedger",
    "RecordExecutionEnd",
    "ServeCustomAccount",
)
QUICK = (
    "AcceptHandshake",
    "AcceptRequest",
    "AnswerCreateAccount",
    "ArchiveAudit",
    "CloseAccount",
    "CreateAccount",
    "DecideApproval",
    "DetachPolicy",
    "DiscoverAccount",
    "EnableAWSServiceAccess",
    "MoveAccount",
    "ReconcileLedger",
    "RecordVended",
    "RequestCustomAccount",
    "ServeCustomAccount",
    "SetupCreatePolicy",
    "TagResource",
)
"""Each of another kind; what the others may is exactly what tests/infra/test_grants.py says."""

STARTS = {"RequestBusStart": "", "RequestBusStartRetirement": "AccountRetirement"}
"""Roles of rules, and which machine each starts."""

STARTED = {"RequestCustomAccount": ("", "AccountRetirement")}
"""The functions that start machines which others start too, and those."""

OTHERS = (
    *STARTS,
    "AccountRetirementWorkflow",
    "CustomResourceWorkflow",
    "VendingWorkflow",
    "OrganizationSetupWorkflow",
)
BEYOND = (
    "AcceptHandshake",
    "AcceptRequest",
    "ArchiveAudit",
    "AwaitApproval",
    "CreateAccount",
    "CreateGovCloudAccount",
    "CreateOrganizationalUnit",
    "DecideApproval",
    "DescribeHandshake",
    "EnableAWSServiceAccess",
    "EnableOrganizationsRootSessions",
    "InviteAccountToOrganization",
    "MoveAccount",
    "ReconcileLedger",
    "RecordFailure",
    "RecordVended",
    "SetupAcceptHandshake",
    "TagResource",
)


def succeeding(target: Target, name: str, tried: Mapping[str, harmful_calls.Calls]) -> list[str]:
    """What a thief with the role could do of these calls, and of those that change something."""
    done = [
        done
        for service, calls in tried.items()
        for done in target.succeeding(target.stolen(name, service), calls)
    ]
    client = target.stolen(name, "organizations")
    return done + target.succeeding(client, harmful_calls.changes(target, name))


def test_every_role_of_the_stack_is_tried(target: Target) -> None:
    assert set(target.functions) == set(FUNCTIONS)
    assert set(target.roles) == {*FUNCTIONS, *OTHERS}


@pytest.mark.parametrize("name", few(FUNCTIONS, quick=QUICK))
def test_stolen_role_of_a_function_is_denied_everything_that_it_is_not_there_for(
    target: Target, name: str
) -> None:
    tried = harmful_calls.of_nobody(target, name)
    machines = tried["stepfunctions"]["start_execution"]
    tried["stepfunctions"]["start_execution"] = [
        call
        for call, started in zip(machines, harmful_calls.MACHINES, strict=True)
        if started not in STARTED.get(name, ())
    ]

    assert succeeding(target, name, tried) == []
    assert target.snapshot() == target.before


@pytest.mark.parametrize("name", BEYOND)
def test_stolen_role_cannot_misuse_what_it_is_there_for(target: Target, name: str) -> None:
    beyond = harmful_calls.beyond_its_purpose(target)
    service, calls = beyond[name]

    assert target.succeeding(target.stolen(name, service), calls) == []
    assert target.snapshot() == target.before
    assert set(beyond) == set(BEYOND)


def test_role_that_accepts_reaches_the_invited_account_with_the_external_id(
    target: Target,
) -> None:
    session = target.stolen("AcceptHandshake", "sts").assume_role(
        RoleArn=f"arn:aws:iam::{INVITED}:role/{ROLE}",
        RoleSessionName="account-vending",
        ExternalId=EXTERNAL_ID,
    )

    assert session["Credentials"]


@pytest.mark.parametrize("name", OTHERS)
def test_stolen_role_of_a_machine_or_of_the_rule_changes_nothing(target: Target, name: str) -> None:
    tried = harmful_calls.of_nobody(target, name)
    machine = tried["stepfunctions"].pop("start_execution")
    if name in STARTS:
        own = harmful_calls.MACHINES.index(STARTS[name])
        tried["stepfunctions"]["start_execution"] = [*machine[:own], *machine[own + 1 :]]
    else:
        # A machine invokes its functions, and what these do is theirs to decide.
        tried["lambda"].pop("invoke")

    assert succeeding(target, name, tried) == []
    assert target.snapshot() == target.before


def test_machine_invokes_no_function_of_the_other_one(target: Target) -> None:
    setup = [target.functions[f"{PREFIX}{operation}"] for operation in OWN_OPERATIONS]
    requests = [target.functions[name] for name in ("AcceptRequest", "CreateAccount")]
    retirements = [target.functions[name] for name in ("AcceptRetirement", "CloseAccount")]

    for machine, functions in (
        ("VendingWorkflow", [*setup, *retirements]),
        ("OrganizationSetupWorkflow", [*requests, *retirements]),
        ("AccountRetirementWorkflow", [*setup, *requests]),
    ):
        calls = {"invoke": [{"FunctionName": name} for name in functions]}
        assert target.succeeding(target.stolen(machine, "lambda"), calls) == []
