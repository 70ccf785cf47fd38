"""Reconciliation on the deployed stack: repairs, reports, and what it costs when idle."""

from __future__ import annotations

import pytest

from embedded import eventbridge
from tests.builders import a_request
from tests.grids import few
from tests.interruptions import when_entered
from tests.workflow.announcements import collected
from tests.workflow.vending import Vending, eventually, reconcile

HOUR = 3_600.0
TAG = "account-vending:request-id"


@pytest.mark.usefixtures("ends_unheard")
def test_request_whose_end_was_not_recorded_is_failed_and_resumes(vending: Vending) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": [1], "seconds": 120}}])
    stopped, running = a_request(), a_request()
    vending.run_stopped_in("WaitForAccount", stopped)
    vending.aws.faults.replace([{"createAccount": {"calls": "all", "seconds": 600}}])
    other = vending.start(running)
    eventually(lambda: "WaitForAccount" in vending.states_entered(other))
    vending.aws.clock.sleep(90)

    with collected(vending, "AccountVendingReconciled") as announced:
        report = reconcile(vending)

    assert report["repaired"] == [{"requestId": stopped["requestId"], "code": "ExecutionAborted"}]
    assert report["inProgress"] == 1
    assert [each["repaired"] for each in announced if each["repaired"]] == [report["repaired"]]
    row = vending.row(running["requestId"])
    assert row is not None
    assert row["state"] == "CREATING"
    assert reconcile(vending)["repaired"] == []
    resumed = vending.run(stopped)
    assert resumed.status == "SUCCEEDED", resumed
    assert vending.finish(other).status == "SUCCEEDED"
    assert len(vending.accounts()) == 2


@pytest.mark.usefixtures("ends_unheard")
@pytest.mark.parametrize(
    "outcome", few(["AccountVended", "AccountChanged"], quick=["AccountVended"])
)
def test_outcome_that_nobody_could_announce_is_announced_by_a_later_run(
    vending: Vending, outcome: str
) -> None:
    no_bus = {"service": "events", "operation": "PutEvents", "calls": "all"}
    denied = [no_bus | {"error": "AccessDeniedException"}]
    request = a_request()
    if outcome == "AccountChanged":
        assert vending.run(request).status == "SUCCEEDED"
        request["tags"] = {"Changed": "yes"}
    vending.run_stopped_in("MoveAccount", request)
    vending.aws.clock.sleep(90)
    vending.aws.faults.replace(denied)
    with pytest.raises(AssertionError, match="AccessDenied"):
        reconcile(vending)
    vending.aws.faults.replace([])

    with collected(vending, outcome) as announced:
        with when_entered("RecordVended", lambda _: vending.aws.faults.replace(denied)):
            assert vending.run(request).status == "FAILED"
        vending.aws.faults.replace([])
        assert announced == []
        reconcile(vending)

    assert [(one["requestId"], one["state"]) for one in announced] == [
        (request["requestId"], "VENDED")
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("ends_unheard")
def test_what_a_stopped_request_held_goes_to_the_request_that_waits_for_it(
    vending: Vending,
) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": "all", "seconds": 900}}])
    held, waiting = a_request(), a_request()
    others = [vending.start(a_request()) for _ in range(4)]
    for arn in others:
        eventually(lambda arn=arn: "WaitForAccount" in vending.states_entered(arn))
    vending.run_stopped_in("CreateAccount", held)
    last = vending.start(waiting)
    eventually(lambda: vending.waits(waiting["requestId"]))
    vending.aws.clock.sleep(90)

    report = reconcile(vending)

    assert [one["requestId"] for one in report["repaired"]] == [held["requestId"]]
    eventually(lambda: "CreateAccount" in vending.states_entered(last))
    assert {vending.finish(arn).status for arn in [*others, last]} == {"SUCCEEDED"}
    again = a_request(account=held["account"])
    assert vending.run(again).status == "SUCCEEDED"


def test_accounts_and_rows_that_do_not_fit_are_reported_and_not_touched(vending: Vending) -> None:
    kept, closed = vending.run(a_request()).output, vending.run(a_request()).output
    vending.organizations.close_account(AccountId=closed["accountId"])
    created = vending.organizations.create_account(
        Email="else@example.com", AccountName="Else", Tags=[{"Key": TAG, "Value": "lost"}]
    )["CreateAccountStatus"]["Id"]
    status = eventually(
        lambda: (
            found
            if (
                found := vending.organizations.describe_create_account_status(
                    CreateAccountRequestId=created
                )["CreateAccountStatus"]
            )["State"]
            == "SUCCEEDED"
            else None
        )
    )

    report = reconcile(vending)

    assert report["organization"] == "COMPARED"
    assert {(each["finding"], each["accountId"]) for each in report["findings"]} == {
        ("AccountWithoutRow", status["AccountId"]),
        ("AccountClosed", closed["accountId"]),
    }
    row = vending.row(closed["requestId"])
    assert row is not None
    assert row["state"] == "VENDED"
    assert kept["accountId"] in {account["Id"] for account in vending.accounts()}


def test_idle_reconciliation_calls_nothing_but_the_ledger(vending: Vending) -> None:
    vending.run(a_request())
    reconcile(vending)
    vending.aws.context.calls.clear()

    report = reconcile(vending)

    assert (report["organization"], report["repaired"]) == ("NOT_DUE", [])
    called = {
        (call.service, call.operation)
        for call in vending.aws.context.calls
        if "assumed-role" in call.caller and "ReconcileLedger" in call.caller
    }
    assert called == {("dynamodb", "Query"), ("dynamodb", "GetItem")}


def test_schedule_runs_the_reconciliation_every_hour(vending: Vending) -> None:
    schedules = eventbridge.Schedules()
    schedules.fire_due(0.0)
    assert vending.calls("organizations", "ListAccounts") == 0

    schedules.fire_due(HOUR)

    eventually(lambda: vending.calls("organizations", "ListAccounts") > 0)
