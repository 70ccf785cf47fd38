"""An account is suspended, can be put back, and closes: once, in turn, never within its grace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_request
from tests.unit.embedded.time_travel import pass_days
from tests.workflow import retirements
from tests.workflow.announcements import collected
from tests.workflow.retirements import (
    GRACE_SECONDS,
    a_placed_account,
    restoration,
    retirement_of,
    row,
    run,
    start,
    state,
    suspended,
)
from tests.workflow.test_existing_account import an_account
from tests.workflow.vending import Vending, eventually, reconcile
from vending.aws.clock import epoch

if TYPE_CHECKING:
    from tests.workflow.command import Command

POLICY = "RetiredAccounts"


@pytest.mark.usefixtures("short_grace")
def test_account_is_suspended_for_its_grace_period_and_then_closed(vending: Vending) -> None:
    account_id = a_placed_account(vending)

    with (
        collected(vending, "AccountClosed") as closed,
        collected(vending, "AccountRetiring") as retiring,
    ):
        retirements.send(vending, retirement_of(account_id))
        eventually(lambda: "closesAt" in row(vending, account_id))
        during = (
            vending.path(account_id),
            POLICY in vending.policies(account_id),
            state(vending, account_id),
        )
        (arn,) = retirements.executions(vending)
        ended = vending.finish(arn)

    assert during == ("/Suspended", True, "ACTIVE")
    assert ended.status == "SUCCEEDED", ended
    assert ended.output["state"] == "CLOSED"
    assert state(vending, account_id) == "CLOSED"
    assert vending.calls("organizations", "CloseAccount") == 1
    kept = row(vending, account_id)
    assert kept["closingAt"] >= kept["closesAt"]
    assert epoch(kept["closesAt"]) >= epoch(kept["requestedAt"]) + GRACE_SECONDS
    assert [one["accountId"] for one in closed] == [account_id]
    assert [one["state"] for one in retiring] == ["RETIRING"]


@pytest.mark.slow
def test_restored_account_is_as_it_was(vending: Vending) -> None:
    account_id = a_placed_account(vending)
    before = (vending.path(account_id), vending.policies(account_id), vending.tags(account_id))
    suspended(vending, account_id)
    assert vending.path(account_id) == "/Suspended"

    with collected(vending, "AccountRestored") as restored:
        ended = run(vending, restoration(account_id))

    assert ended.status == "SUCCEEDED", ended
    after = (vending.path(account_id), vending.policies(account_id), vending.tags(account_id))
    assert after == before
    assert row(vending, account_id)["state"] == "ACTIVE"
    assert [one["accountId"] for one in restored] == [account_id]


@pytest.mark.usefixtures("short_grace")
def test_execution_whose_account_was_restored_closes_nothing(vending: Vending) -> None:
    account_id = a_placed_account(vending)
    arn = suspended(vending, account_id)
    run(vending, restoration(account_id))

    ended = vending.finish(arn)

    assert ended.status == "SUCCEEDED", ended
    assert vending.states_entered(arn)[-1] == "LeftToAnother"
    assert state(vending, account_id) == "ACTIVE"
    assert vending.calls("organizations", "CloseAccount") == 0


def test_closed_account_is_not_restored(vending: Vending) -> None:
    account_id = an_account(vending)

    ended = run(vending, restoration(account_id))

    assert (ended.status, ended.error) == ("FAILED", "NotRetired"), ended
    assert ended.cause["remedy"]


@pytest.mark.slow
@pytest.mark.usefixtures("short_grace")
def test_closures_that_aws_refuses_for_now_wait_and_are_made(vending: Vending) -> None:
    account_id = a_placed_account(vending)
    refused = {
        "service": "organizations",
        "operation": "CloseAccount",
        "calls": [1],
        "error": "ConstraintViolationException",
        "reason": "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED",
    }
    vending.aws.faults.replace([refused])

    ended = run(vending, retirement_of(account_id))

    assert ended.status == "SUCCEEDED", ended
    assert state(vending, account_id) == "CLOSED"


@pytest.mark.slow
def test_account_that_was_closed_by_hand_is_noticed(vending: Vending, short_grace: None) -> None:
    account_id = a_placed_account(vending)
    arn = suspended(vending, account_id)
    vending.organizations.close_account(AccountId=account_id)

    ended = vending.finish(arn)

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["closedBy"] == "OTHERS"
    assert vending.calls("organizations", "CloseAccount") == 0


@pytest.mark.slow
@pytest.mark.usefixtures("short_grace")
def test_event_that_is_delivered_three_times_retires_once(vending: Vending) -> None:
    account_id = a_placed_account(vending)
    vending.aws.faults.replace([{"event": "AccountRetirementRequested", "deliveries": 3}])

    retirements.send(vending, retirement_of(account_id))
    arns = eventually(lambda: len(a := retirements.executions(vending)) == 3 and a)
    ended = [vending.finish(arn) for arn in arns]

    assert {one.status for one in ended} == {"SUCCEEDED"}
    lasts = sorted(vending.states_entered(arn)[-1] for arn in arns)
    assert lasts == ["AccountIsClosed", "LeftToAnother", "LeftToAnother"]
    assert vending.calls("organizations", "CloseAccount") == 1


def test_account_that_is_being_retired_is_not_changed(vending: Vending) -> None:
    account_id = a_placed_account(vending)
    suspended(vending, account_id)
    change = a_request(
        requestId="change", source="existing", account={"accountId": account_id}, tags={}
    )

    ended = vending.run(change)

    assert (ended.status, ended.error) == ("FAILED", "RequestConflict"), ended
    assert f"vend restore {account_id}" in ended.cause["remedy"]
    assert vending.path(account_id) == "/Suspended"


@pytest.mark.slow
@pytest.mark.usefixtures("short_grace")
def test_delegated_administrator_is_deregistered_and_closed_where_that_is_wanted(
    vending: Vending,
) -> None:
    account_id = a_placed_account(vending)
    service = {"ServicePrincipal": "ram.amazonaws.com"}
    vending.organizations.enable_aws_service_access(**service)
    vending.organizations.register_delegated_administrator(AccountId=account_id, **service)
    refused = run(vending, retirement_of(account_id))

    ended = run(vending, retirement_of(account_id, deregisterDelegatedAdministrator=True))

    assert refused.error == "AccountIsDelegatedAdministrator", refused
    assert ended.status == "SUCCEEDED", ended
    assert ended.output["deregistered"] == ["ram.amazonaws.com"]
    assert state(vending, account_id) == "CLOSED"


def test_commands_suspend_an_account_and_put_it_back(vending: Vending, vend: Command) -> None:
    account_id = a_placed_account(vending)

    retired = vend("retire", account_id, "--reason", "project over", "--json")
    during = vending.path(account_id)
    again = vend("retire", account_id, "--reason", "project over")
    shown = vend("status", account_id)
    restored = vend("restore", account_id)
    status = vend("status", account_id, "--json")

    assert (retired.status, retired.json["state"], during) == (0, "RETIRING", "/Suspended")
    assert (again.status, restored.status) == (0, 0), again.out + restored.out
    assert "Suspended" in again.out
    assert retired.json["closesAt"] in shown.out
    assert "Restored" in restored.out
    assert vending.path(account_id) == "/Workloads/Sandbox"
    assert status.json["state"] == "ACTIVE"
    assert status.json["retirement"]["before"]["organizationalUnit"] == "/Workloads/Sandbox"


def test_command_says_why_an_account_is_not_retired(vending: Vending, vend: Command) -> None:
    management = vend("retire", "111111111111", "--reason", "over", "--json")
    unknown = vend("restore", an_account(vending))

    assert (management.status, unknown.status) == (1, 1)
    assert management.json["error"]["code"] == "ManagementAccountNotRetired"
    assert "Not restored" in unknown.out
    assert "NotRetired" in unknown.out


@pytest.mark.parametrize("words", [["123"], ["12345678901a"], []])
def test_command_with_no_account_is_a_mistake(vend: Command, words: list[str]) -> None:
    assert vend("restore", *words).status == 2


@pytest.mark.slow
@pytest.mark.usefixtures("short_grace")
def test_closed_account_departs_after_ninety_days(vending: Vending) -> None:
    account_id = a_placed_account(vending)
    assert run(vending, retirement_of(account_id)).output["state"] == "CLOSED"

    pass_days(vending.aws.clock, 91)

    def state_in_the_ledger() -> str:
        reconcile(vending, audit=True)
        return str(row(vending, account_id)["state"])

    eventually(lambda: state_in_the_ledger() == "DEPARTED")
    assert account_id not in {account["Id"] for account in vending.accounts()}


@pytest.mark.slow
@pytest.mark.usefixtures("ends_unheard")
@pytest.mark.parametrize("source", ["new", "existing"])
def test_lock_that_a_request_left_is_taken_by_the_retirement(vending: Vending, source: str) -> None:
    request = a_request(source=source)
    if source == "existing":
        request["account"] = {"accountId": an_account(vending)}
    kept = {"service": "dynamodb", "operation": "DeleteItem", "calls": "all"}
    vending.aws.faults.replace([kept | {"error": "AccessDeniedException"}])
    assert vending.run(request).status == "FAILED"
    left = vending.row(request["requestId"])
    vending.aws.faults.replace([])
    assert left is not None

    suspended(vending, left["accountId"])

    assert left["state"] == "VENDED"
    assert vending.path(left["accountId"]) == "/Suspended"


@pytest.mark.slow
@pytest.mark.usefixtures("short_grace")
def test_twelve_retirements_at_once_close_at_aws_speed(vending: Vending) -> None:
    accounts = [an_account(vending, email=f"team{number}@example.com") for number in range(12)]

    arns = [start(vending, retirement_of(account)) for account in accounts]
    ended: list[Any] = [vending.finish(arn, patience=240) for arn in arns]

    assert {one.status for one in ended} == {"SUCCEEDED"}, [one.cause for one in ended]
    assert {state(vending, account) for account in accounts} == {"CLOSED"}
    refused = [
        call.error
        for call in vending.aws.context.calls
        if call.operation == "CloseAccount" and call.error
    ]
    assert len(refused) < len(accounts), refused
    rows = [row(vending, account) for account in accounts]
    assert all(one["closingAt"] >= one["closesAt"] for one in rows), json.dumps(rows, default=str)
