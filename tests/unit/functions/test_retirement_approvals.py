"""Retirements that the policy has wait for approval."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions import approving as by
from tests.unit.functions import retiring
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.aws import clients
from vending.errors.exceptions import (
    ExecutionSuperseded,
    OperationRefused,
    RejectedByApprover,
    TaskTokenRefused,
)

PORTAL = {"source": "portal", "account": by.HERE, "time": "2027-01-15T08:00:00Z"}
TOKEN = "token-1"


@pytest.fixture
def account_id(approving: World) -> str:
    """An account whose retirement needs an approval."""
    approving.policy = by.a_policy(over={"retire": ["/*"], "by": ["reviewers"]})
    approving.policy["requesters"]["portal"]["retire"] = ["/*"]
    return retiring.an_account(approving)


def accept(world: World, account_id: str, execution: str = EXECUTION, **changes: Any) -> Any:
    request = retiring.a_retirement_request(account_id, **changes)
    return retiring.accept(world, request, execution, **PORTAL, id=f"of-{execution[-6:]}")


def wait(world: World, account_id: str, execution: str = EXECUTION, token: str = TOKEN) -> Any:
    world.organization.waiting.add(token)
    payload = {"accountId": account_id, "executionArn": execution, "taskToken": token}
    return world.call("AwaitApproval", requestId=f"retirement-{account_id}", **payload)


def decide(world: World, account_id: str, decision: str = "approve", **more: Any) -> Any:
    detail = {"accountId": account_id, "decision": decision, **more}
    event = by.sent(detail, by.REVIEWERS, id=f"decision-{decision}", time="2027-01-15T09:00:00Z")
    return world.call("DecideApproval", **event)


def test_retirement_waits_before_anything_is_done(approving: World, account_id: str) -> None:
    accepted = accept(approving, account_id)

    assert (accepted["outcome"], accepted["record"]["state"]) == ("ACCEPTED", "AWAITING_APPROVAL")
    assert accepted["approvalExpiresAt"] == wait(approving, account_id)["expiresAt"]
    kind, record = approving.announced()[-1]
    assert kind == "AccountRetirementAwaitsApproval"
    assert record["approval"]["by"] == ["reviewers"]


def test_approved_retirement_begins_with_the_account_as_it_is_then(
    approving: World, account_id: str
) -> None:
    accepted = accept(approving, account_id)
    wait(approving, account_id)

    decided = decide(approving, account_id)
    elsewhere = approving.organization.add_unit("Elsewhere")
    clients.organizations().move_account(
        AccountId=account_id,
        SourceParentId=accepted["record"]["before"]["parentId"],
        DestinationParentId=elsewhere,
    )
    again = accept(approving, account_id)

    assert decided["outcome"] == "RECORDED"
    assert [one["taskToken"] for one in approving.called("SendTaskSuccess")] == [TOKEN]
    assert (again["outcome"], again["approvalExpiresAt"]) == ("ACCEPTED", None)
    assert again["record"]["state"] == "RETIRING"
    assert again["record"]["before"]["organizationalUnit"] == "/Elsewhere"
    assert again["record"]["approval"]["outcome"] == "APPROVED"


def test_rejected_retirement_leaves_the_account_as_it_was(
    approving: World, account_id: str
) -> None:
    accept(approving, account_id)
    wait(approving, account_id)
    decide(approving, account_id, "reject", reason="still in use")

    with pytest.raises(RejectedByApprover, match="still in use"):
        accept(approving, account_id)
    record = retiring.record(
        approving, account_id, "FAILED", error={"Error": "RejectedByApprover", "Cause": "{}"}
    )

    assert record["state"] == "ACTIVE"
    assert approving.called("MoveAccount") == []
    # It can be asked for again, and needs its approval anew.
    anew = accept(approving, account_id, OTHER_EXECUTION)
    assert anew["approvalExpiresAt"] is not None
    assert anew["record"]["approval"]["decisions"] == []


def test_retirement_on_which_nobody_decides_ends(approving: World, account_id: str) -> None:
    accept(approving, account_id)
    wait(approving, account_id)
    approving.later(14 * by.DAY)

    with pytest.raises(TaskTokenRefused):
        wait(approving, account_id, token="token-2")
    with pytest.raises(OperationRefused, match="Nobody decided"):
        accept(approving, account_id)


def test_restoration_takes_a_retirement_back_that_waits(approving: World, account_id: str) -> None:
    accept(approving, account_id)
    wait(approving, account_id)
    back = {"accountId": account_id, "action": "restore"}

    restored = retiring.accept(approving, back, OTHER_EXECUTION, **PORTAL, id="back")

    assert restored["outcome"] == "RESTORING"
    assert decide(approving, account_id)["code"] == "ApprovalDecided"
    with pytest.raises(ExecutionSuperseded):
        wait(approving, account_id, token="token-2")


def test_failed_retirement_goes_on_with_its_approval(approving: World, account_id: str) -> None:
    accept(approving, account_id)
    wait(approving, account_id)
    decide(approving, account_id)
    accept(approving, account_id)
    retiring.record(approving, account_id, "FAILED", error={"Error": "AccessDenied"})
    approving.organization.executions[EXECUTION] = "FAILED"

    other_reason = accept(approving, account_id, OTHER_EXECUTION, reason="said in other words")
    assert other_reason["approvalExpiresAt"] is None
    retiring.record(
        approving, account_id, "FAILED", OTHER_EXECUTION, error={"Error": "AccessDenied"}
    )
    approving.organization.executions[OTHER_EXECUTION] = "FAILED"
    more = accept(approving, account_id, f"{EXECUTION}-3", deregisterDelegatedAdministrator=True)
    assert more["approvalExpiresAt"] is not None


def test_retirement_elsewhere_needs_no_approval(approving: World, account_id: str) -> None:
    approving.policy["approvals"]["rules"]["over"]["retire"] = ["/Production"]

    accepted = accept(approving, account_id)

    assert (accepted["approvalExpiresAt"], accepted["record"]["state"]) == (None, "RETIRING")
    assert accepted["record"]["approval"] is None


def test_plan_says_which_approvals_the_retirement_will_wait_for(
    approving: World, account_id: str
) -> None:
    approving.policy["approvals"]["rules"]["two"] = {
        "retire": ["/Sandbox"],
        "by": ["security"],
        "approvals": 1,
    }

    planned = retiring.plan(approving, account_id)
    approval = accept(approving, account_id)["record"]["approval"]

    assert planned.warnings == [
        "The retirement needs 1 approval by reviewers (over), and 1 approval by security (two)"
    ]
    assert [need["rule"] for need in approval["needs"]] == ["over", "two"]
    assert (planned.changes, planned.problems) == (["account suspended, and closed later"], [])


@pytest.mark.parametrize("decided", [None, "approve", "reject"])
def test_plan_counts_approvals_as_the_retirement_does(
    approving: World, account_id: str, decided: str | None
) -> None:
    accept(approving, account_id)
    wait(approving, account_id)
    if decided:
        decide(approving, account_id, decided, reason="said so")
    error = {"Error": "RejectedByApprover" if decided == "reject" else "ExecutionAborted"}
    retiring.record(approving, account_id, "FAILED", error=error)
    approving.organization.executions[EXECUTION] = "FAILED"

    planned = retiring.plan(approving, account_id)
    anew = accept(approving, account_id, OTHER_EXECUTION)

    assert bool(planned.warnings) == (anew["approvalExpiresAt"] is not None)
    assert bool(planned.warnings) == (decided != "approve")


def test_plan_of_a_retirement_that_needs_no_approval_says_none(
    approving: World, account_id: str
) -> None:
    merging = approving.policy["requesters"]["portal"]
    merging["countsAsApproved"] = ["over"]
    waived = retiring.plan(approving, account_id)
    del merging["countsAsApproved"]
    approving.policy["approvals"]["rules"]["over"]["retire"] = ["/Production"]
    elsewhere = retiring.plan(approving, account_id)

    assert (waived.warnings, elsewhere.warnings) == ([], [])
