"""What each operation declares to call is what it calls: its role is granted that and no more."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_contact
from tests.unit.functions import approving, custom_resources, retiring
from tests.unit.functions.organization import ROOT_ID
from tests.unit.functions.payloads import (
    ACCOUNT_ID,
    EMAIL,
    REQUEST_ID,
    REQUEST_ID_TAG,
    UNIT_ID,
    a_request,
    accepted,
    an_account,
    await_answer,
    create,
    describe,
    invite,
    invited,
    reserve,
    vend,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World, module_name
from vending.errors.exceptions import (
    ClosingRefusedForNow,
    ConcurrentModification,
    EmailCodeRefused,
    OperationRefused,
    OutcomeUnknown,
    RequestInvalid,
    ServiceUnavailable,
    TaskTokenRefused,
)
from vending.handler import wiring

OPERATIONS = Path(__file__).parents[3] / "functions" / "operations"


def accept_and_take_over(world: World) -> None:
    world.call("AcceptRequest", request=a_request(requestId="over"), executionArn=EXECUTION)
    world.organization.executions[EXECUTION] = "ABORTED"
    for execution in (EXECUTION, OTHER_EXECUTION):
        world.call("AcceptRequest", request=a_request(), executionArn=execution)
    vend(world, executionArn=OTHER_EXECUTION, organizationalUnitId=UNIT_ID)
    world.call("AcceptRequest", request=a_request(), executionArn=EXECUTION)
    world.organization.add_unit("Workloads")
    world.now += 60  # a path that led nowhere a moment ago is not searched for
    # Where a member stands decides on it, of which an email leads to the id.
    world.policy = {"protected": {"organizationalUnits": ["/Security"]}}
    invited_by_email = a_request(
        requestId="member", source="invited", account={"email": "somebody@example.com"}
    )
    world.call("AcceptRequest", request=invited_by_email, executionArn=EXECUTION)
    world.now += 60  # a unit that was seen a moment ago is not looked at
    world.organization.add_policy("Teams", Type="TAG_POLICY", content='{"tags": {"a": {}}}')
    for request_id in ("searching", "knowing"):
        request = a_request(
            requestId=request_id,
            account=an_account_of_its_own(len(request_id)),
            organizationalUnit="/Workloads/Missing",
            policies=[
                {"name": "Absent", "type": "TAG_POLICY"},
                {"name": "Teams", "type": "TAG_POLICY", "content": '{"tags": {}}'},
            ],
            serviceAccess=["ipam.amazonaws.com"],
        )
        with pytest.raises(RequestInvalid):
            world.call("AcceptRequest", request=request, executionArn=EXECUTION)
    there = {
        "source": "existing",
        "account": {"accountId": world.organization.add_account(email="there@example.com")},
    }
    policies = [{"name": "Teams", "type": "TAG_POLICY"}]
    request = a_request(requestId="there", policies=policies, **there)
    world.call("AcceptRequest", request=request, executionArn=EXECUTION)


def fill_the_gate(world: World) -> None:
    """The request has a place; who waits behind it is woken, or does not wait any more."""
    reserve(world)
    tokens = []
    for number in range(6):
        other = a_request(requestId=f"other-{number}", account=an_account_of_its_own(number))
        accepted(world, other)
        tokens.append(reserve(world, other["requestId"]))
    del world.organization.tokens[tokens[4]]
    world.calls_of.clear()


def an_account_of_its_own(number: int) -> dict[str, str]:
    return {"name": f"Other {number}", "email": f"other{number}@example.com"}


def reserve_and_find_the_dead(world: World) -> None:
    accepted(world)
    reserve(world)
    with contextlib.suppress(TaskTokenRefused):
        reserve(world, taskToken="long gone")


def lose_the_answer(world: World, operation: str) -> None:
    """And look for what was made while it does not show."""
    world.organization.lose_answer(operation)
    with contextlib.suppress(OutcomeUnknown):
        create(world, operation=operation)
    shown = dict(world.organization.creations)
    world.organization.creations.clear()
    with contextlib.suppress(OutcomeUnknown):
        create(world, operation=operation)
    world.organization.creations.update(shown)


def create_with_a_lost_answer(world: World) -> None:
    accepted(world)
    fill_the_gate(world)
    lose_the_answer(world, "CreateAccount")
    world.organization.finish()
    create(world)


def create_a_pair_with_a_lost_answer(world: World) -> None:
    accepted(world, a_request(source="new-govcloud"))
    fill_the_gate(world)
    lose_the_answer(world, "CreateGovCloudAccount")
    world.organization.finish()
    create(world, operation="CreateGovCloudAccount")


def invite_with_a_lost_answer_and_members(world: World) -> None:
    world.organization.lose_answer("InviteAccountToOrganization")
    with contextlib.suppress(ServiceUnavailable):
        invited(world)
    handshake_id = invite(world)["handshakeId"]
    invite(world)
    world.organization.end_invitation(handshake_id, "CANCELED")
    world.organization.executions[EXECUTION] = "ABORTED"
    world.call(
        "AcceptRequest", request=world.row(REQUEST_ID)["request"], executionArn=OTHER_EXECUTION
    )
    for account in ({"accountId": "111111111111"}, {"email": EMAIL}):
        world.organization.add_account(email=EMAIL)
        world.organization.refuse(
            "InviteAccountToOrganization",
            "HandshakeConstraintViolationException",
            "ALREADY_IN_AN_ORGANIZATION",
        )
        with contextlib.suppress(OperationRefused):
            invite(world, execution=OTHER_EXECUTION, **account)


def await_an_accepted_invitation(world: World) -> None:
    handshake_id = invited(world, email=EMAIL)["handshakeId"]
    world.organization.end_invitation(handshake_id, "ACCEPTED")
    await_answer(world, handshake_id, email=EMAIL)


def accept_an_invitation(world: World) -> None:
    world.watch_new_clients()
    handshake_id = invited(world)["handshakeId"]
    world.call(
        "AcceptHandshake",
        requestId=REQUEST_ID,
        handshakeId=handshake_id,
        accountId="222222222222",
        roleName="Admin",
    )
    # Again, when the account is a member, whose role is not assumed any more.
    world.organization.refuse("AssumeRole", "AccessDenied")
    world.call(
        "AcceptHandshake",
        requestId=REQUEST_ID,
        handshakeId=handshake_id,
        accountId="222222222222",
        roleName="Admin",
    )


def cancel_an_invitation(world: World) -> None:
    handshake_id = invited(world)["handshakeId"]
    world.call(
        "CancelHandshake",
        requestId=REQUEST_ID,
        executionArn=EXECUTION,
        handshakeId=handshake_id,
    )


def describe_a_conflict(world: World) -> None:
    accepted(world)
    fill_the_gate(world)
    creation_id = create(world)["createAccountRequestId"]
    describe(world, creation_id, taskToken=world.organization.wait_for_answer())
    world.organization.create_account("else@example.com")
    world.organization.finish()
    world.organization.finish(creation_id, failure="EMAIL_ALREADY_EXISTS")
    world.organization.add_account(email=EMAIL, tags={REQUEST_ID_TAG: REQUEST_ID})
    describe(world, creation_id)


def describe_an_existing_account(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    accepted(world, {"source": "existing", "account": {"accountId": account_id}})
    world.call(
        "DescribeAccount",
        requestId=f"a-{account_id}",
        executionArn=EXECUTION,
        accountId=account_id,
    )


def make_a_unit(world: World) -> None:
    for _ in ("made", "known"):
        world.call("CreateOrganizationalUnit", requestId=REQUEST_ID, organizationalUnit="/A")


def move_an_account(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    for _ in ("made", "known"):
        world.call(
            "MoveAccount", requestId=REQUEST_ID, accountId=account_id, organizationalUnit="/A"
        )


def tag_an_account(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    world.call("TagResource", requestId=REQUEST_ID, accountId=account_id, tags={})


def enable_a_service(world: World) -> None:
    principals = ["ram.amazonaws.com"]
    world.call("EnableAWSServiceAccess", requestId=REQUEST_ID, servicePrincipals=principals)


def ensure_a_policy(world: World) -> None:
    for content in ('{"tags": {"a": {}}}', '{"tags": {"b": {}}}'):
        policy = {"name": "Guard", "type": "TAG_POLICY", "description": "", "content": content}
        world.call("CreatePolicy", requestId=REQUEST_ID, policy=policy, update=True)


def attach_a_policy(world: World) -> None:
    world.call(
        "AttachPolicy",
        requestId=REQUEST_ID,
        policyId=world.organization.add_policy(),
        policyType="SERVICE_CONTROL_POLICY",
        targetId=ROOT_ID,
    )


def enable_a_policy_type(world: World) -> None:
    world.call("EnablePolicyType", requestId=REQUEST_ID, policyTypes=["TAG_POLICY"])


def ask_for_all_features(world: World) -> None:
    world.organization.feature_set = "CONSOLIDATED_BILLING"
    world.call("EnableAllFeatures", requestId=REQUEST_ID)
    world.organization.add_handshake("000000000042", state="DECLINED")
    world.call("EnableAllFeatures", requestId=REQUEST_ID)


def enable_root_credentials_management(world: World) -> None:
    world.call("EnableOrganizationsRootCredentialsManagement", requestId=REQUEST_ID)


def accept_a_document(world: World) -> None:
    world.call("AcceptOrganizationSetup", document={})


def report_a_setup(world: World) -> None:
    world.call("ReportOrganizationSetup", results={}, error=None)


def enable_root_sessions(world: World) -> None:
    features = ["RootSessions"]
    world.call("EnableOrganizationsRootSessions", requestId=REQUEST_ID, features=features)


def set_contacts(world: World) -> None:
    world.organization.service_access.add("account.amazonaws.com")
    world.call(
        "PutAlternateContact",
        requestId=REQUEST_ID,
        accountId=world.organization.add_account(email=EMAIL),
        contacts={"billing": a_contact("Billing")},
    )


def delete_a_contact(world: World) -> None:
    set_contacts(world)
    world.call(
        "DeleteAlternateContact",
        requestId=REQUEST_ID,
        accountId=world.called("PutAlternateContact")[-1]["AccountId"],
        given=["billing"],
        wanted=[],
    )


def rename_an_account(world: World) -> None:
    world.organization.service_access.add("account.amazonaws.com")
    account_id = world.organization.add_account(email=EMAIL)
    world.call("PutAccountName", requestId=REQUEST_ID, accountId=account_id, accountName="Another")


def change_an_email(world: World) -> None:
    world.organization.service_access.add("account.amazonaws.com")
    new = "new@example.com"
    accepted(world)
    vend(world)
    request = a_request(account=an_account(email=new))
    world.call("AcceptRequest", request=request, executionArn=OTHER_EXECUTION)
    world.ledger.mark_account_created(REQUEST_ID, OTHER_EXECUTION, account_id=ACCOUNT_ID)
    payload = {"requestId": REQUEST_ID, "executionArn": OTHER_EXECUTION, "accountId": ACCOUNT_ID}
    payload |= {"email": new}
    token = world.organization.wait_for_token()
    starting = {**payload, "awaitedSince": int(world.now * 1000), "taskToken": token}
    world.call("StartPrimaryEmailUpdate", **starting)
    with contextlib.suppress(EmailCodeRefused):
        world.call("AcceptPrimaryEmailUpdate", **payload, code="zzzzzz")
    code = world.organization.state.email_codes[ACCOUNT_ID].code
    world.call("AcceptPrimaryEmailUpdate", **payload, code=code)
    world.call("StartPrimaryEmailUpdate", **starting)


def await_an_approval(world: World) -> None:
    world.policy = approving.a_policy()
    approving.accept(world)
    approving.wait(world)


def untag_an_account(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL, tags={"owner": "me"})
    payload = {"accountId": account_id, "given": ["owner"], "wanted": []}
    world.call("UntagResource", requestId=REQUEST_ID, **payload)


def detach_a_policy(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    world.organization.attach(world.organization.add_policy("Guard"), account_id)
    given = [{"type": "SERVICE_CONTROL_POLICY", "name": "Guard"}]
    payload = {"accountId": account_id, "given": given, "wanted": []}
    world.call("DetachPolicy", requestId=REQUEST_ID, **payload)


def record_vended(world: World) -> None:
    accepted(world)
    vend(world, organizationalUnitId=UNIT_ID)


def record_a_rejection_and_a_failure(world: World) -> None:
    error: dict[str, Any] = {"Error": "States.Timeout"}
    world.call("RecordFailure", request={"requestId": "a"}, executionArn=EXECUTION, error=error)
    accepted(world)
    fill_the_gate(world)
    world.call("RecordFailure", request={"requestId": "b"}, executionArn=EXECUTION, error=error)
    world.call("RecordFailure", request=a_request(), executionArn=EXECUTION, error=error)


def accept_a_retirement(world: World) -> None:
    account_id = retiring.an_account(world)
    request = a_request(requestId="over", source="existing", account={"accountId": account_id})
    accepted(world, request, OTHER_EXECUTION)
    world.ledger.mark_failed("over", OTHER_EXECUTION, state="FAILED", error={})
    with contextlib.suppress(ConcurrentModification):
        retiring.accept(world, retiring.a_retirement_request(account_id))
    for execution in (EXECUTION, OTHER_EXECUTION):
        retiring.accept(world, retiring.a_retirement_request(account_id), execution)


def reserve_a_closing(world: World) -> None:
    account_id = retiring.an_account(world)
    retiring.due(world, account_id)
    with contextlib.suppress(TaskTokenRefused):
        world.call(
            "ReserveClosing",
            accountId=account_id,
            executionArn=EXECUTION,
            taskToken="long gone",
        )


def one_is_not_notified(world: World) -> tuple[str, str]:
    """An account whose slot has come, and its execution; a fourth was not notified of its own."""
    accounts = [retiring.an_account(world, f"Unit{number}") for number in range(4)]
    for account_id in accounts:
        retiring.accept(world, retiring.a_retirement_request(account_id), EXECUTION + account_id)
        retiring.record(world, account_id, "RETIRING", EXECUTION + account_id)
    world.later(15 * retiring.DAY)
    for account_id in accounts:
        retiring.reserve(world, account_id, EXECUTION + account_id)
    slots = wiring.closing_slots()
    version, queue = slots.read()
    slots._write(queue.release(accounts[1], world.now, slots.quota)[0], version)
    world.organization.tokens.clear()
    world.later(2_000)
    world.calls_of.clear()
    return accounts[0], EXECUTION + accounts[0]


def close_an_account(world: World) -> None:
    account_id, execution = one_is_not_notified(world)
    world.organization.refuse("CloseAccount", "TooManyRequestsException")
    with contextlib.suppress(ClosingRefusedForNow):
        retiring.close(world, account_id, execution)


def follow_a_closure(world: World) -> None:
    account_id, _ = one_is_not_notified(world)
    world.call("DescribeClosure", accountId=account_id)


def record_a_retirement(world: World) -> None:
    account_id, execution = one_is_not_notified(world)
    retiring.record(world, account_id, "FAILED", execution, error={"Error": "AccessDenied"})
    retiring.accept(world, {"accountId": account_id, "action": "restore"}, OTHER_EXECUTION)
    retiring.record(world, account_id, "RESTORED", OTHER_EXECUTION)


def end_delegations(world: World) -> None:
    account_id = retiring.an_account(world)
    world.organization.state.delegations[account_id] = {
        "guardduty.amazonaws.com": world.organization.state.now()
    }
    retiring.due(world, account_id, deregisterDelegatedAdministrator=True)
    world.call("DeregisterDelegatedAdministrator", accountId=account_id, executionArn=EXECUTION)


def request_for_cloudformation(world: World) -> None:
    """A deletion calls more than a creation, and starts another machine."""
    world.call("AcceptRequest", request=a_request(), executionArn=EXECUTION)
    vend(world, organizationalUnitId=None)
    world.policy = custom_resources.AS_ADMINISTRATOR
    custom_resources.stack(world, "CREATE_COMPLETE", "DELETE_IN_PROGRESS")
    gone = custom_resources.an_event("Delete", PhysicalResourceId=REQUEST_ID)
    custom_resources.ask(world, gone)


def wait_for_a_custom_account(world: World) -> None:
    arn = custom_resources.STARTED
    world.organization.executions[arn] = "RUNNING"
    world.call("WaitForCustomAccount", executionArn=arn, taskToken="a token")


def describe_a_custom_account(world: World) -> None:
    world.organization.executions[custom_resources.STARTED] = "RUNNING"
    custom_resources.look(world, isOverdue=True)


def respond_to_cloudformation(world: World) -> None:
    """AWS's SDK is not asked: the address of the answer is signed."""
    with pytest.raises(OperationRefused):
        world.call(
            "RespondToCloudFormation", event=custom_resources.an_event(ResponseURL="https://x")
        )


