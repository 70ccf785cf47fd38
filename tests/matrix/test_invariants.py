"""The checker sees what it is there to see: each invariant, broken by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_request
from tests.matrix import invariants
from tests.matrix.invariants import Submission
from tests.workflow.vending import Vending, eventually
from vending.request.validators import REQUEST_ID_TAG

if TYPE_CHECKING:
    from tests.matrix.lab import Lab


def move_away(vending: Vending, submission: Submission, account_id: str) -> None:
    root = vending.organizations.list_roots()["Roots"][0]["Id"]
    parent = vending.organizations.list_parents(ChildId=account_id)["Parents"][0]["Id"]
    vending.organizations.move_account(
        AccountId=account_id, SourceParentId=parent, DestinationParentId=root
    )


def untag(vending: Vending, submission: Submission, account_id: str) -> None:
    vending.organizations.untag_resource(ResourceId=account_id, TagKeys=["cost-centre"])


def double(vending: Vending, submission: Submission, account_id: str) -> None:
    before = len(vending.accounts())
    vending.organizations.create_account(
        Email="second@example.com",
        AccountName="Second",
        Tags=[{"Key": REQUEST_ID_TAG, "Value": submission.request_id}],
    )
    eventually(lambda: len(vending.accounts()) > before)


def distrust(vending: Vending, submission: Submission, account_id: str) -> None:
    vending.organizations.disable_aws_service_access(ServicePrincipal="account.amazonaws.com")


def claim_to_create(vending: Vending, submission: Submission, account_id: str) -> None:
    vending.dynamodb.update_item(
        TableName=vending.aws.outputs["LedgerTableName"],
        Key={"pk": {"S": f"request#{submission.request_id}"}},
        UpdateExpression="SET #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": "CREATING"}},
    )


def fail_without_a_word(vending: Vending, submission: Submission, account_id: str) -> None:
    vending.dynamodb.update_item(
        TableName=vending.aws.outputs["LedgerTableName"],
        Key={"pk": {"S": f"request#{submission.request_id}"}},
        UpdateExpression="SET #state = :state, #error = :error",
        ExpressionAttributeNames={"#state": "state", "#error": "error"},
        ExpressionAttributeValues={
            ":state": {"S": "FAILED"},
            ":error": {"M": {"code": {"S": "SurpriseException"}}},
        },
    )


def test_vended_request_has_no_violations(lab: Lab) -> None:
    lab.renew()
    submission = Submission(request=a_request())

    ended = lab.send(submission)

    assert invariants.ended_well(lab.vending, submission, ended) == []
    assert invariants.vended(lab.vending, submission) == []
    assert invariants.nothing_left(lab.vending) == []


@pytest.mark.parametrize(
    ("tamper", "seen"),
    [
        (move_away, "is in /, not in /Workloads/Sandbox"),
        (untag, "has the tags"),
        (double, "has 2 accounts"),
        (distrust, "service access is"),
        (claim_to_create, "is CREATING, not VENDED"),
        (fail_without_a_word, "the catalogue does not know SurpriseException"),
    ],
)
def test_broken_invariant_is_reported(
    lab: Lab, tamper: Callable[[Vending, Submission, str], None], seen: str
) -> None:
    lab.renew()
    submission = Submission(request=a_request())
    (ended,) = lab.run(submission)

    tamper(lab.vending, submission, ended.output["accountId"])

    violations = invariants.ended_well(lab.vending, submission, [ended])
    assert seen in "\n".join([*violations, *invariants.vended(lab.vending, submission)])


def test_running_execution_and_its_row_are_left_over(lab: Lab) -> None:
    lab.renew()
    lab.faults.replace([{"createAccount": {"calls": "all", "seconds": 100_000}}])
    arn = lab.vending.start(a_request())
    eventually(lambda: "WaitForAccount" in lab.vending.states_entered(arn))

    violations = "\n".join(invariants.nothing_left(lab.vending))

    assert "is RUNNING" in violations
    assert "is CREATING" in violations
