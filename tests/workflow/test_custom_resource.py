"""Custom::Account in stacks on the embedded AWS: made, changed, deleted, failed and taken back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from embedded import lambda_runtime
from embedded.cloud import EmbeddedAws
from infra import custom_resource
from infra.settings import CustomResourceSettings, Settings
from tests.grids import few
from tests.infra.synthesized import synthesize
from tests.workflow import approvals, deployments, retirements
from tests.workflow.stacks import NAME, Stacks, a_session
from tests.workflow.test_existing_account import an_account
from tests.workflow.vending import Vending, eventually, invoke

ACCOUNT = {"name": "Sandbox", "email": "aws+sandbox@example.com"}
PROPERTIES: dict[str, Any] = {
    "account": ACCOUNT,
    "organizationalUnit": "/Workloads/Sandbox",
    "tags": {"cost-center": 1234},
}


@pytest.fixture(scope="module")
def deployed(cloud: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """The stack is deployed with the custom resource, and as before afterwards."""
    folder = tmp_path_factory.mktemp("assembly-with-custom-resource")
    synthesize(Settings(custom_resource=CustomResourceSettings(on_delete="retire")), folder)
    with deployments.deployed(cloud, folder):
        yield cloud


@pytest.fixture
def stacks(deployed: EmbeddedAws) -> Iterator[Stacks]:
    deployed.renew()
    made = Stacks(vending=Vending(deployed))
    yield made
    made.clear()


def test_stack_vends_its_account(stacks: Stacks) -> None:
    status = stacks.create(PROPERTIES)

    assert status == "CREATE_COMPLETE", stacks.reasons()
    (account,) = stacks.vending.accounts()
    outputs = stacks.outputs()
    row = stacks.vending.row(outputs["Id"])
    assert row is not None
    assert outputs == {
        "Id": row["requestId"],
        "AccountId": account["Id"],
        "OrganizationalUnitId": row["organizationalUnitId"],
        "RequestId": row["requestId"],
        "Revision": "1",
    }
    assert stacks.vending.path(account["Id"]) == "/Workloads/Sandbox"
    assert stacks.vending.tags(account["Id"])["cost-center"] == "1234"
    assert row["requestedBy"] == stacks.stack()["StackId"]
    assert row["sender"]["source"] == "account-vending.cloudformation"


def a_resource_that_fails(after: str = "Sandbox") -> dict[str, Any]:
    """What CloudFormation cannot make, once the account is there."""
    properties = {"RoleName": "not a name", "AssumeRolePolicyDocument": {}}
    return {"Type": "AWS::IAM::Role", "DependsOn": after, "Properties": properties}


def answering(stacks: Stacks) -> list[dict[str, Any]]:
    """The executions that answered CloudFormation, the latest first."""
    arn = stacks.vending.aws.outputs["StateMachineArn"].replace(
        "account-vending", "account-custom-resource"
    )
    pages = stacks.vending.states.get_paginator("list_executions").paginate(stateMachineArn=arn)
    return [one for page in pages for one in page["executions"]]


def test_updates_change_the_account_and_keep_its_request(stacks: Stacks) -> None:
    stacks.create(PROPERTIES)
    before = stacks.outputs()

    moved = {**PROPERTIES, "organizationalUnit": "/Workloads/Production", "tags": {}}
    status = stacks.update({**moved, "ifRevision": 1})
    after = stacks.outputs()

    assert status == "UPDATE_COMPLETE", stacks.reasons()
    assert (before["Id"], before["AccountId"]) == (after["Id"], after["AccountId"])
    assert (before["Revision"], after["Revision"]) == ("1", "2")
    assert stacks.vending.path(after["AccountId"]) == "/Workloads/Production"
    assert "cost-center" not in stacks.vending.tags(after["AccountId"])
    late = {**moved, "tags": {"a": "b"}, "ifRevision": 7}
    assert stacks.update(late) == "UPDATE_ROLLBACK_COMPLETE"
    assert "RequestConflict: ifRevision: is 7" in stacks.reasons()[0]


@pytest.mark.slow
def test_refused_update_says_every_mistake_and_changes_nothing(stacks: Stacks) -> None:
    stacks.create(PROPERTIES)
    before = stacks.outputs()

    wrong = {**PROPERTIES, "requestId": "another", "requestedBy": "me", "organizationalUnit": "x"}
    status = stacks.update(wrong)

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    (reason,) = stacks.reasons()
    assert "RequestInvalid: " in reason
    for problem in ("organizationalUnit: ", "requestedBy: is the stack", "and stays; give the"):
        assert problem in reason
    assert stacks.outputs() == before


def test_update_that_is_rolled_back_puts_the_account_back(stacks: Stacks) -> None:
    stacks.create(PROPERTIES)
    moved = {**PROPERTIES, "organizationalUnit": "/Workloads/Production"}

    status = stacks.update(moved, Broken=a_resource_that_fails())

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    (account,) = stacks.vending.accounts()
    assert stacks.vending.path(account["Id"]) == "/Workloads/Sandbox"
    assert retirements.executions(stacks.vending) == []


@pytest.mark.slow
def test_creation_that_is_rolled_back_keeps_the_account_for_the_next(stacks: Stacks) -> None:
    status = stacks.create(PROPERTIES, Broken=a_resource_that_fails())
    (account,) = stacks.vending.accounts()
    stacks.delete()

    again = stacks.create(PROPERTIES)

    assert (status, again) == ("ROLLBACK_COMPLETE", "CREATE_COMPLETE")
    assert stacks.outputs()["AccountId"] == account["Id"]
    assert len(stacks.vending.accounts()) == 1
    assert retirements.executions(stacks.vending) == []


def test_deleted_stack_suspends_its_account_and_closes_nothing(stacks: Stacks) -> None:
    stacks.create(PROPERTIES)
    account_id = stacks.outputs()["AccountId"]

    assert stacks.delete() == "DELETE_COMPLETE"

    row = retirements.row(stacks.vending, account_id)
    assert row["state"] == "RETIRING"
    assert row["reason"] == f"Sandbox was deleted from the stack {NAME}"
    assert row["sender"]["source"] == "account-vending.cloudformation"
    assert retirements.state(stacks.vending, account_id) == "ACTIVE"
    assert stacks.vending.path(account_id) == "/Suspended"


@pytest.mark.slow
def test_resource_that_leaves_its_template_is_retired(stacks: Stacks) -> None:
    topic = {"Type": "AWS::SNS::Topic", "Properties": {}}
    stacks.create(PROPERTIES, Topic=topic)
    account_id = stacks.outputs()["AccountId"]

    stacks.cloudformation.update_stack(
        StackName=NAME, TemplateBody=f'{{"Resources": {{"Topic": {topic!r}}}}}'.replace("'", '"')
    )

    assert stacks.settled() == "UPDATE_COMPLETE"
    assert retirements.row(stacks.vending, account_id)["state"] == "RETIRING"


@pytest.mark.slow
def test_account_that_may_not_be_retired_fails_the_deletion(stacks: Stacks) -> None:
    protected = {**PROPERTIES, "tags": {"account-vending:protected": True}}
    stacks.create(protected)

    assert stacks.delete() == "DELETE_FAILED"
    assert "AccountProtected: " in stacks.reasons()[0]

    account_id = stacks.vending.accounts()[0]["Id"]
    stacks.vending.organizations.untag_resource(
        ResourceId=account_id, TagKeys=["account-vending:protected"]
    )
    assert stacks.delete() == "DELETE_COMPLETE"


@pytest.mark.slow
def test_existing_account_is_adopted(stacks: Stacks) -> None:
    account_id = an_account(stacks.vending)

    status = stacks.create(
        {
            "source": "existing",
            "account": {"accountId": account_id},
            "organizationalUnit": "/Workloads",
        }
    )

    assert status == "CREATE_COMPLETE", stacks.reasons()
    assert stacks.outputs()["AccountId"] == account_id
    assert stacks.vending.path(account_id) == "/Workloads"


@pytest.mark.slow
def test_failure_of_aws_is_the_stacks_with_its_remedy_and_the_next_deployment_resumes(
    stacks: Stacks,
) -> None:
    fails = {"createAccount": {"calls": [1], "seconds": 1, "failureReason": "INTERNAL_FAILURE"}}
    stacks.vending.aws.renew(faults=[fails])

    status = stacks.create(PROPERTIES)
    (reason,) = stacks.reasons()
    stacks.delete()
    again = stacks.create(PROPERTIES)

    assert status == "ROLLBACK_COMPLETE"
    assert "INTERNAL_FAILURE" in reason
    assert again == "CREATE_COMPLETE"
    assert len(stacks.vending.accounts()) == 1


def test_refused_creation_says_every_mistake(stacks: Stacks) -> None:
    status = stacks.create({"account": {"name": "x", "email": "none"}, "colour": "red"})

    (reason,) = stacks.reasons()
    assert status == "ROLLBACK_COMPLETE"
    assert "colour: unknown key" in reason
    assert "account.email" in reason
    assert stacks.vending.executions() == []


@pytest.mark.slow
def test_what_takes_longer_is_picked_up_by_the_next_deployment(stacks: Stacks) -> None:
    stacks.vending.aws.renew(faults=[{"createAccount": {"calls": [1], "seconds": 1_200}}])

    status = stacks.create({**PROPERTIES, "ServiceTimeout": 900})
    (reason,) = stacks.reasons()
    stacks.delete()
    again = stacks.create(PROPERTIES)

    assert status == "ROLLBACK_COMPLETE"
    assert "AccountStillInProgress: " in reason
    assert "is CREATING" in reason
    assert again == "CREATE_COMPLETE", stacks.reasons()
    assert len(stacks.vending.accounts()) == 1
    assert stacks.vending.calls("organizations", "CreateAccount") == 1


@pytest.mark.slow
def test_request_that_waits_for_an_approval_is_vended_by_the_deployment_after_it(
    stacks: Stacks,
) -> None:
    restricted = {**PROPERTIES, "organizationalUnit": approvals.UNIT}

    late = stacks.create({**restricted, "ServiceTimeout": 900})
    (reason,) = stacks.reasons()
    assert "AccountStillInProgress: " in reason
    request_id = reason.split("'")[1]
    stacks.delete()
    stacks.begin(restricted)
    approvals.decide(stacks.vending, request_id, "approve")

    assert late == "ROLLBACK_COMPLETE"
    assert "is AWAITING_APPROVAL" in reason
    assert stacks.settled() == "CREATE_COMPLETE", stacks.reasons()
    assert len(stacks.vending.accounts()) == 1
    # Its retirement needs one as well, and the deletion waits for that.
    with approvals.given(stacks.vending):
        assert stacks.delete() == "DELETE_COMPLETE", stacks.reasons()


@pytest.mark.slow
def test_second_stack_with_the_same_account_waits_for_the_first(stacks: Stacks) -> None:
    stacks.vending.aws.renew(faults=[{"createAccount": {"calls": [1], "seconds": 60}}])
    stacks.begin(PROPERTIES)
    eventually(stacks.vending.executions)
    other = stacks.create(PROPERTIES, name="Other")

    assert (stacks.settled(), other) == ("CREATE_COMPLETE", "CREATE_COMPLETE")
    assert stacks.outputs()["AccountId"] == stacks.outputs("Other")["AccountId"]
    assert len(stacks.vending.accounts()) == 1


@pytest.mark.slow
def test_request_that_somebody_sent_before_is_waited_for(stacks: Stacks) -> None:
    stacks.vending.aws.renew(faults=[{"createAccount": {"calls": [1], "seconds": 60}}])
    stacks.vending.start({**PROPERTIES, "tags": {"cost-center": "4711"}})
    eventually(stacks.vending.executions)

    status = stacks.create(PROPERTIES)

    assert status == "CREATE_COMPLETE", stacks.reasons()
    outputs = stacks.outputs()
    assert outputs["Revision"] == "2"
    assert stacks.vending.tags(outputs["AccountId"])["cost-center"] == "1234"
    assert len(stacks.vending.accounts()) == 1


@pytest.mark.slow
def test_event_that_never_comes_fails_nothing(stacks: Stacks) -> None:
    """The rule is off, so that nothing tells of the end: after ten minutes the machine looks."""
    events = stacks.vending.events
    (rule,) = (
        one["Name"] for one in events.list_rules()["Rules"] if "CustomAccountEnded" in one["Name"]
    )
    events.disable_rule(Name=rule)
    try:
        status = stacks.create(PROPERTIES)
    finally:
        events.enable_rule(Name=rule)

    assert status == "CREATE_COMPLETE", stacks.reasons()


@pytest.mark.slow
def test_event_and_delivery_that_come_again_change_nothing(stacks: Stacks) -> None:
    stacks.create(PROPERTIES)
    (execution,) = answering(stacks)
    described = stacks.vending.states.describe_execution(executionArn=execution["executionArn"])
    event = json.loads(described["input"])["event"]
    awslambda = stacks.vending.aws.client("lambda")

    answer = awslambda.invoke(
        FunctionName=stacks.vending.aws.outputs["CustomAccountServiceToken"],
        Payload=json.dumps(event),
    )
    ends = invoke(
        stacks.vending,
        "AnswerCustomAccount",
        detail={"executionArn": stacks.vending.executions()[0]},
    )

    assert json.loads(answer["Payload"].read()) == {"executionArn": execution["executionArn"]}
    assert len(answering(stacks)) == 1
    assert ends == {"outcome": "LATE"}


@pytest.mark.parametrize(
    ("url", "error"),
    few(
        [
            ("{endpoint}/no-such-bucket/answer?Signature=x", "S3 answered 404"),
            ("https://example.com/answer?Signature=x", "ResponseUrlRefused"),
        ],
        quick=[("{endpoint}/no-such-bucket/answer?Signature=x", "S3 answered 404")],
    ),
)
def test_answer_that_nobody_takes_leaves_the_account_as_asked(
    stacks: Stacks, url: str, error: str
) -> None:
    stack_id = "arn:aws:cloudformation:us-east-1:111111111111:stack/Gone/1"
    event = {
        "RequestType": "Create",
        "ResponseURL": url.format(endpoint=stacks.vending.aws.endpoint_url),
        "StackId": stack_id,
        "RequestId": str(uuid.uuid4()),
        "LogicalResourceId": "Sandbox",
        "ResourceProperties": PROPERTIES | {"tags": {}},
    }
    arn = invoke(stacks.vending, "ServeCustomAccount", **event)["executionArn"]

    ended = stacks.vending.finish(arn)

    assert (ended.status, ended.error) == ("FAILED", "OperationRefused")
    assert error in str(ended.cause)
    assert "Signature" not in str(ended.cause)
    assert len(stacks.vending.accounts()) == 1


def test_signed_address_is_in_no_log(stacks: Stacks) -> None:
    stacks.create(PROPERTIES)
    stacks.create({"account": {}}, name="Refused")

    for name in (
        *custom_resource.OPERATIONS,
        "ServeCustomAccount",
        "AnswerCustomAccount",
    ):
        lines = lambda_runtime.logs(name)
        assert lines
        assert not [line for line in lines if "Signature" in line or "ResponseURL" in line]


@pytest.mark.parametrize("allowed", few([True, False], quick=[False]))
def test_whoever_deploys_needs_to_be_let_in(stacks: Stacks, allowed: bool) -> None:
    aws = stacks.vending.aws
    token = aws.outputs["CustomAccountServiceToken"]
    statements = [{"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"}]
    if allowed:
        statements.append({"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": token})

    status = stacks.create(PROPERTIES, by=a_session(aws, f"deployer-{allowed}", statements))

    assert status == ("CREATE_COMPLETE" if allowed else "ROLLBACK_COMPLETE")
    if not allowed:
        assert "lambda:InvokeFunction" in stacks.reasons()[-1]
        assert stacks.vending.executions() == []
