"""Requests that wait for approvals: on the real definition, decided by the command."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from embedded import lambda_runtime
from tests.builders import a_request
from tests.installations import ROOT
from tests.unit.embedded.time_travel import pass_days
from tests.workflow import retirements
from tests.workflow.announcements import collected
from tests.workflow.approvals import UNIT, decide
from tests.workflow.vending import Vending, eventually, invocations, invoke, reconcile

if TYPE_CHECKING:
    from tests.workflow.command import Command


def a_restricted_request(**changes: Any) -> dict[str, Any]:
    return a_request(organizationalUnit=UNIT, **changes)


def row_of(vending: Vending, request: dict[str, Any]) -> dict[str, Any]:
    row = vending.row(request["requestId"])
    assert row is not None
    return row


def awaiting(vending: Vending, request: dict[str, Any]) -> str:
    """An execution that waits for the request's approval."""
    execution = vending.start(request)
    eventually(lambda: (vending.row(request["requestId"]) or {}).get("executionArn") == execution)
    eventually(lambda: row_of(vending, request)["state"] == "AWAITING_APPROVAL")
    return execution


def test_request_that_is_approved_is_vended(vending: Vending, vend: Command) -> None:
    request = a_restricted_request()
    execution = awaiting(vending, request)
    assert vending.accounts() == []

    approved = vend("approve", request["requestId"], "--reason", "agreed")

    assert approved.status == 0, approved
    assert "approved by approvers" in approved.out
    ended = vending.finish(execution)
    assert ended.status == "SUCCEEDED", ended
    assert ended.output["state"] == "VENDED"
    assert ended.output["approval"]["decisions"][0]["reason"] == "agreed"
    assert len(vending.accounts()) == 1
    again = vend("approve", request["requestId"])
    assert again.status == 0
    late = vend("reject", request["requestId"], "--reason", "too late")
    assert late.status == 1
    assert "it was approved by approvers" in late.err


def test_request_that_is_rejected_leaves_nothing(vending: Vending, vend: Command) -> None:
    request = a_restricted_request()
    execution = awaiting(vending, request)

    rejected = vend("reject", request["requestId"], "--reason", "use the sandbox")

    assert rejected.status == 0, rejected
    ended = vending.finish(execution)
    assert (ended.status, ended.error) == ("FAILED", "RejectedByApprover"), ended
    row = row_of(vending, request)
    assert row["state"] == "REJECTED"
    assert "use the sandbox" in row["error"]["message"]
    assert vending.accounts() == []
    status = vend("status", request["requestId"])
    assert "rejected by approvers" in status.out
    # The id and the email are free again.
    other = vending.run(request | {"organizationalUnit": "/Workloads/Sandbox"})
    assert other.status == "SUCCEEDED", other


def test_nothing_runs_while_a_request_waits(vending: Vending) -> None:
    request = a_restricted_request()
    awaiting(vending, request)
    before = [invocations(name) for name in ("AwaitApproval", "AcceptRequest")]

    pass_days(vending.aws.clock, 13)
    report = reconcile(vending)

    assert [invocations(name) for name in ("AwaitApproval", "AcceptRequest")] == before
    assert (report["inProgress"], report["repaired"]) == (1, [])


@pytest.mark.slow
def test_request_on_which_nobody_decides_fails_when_its_time_is_over() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.workflow.unapproved_day"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)

    assert (told["status"], told["error"]) == ("FAILED", "ApprovalTimedOut")
    assert (told["state"], told["outcome"], told["accounts"]) == ("FAILED", "TIMED_OUT", 0)
    assert told["decidedAt"] >= told["expiresAt"]
    assert told["steps"][:6] == [
        "AcceptRequest",
        "IsRequestNew",
        "AwaitApproval",
        "AwaitApproval",
        "AcceptRequest",
        "RecordFailure",
    ]


