"""The same request twice is one request: duplicates name the first, failures resume."""

from __future__ import annotations

import pytest

from tests.builders import a_request
from tests.grids import few
from tests.workflow.vending import Vending, eventually


def test_event_delivered_three_times_at_once_makes_one_account(vending: Vending) -> None:
    vending.aws.faults.replace([{"event": "AccountRequested", "deliveries": 3}])
    request = a_request()

    vending.send(request)

    ended = [vending.finish(arn) for arn in vending.await_executions(3)]
    assert [one.status for one in ended] == ["SUCCEEDED"] * 3, ended
    assert len(vending.accounts()) == 1
    assert vending.calls("organizations", "CreateAccount") == 1
    row = vending.row(request["requestId"])
    assert row is not None
    (first,) = [one for one in ended if one.arn == row["executionArn"]]
    assert first.output["state"] == "VENDED"
    for duplicate in ended:
        if duplicate is not first:
            assert duplicate.output["outcome"] in {"DUPLICATE", "FINISHED"}
            assert duplicate.output["record"]["executionArn"] == first.arn


def test_same_request_sent_twice_is_one_account(vending: Vending) -> None:
    request = a_request()

    vending.send(request)
    vending.send(request)

    ended = [vending.finish(arn) for arn in vending.await_executions(2)]
    assert [one.status for one in ended] == ["SUCCEEDED"] * 2, ended
    assert len(vending.accounts()) == 1


def test_finished_request_resubmitted_returns_the_same_record(vending: Vending) -> None:
    request = a_request()
    first = vending.run(request)

    again = vending.run(request)

    assert again.status == "SUCCEEDED"
    assert again.output["outcome"] == "FINISHED"
    assert again.output["record"] == first.output
    assert vending.calls("organizations", "CreateAccount") == 1


def test_failed_request_resubmitted_resumes_with_the_account_it_has(vending: Vending) -> None:
    vending.aws.faults.replace(
        [
            {
                "service": "organizations",
                "operation": "MoveAccount",
                "calls": "all",
                "error": "InvalidInputException",
            }
        ]
    )
    request = a_request()
    failed = vending.run(request)
    assert failed.status == "FAILED"
    (account,) = vending.accounts()

    vending.aws.faults.replace([])
    resumed = vending.run(request)

    assert resumed.status == "SUCCEEDED", resumed
    assert resumed.output["accountId"] == account["Id"]
    assert resumed.output["error"] is None
    assert vending.path(account["Id"]) == "/Workloads/Sandbox"
    assert vending.calls("organizations", "CreateAccount") == 1


def test_request_id_with_another_role_is_refused_and_changes_nothing(vending: Vending) -> None:
    request = a_request()
    first = vending.run(request)
    account = request["account"] | {"roleName": "Other"}
    other = request | {"organizationalUnit": "/Elsewhere", "account": account}

    refused = vending.run(other)

    assert (refused.status, refused.error) == ("FAILED", "RequestConflict")
    assert refused.cause["remedy"]
    row = vending.row(request["requestId"])
    assert row is not None
    assert (row["state"], row["executionArn"]) == ("VENDED", first.arn)
    assert vending.path(first.output["accountId"]) == "/Workloads/Sandbox"


@pytest.mark.slow
def test_request_written_differently_but_meaning_the_same_is_the_same(vending: Vending) -> None:
    request = a_request(source="new", requestedBy="somebody")
    vending.run(request)
    same = dict(reversed(request.items())) | {"requestedBy": "somebody else"}
    del same["source"]

    again = vending.run(same)

    assert again.status == "SUCCEEDED"
    assert again.output["outcome"] == "FINISHED"


@pytest.mark.parametrize(
    "while_in", few(["WaitForAccount", "AcceptRequest"], quick=["WaitForAccount"])
)
def test_stopped_execution_resubmitted_costs_no_second_account(
    vending: Vending, while_in: str
) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": [1], "seconds": 120}}])
    request = a_request()
    vending.run_stopped_in(while_in, request)

    resumed = vending.run(request)

    assert resumed.status == "SUCCEEDED", resumed
    assert len(vending.accounts()) == 1
    assert vending.calls("organizations", "CreateAccount") == 1


def test_repeat_while_the_first_is_at_work_names_the_first(vending: Vending) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": [1], "seconds": 120}}])
    request = a_request()
    first = vending.start(request)
    eventually(lambda: "WaitForAccount" in vending.states_entered(first))

    duplicate = vending.run(request)

    assert duplicate.status == "SUCCEEDED"
    assert duplicate.output["outcome"] == "DUPLICATE"
    assert duplicate.output["record"]["executionArn"] == first
    assert vending.finish(first).status == "SUCCEEDED"