SCENARIOS = {
    "RequestCustomAccount": request_for_cloudformation,
    "WaitForCustomAccount": wait_for_a_custom_account,
    "DescribeCustomAccount": describe_a_custom_account,
    "RespondToCloudFormation": respond_to_cloudformation,
    "AcceptRetirement": accept_a_retirement,
    "ReserveClosing": reserve_a_closing,
    "DeregisterDelegatedAdministrator": end_delegations,
    "CloseAccount": close_an_account,
    "DescribeClosure": follow_a_closure,
    "DetachPolicy": detach_a_policy,
    "RecordRetirement": record_a_retirement,
    "AcceptRequest": accept_and_take_over,
    "AwaitApproval": await_an_approval,
    "ReserveCreation": reserve_and_find_the_dead,
    "CreateAccount": create_with_a_lost_answer,
    "CreateGovCloudAccount": create_a_pair_with_a_lost_answer,
    "InviteAccountToOrganization": invite_with_a_lost_answer_and_members,
    "DescribeHandshake": await_an_accepted_invitation,
    "AcceptHandshake": accept_an_invitation,
    "CancelHandshake": cancel_an_invitation,
    "DescribeCreateAccountStatus": describe_a_conflict,
    "DescribeAccount": describe_an_existing_account,
    "CreateOrganizationalUnit": make_a_unit,
    "MoveAccount": move_an_account,
    "TagResource": tag_an_account,
    "EnablePolicyType": enable_a_policy_type,
    "CreatePolicy": ensure_a_policy,
    "AttachPolicy": attach_a_policy,
    "EnableAWSServiceAccess": enable_a_service,
    "EnableOrganizationsRootCredentialsManagement": enable_root_credentials_management,
    "EnableOrganizationsRootSessions": enable_root_sessions,
    "PutAlternateContact": set_contacts,
    "PutAccountName": rename_an_account,
    "StartPrimaryEmailUpdate": change_an_email,
    "AcceptPrimaryEmailUpdate": change_an_email,
    "UntagResource": untag_an_account,
    "DeleteAlternateContact": delete_a_contact,
    "AcceptOrganizationSetup": accept_a_document,
    "EnableAllFeatures": ask_for_all_features,
    "ReportOrganizationSetup": report_a_setup,
    "RecordVended": record_vended,
    "RecordFailure": record_a_rejection_and_a_failure,
}


@pytest.mark.parametrize(("operation", "scenario"), SCENARIOS.items(), ids=SCENARIOS)
def test_operation_calls_all_that_it_declares(
    world: World,
    operation: str,
    scenario: Callable[[World], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in custom_resources.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    scenario(world)

    declared = importlib.import_module(f"operations.{module_name(operation)}").CALLS
    assert world.calls_of[operation] == declared


def test_every_operation_has_its_scenario() -> None:
    modules = {path.stem for path in OPERATIONS.glob("[a-z]*.py")}

    assert {module_name(operation) for operation in SCENARIOS} == modules