def test_decisions_at_once_have_one_outcome(vending: Vending) -> None:
    request = a_restricted_request()
    execution = awaiting(vending, request)

    threads = [
        threading.Thread(
            target=decide, args=(vending, request["requestId"], decision), kwargs=detail
        )
        for decision, detail in (
            ("approve", {}),
            ("reject", {"reason": "no"}),
            ("approve", {}),
            ("reject", {"reason": "no"}),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = vending.finish(execution)

    approval = row_of(vending, request)["approval"]
    outcome = approval["outcome"]
    assert [one["decision"] for one in approval["decisions"]] == [outcome]
    wanted = ("SUCCEEDED", 1) if outcome == "APPROVED" else ("FAILED", 0)
    assert (ended.status, len(vending.accounts())) == wanted


@pytest.mark.slow
def test_request_delivered_again_while_it_waits_is_a_duplicate(vending: Vending) -> None:
    request = a_restricted_request()
    execution = awaiting(vending, request)

    again = vending.run(request)
    other = vending.run(request | {"tags": {"other": "1"}})

    assert again.output["outcome"] == "DUPLICATE"
    assert (other.status, other.error) == ("FAILED", "RequestConflict")
    decide(vending, request["requestId"], "approve")
    assert vending.finish(execution).status == "SUCCEEDED"
    assert len(vending.accounts()) == 1


@pytest.mark.slow
def test_cancelled_request_keeps_its_approval_when_it_is_resumed(
    vending: Vending, vend: Command
) -> None:
    request = a_restricted_request()
    awaiting(vending, request)
    cancelled = vend("cancel", request["requestId"], "--json")
    assert (cancelled.status, cancelled.json["error"]["code"]) == (0, "ExecutionAborted")
    assert "Cancelled by arn:aws:iam::" in cancelled.json["error"]["message"]
    assert vend("cancel", request["requestId"]).status == 1
    assert vend("approve", request["requestId"]).status == 1

    resumed = awaiting(vending, request)
    vend("approve", request["requestId"])
    assert vending.finish(resumed).status == "SUCCEEDED"
    change = request | {"tags": {"cost-center": "2"}}
    changed = awaiting(vending, change)

    assert row_of(vending, change)["approval"]["decisions"] == []
    vend("approve", request["requestId"])
    ended = vending.finish(changed)
    assert (ended.status, ended.output["revision"]) == ("SUCCEEDED", 2)


def refusals() -> int:
    """How often DecideApproval's log says that it refused a decision."""
    return sum("REFUSED" in line for line in lambda_runtime.logs("DecideApproval"))


def test_announcements_say_what_becomes_of_a_request_that_waits(
    vending: Vending, vend: Command
) -> None:
    request = a_restricted_request()

    with collected(vending, "AccountVendingStateChanged") as heard:
        execution = awaiting(vending, request)
        vend("approve", request["requestId"])
        vending.finish(execution)

    heard.sort(key=lambda detail: str(detail["updatedAt"]))
    states = [(one["state"], (one["approval"] or {}).get("outcome")) for one in heard]
    assert states[:3] == [
        ("REQUESTED", None),
        ("AWAITING_APPROVAL", None),
        ("REQUESTED", "APPROVED"),
    ]

    with collected(vending, "AccountApprovalRefused") as refused:
        before = refusals()
        decide(vending, request["requestId"], "reject", reason="too late")
        eventually(lambda: refusals() > before)
    (report,) = refused
    assert report["requestId"] == request["requestId"]
    assert report["sender"]["source"] == "account-vending.approvals"
    assert "it was approved by approvers" in report["error"]["message"]


def test_retirement_waits_for_its_approval_and_then_suspends_the_account(
    vending: Vending, vend: Command
) -> None:
    account_id = an_approved_account(vending)

    asked = vend("retire", account_id, "--reason", "over")

    assert asked.status == 1
    assert "Waits for approval" in asked.out
    assert vending.path(account_id) == UNIT
    assert account_id in vend("list", "--state", "AWAITING_APPROVAL").out
    approved = vend("approve", account_id, "--reason", "nobody uses it")
    assert approved.status == 0, approved
    (execution,) = retirements.executions(vending)
    eventually(lambda: "closesAt" in retirements.row(vending, account_id))
    assert vending.path(account_id) == "/Suspended"
    assert "AwaitApproval" in vending.states_entered(execution)


@pytest.mark.slow
def test_retirement_that_is_rejected_leaves_the_account_where_it_is(
    vending: Vending, vend: Command
) -> None:
    account_id = an_approved_account(vending)
    vend("retire", account_id, "--reason", "over")

    assert vend("reject", account_id, "--reason", "still in use").status == 0
    (execution,) = retirements.executions(vending)
    ended = vending.finish(execution)

    assert (ended.status, ended.error) == ("FAILED", "RejectedByApprover"), ended
    assert retirements.row(vending, account_id)["state"] == "ACTIVE"
    assert vending.path(account_id) == UNIT


def test_step_of_a_retirement_whose_time_is_over_says_so_in_the_ledger(
    vending: Vending, vend: Command
) -> None:
    account_id = an_approved_account(vending)
    vend("retire", account_id, "--reason", "over")
    (execution,) = retirements.executions(vending)
    vending.dynamodb.update_item(
        TableName=vending.aws.outputs["LedgerTableName"],
        Key={"pk": {"S": f"retirement#{account_id}"}},
        UpdateExpression="SET approval.expiresAt = :past",
        ExpressionAttributeValues={":past": {"S": "2026-01-01T00:00:00.000Z"}},
    )

    with pytest.raises(AssertionError, match="TaskTokenRefused"):
        invoke(
            vending,
            "AwaitApproval",
            requestId=f"retirement-{account_id}",
            accountId=account_id,
            executionArn=execution,
            taskToken="of the step that comes after the time-out",
        )

    assert retirements.row(vending, account_id)["approval"]["outcome"] == "TIMED_OUT"
    assert vending.path(account_id) == UNIT


def an_approved_account(vending: Vending) -> str:
    """An account in the unit whose retirements need an approval, too."""
    request = a_restricted_request()
    execution = awaiting(vending, request)
    decide(vending, request["requestId"], "approve")
    return str(vending.finish(execution).output["accountId"])


def test_decision_whose_function_never_told_the_workflow_is_told_by_the_reconciler(
    vending: Vending,
) -> None:
    request = a_restricted_request()
    execution = awaiting(vending, request)
    lost = {"service": "stepfunctions", "operation": "SendTaskSuccess", "calls": "all"}
    vending.aws.faults.replace([lost | {"error": "ThrottlingException"}])
    decide(vending, request["requestId"], "approve")
    eventually(lambda: row_of(vending, request)["state"] == "REQUESTED")
    # Lambda tries twice more, and then the event is in the dead-letter queue.
    eventually(lambda: vending.dead_letters() == 1)
    assert not vending.has_ended(execution)

    vending.aws.faults.replace([])
    eventually(lambda: reconcile(vending) and vending.has_ended(execution))

    assert vending.finish(execution).status == "SUCCEEDED"
    assert len(row_of(vending, request)["approval"]["decisions"]) == 1
    assert len(vending.accounts()) == 1


@pytest.mark.slow
def test_approved_retirement_whose_function_never_ended_the_wait_is_ended_by_the_reconciler(
    vending: Vending, vend: Command
) -> None:
    account_id = an_approved_account(vending)
    vend("retire", account_id, "--reason", "over")
    (execution,) = retirements.executions(vending)
    lost = {"service": "stepfunctions", "operation": "SendTaskSuccess", "calls": "all"}
    vending.aws.faults.replace([lost | {"error": "ThrottlingException"}])
    vend("approve", account_id, "--reason", "nobody uses it")
    eventually(lambda: vending.dead_letters() == 1)
    assert vending.path(account_id) == UNIT

    vending.aws.faults.replace([])
    reconcile(vending)

    eventually(lambda: "closesAt" in retirements.row(vending, account_id))
    assert vending.path(account_id) == "/Suspended"
    assert [execution] == retirements.executions(vending)


def test_request_that_fails_after_its_approval_is_resumed_without_another(
    vending: Vending, vend: Command
) -> None:
    request = a_restricted_request()
    refuse = {"service": "organizations", "operation": "CreateOrganizationalUnit", "calls": "all"}
    execution = awaiting(vending, request)
    vending.aws.faults.replace([refuse | {"error": "AccessDeniedException"}])
    vend("approve", request["requestId"])
    assert vending.finish(execution).status == "FAILED"
    vending.aws.faults.replace([])

    resumed = vending.run(request)

    assert resumed.status == "SUCCEEDED", resumed
    assert "AwaitApproval" not in vending.states_entered(resumed.arn)
    assert len(resumed.output["approval"]["decisions"]) == 1


@pytest.mark.slow
def test_creation_queue_is_joined_after_the_approval_alone(vending: Vending) -> None:
    request = a_restricted_request()
    execution = awaiting(vending, request)
    before = vending.states_entered(execution)
    decide(vending, request["requestId"], "approve")
    vending.finish(execution)

    states = vending.states_entered(execution)
    assert before == ["AcceptRequest", "IsRequestNew", "AwaitApproval"]
    assert states[2:6] == [
        "AwaitApproval",
        "AcceptRequest",
        "IsRequestNew",
        "PrepareOrganizationalUnit",
    ]
    assert states.index("ReserveCreation") > states.index("PrepareOrganizationalUnit")
