"""Who may end an account, which accounts stay, and which submission counts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.organization import MANAGEMENT_ACCOUNT_ID
from tests.unit.functions.payloads import EMAIL, a_request
from tests.unit.functions.retiring import (
    DAY,
    PROTECTED_TAG,
    RESTORING,
    a_retirement_request,
    accept,
    administers,
    an_account,
    record,
    retiring,
    row_of,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.aws.clock import timestamp
from vending.errors.exceptions import (
    ConcurrentModification,
    OperationRefused,
    RequestConflict,
    RequestInvalid,
    RequestNotAllowed,
)

TEAM = {"senders": [{"account": MANAGEMENT_ACCOUNT_ID, "source": "team"}], "emails": ["*"]}


def policy(**requester: Any) -> dict[str, Any]:
    return {"requesters": {"team": {**TEAM, "organizationalUnits": ["/*"], **requester}}}


def by_team(
    world: World, request: dict[str, Any], execution: str = EXECUTION, **event: Any
) -> dict[str, Any]:
    sent = {
        "account": MANAGEMENT_ACCOUNT_ID,
        "source": "team",
        "id": f"event-{execution}",
        "time": timestamp(world.now),
        **event,
    }
    return accept(world, request, execution, **sent)


def test_retirement_is_claimed_with_what_the_account_was_like(world: World) -> None:
    account_id = an_account(world)

    answer = accept(world, a_retirement_request(account_id))

    assert answer["outcome"] == "ACCEPTED"
    row = row_of(account_id)
    assert (row["state"], row["executionArn"]) == ("RETIRING", EXECUTION)
    assert row["before"]["parentId"] == world.organization.accounts[account_id]["parent"]
    assert row["before"]["organizationalUnit"] == "/Sandbox"
    assert answer["organizationalUnit"] == "/Suspended"
    assert answer["policy"]["name"] == answer["detach"] == "RetiredAccounts"
    assert "taskToken" not in answer["record"]


def test_retirement_run_again_by_the_same_execution_is_accepted_again(world: World) -> None:
    account_id = an_account(world)
    first = accept(world, a_retirement_request(account_id))
    world.organization.accounts[account_id].update(parent="ou-abcd-99999999")

    again = accept(world, a_retirement_request(account_id))

    assert again == first


def test_policy_that_the_account_had_before_stays_on_it(world: World) -> None:
    account_id = an_account(world)
    policy_id = world.organization.add_policy("RetiredAccounts")
    world.organization.attach(policy_id, account_id)

    assert accept(world, a_retirement_request(account_id))["detach"] is None


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({}, "accountId"),
        ({"accountId": "12"}, "accountId"),
        ({"accountId": "000000000001"}, "reason"),
        ({"accountId": "000000000001", "reason": "over", "close": "now"}, "close"),
        ({"accountId": "000000000001", "action": "remove"}, "action"),
        ([], "object"),
    ],
)
def test_retirement_that_breaks_its_contract_is_refused_with_every_problem(
    world: World, request_: Any, problem: str
) -> None:
    with pytest.raises(RequestInvalid, match=problem):
        accept(world, request_)


def test_management_account_is_not_retired(world: World) -> None:
    with pytest.raises(OperationRefused) as refused:
        accept(world, a_retirement_request(MANAGEMENT_ACCOUNT_ID))

    assert refused.value.code == "ManagementAccountNotRetired"


def test_account_that_is_no_member_is_not_retired(world: World) -> None:
    with pytest.raises(OperationRefused) as refused:
        accept(world, a_retirement_request("999999999999"))

    assert refused.value.code == "AccountNotFoundException"


@pytest.mark.parametrize("state", ["PENDING_CLOSURE", "SUSPENDED", "CLOSED"])
def test_account_that_is_closed_already_is_not_retired(world: World, state: str) -> None:
    account_id = an_account(world)
    world.organization.accounts[account_id].update(State=state)

    with pytest.raises(OperationRefused) as refused:
        accept(world, a_retirement_request(account_id))

    assert (refused.value.code, refused.value.reason) == ("AccountNotActive", state)


def test_delegated_administrator_is_retired_only_where_it_says_so(world: World) -> None:
    account_id = an_account(world)
    administers(world, account_id)

    with pytest.raises(OperationRefused) as refused:
        accept(world, a_retirement_request(account_id))
    reported = accept(
        world, a_retirement_request(account_id, deregisterDelegatedAdministrator=True)
    )

    assert refused.value.code == "AccountIsDelegatedAdministrator"
    assert "guardduty.amazonaws.com" in refused.value.message
    assert reported["outcome"] == "ACCEPTED"


@pytest.mark.parametrize(("value", "is_protected"), [("true", True), ("", True), ("False", False)])
def test_account_with_the_protecting_tag_is_not_retired(
    world: World, value: str, is_protected: bool
) -> None:
    account_id = an_account(world)
    world.organization.accounts[account_id].update(tags={PROTECTED_TAG: value})

    if is_protected:
        with pytest.raises(OperationRefused) as refused:
            accept(world, a_retirement_request(account_id))
        assert refused.value.code == "AccountProtected"
    else:
        assert accept(world, a_retirement_request(account_id))["outcome"] == "ACCEPTED"


@pytest.mark.parametrize("protected", [{"accounts": ["{}"]}, {"organizationalUnits": ["/Sandbox"]}])
def test_account_that_the_request_policy_protects_is_not_retired_by_anybody(
    world: World, protected: dict[str, list[str]]
) -> None:
    account_id = an_account(world)
    (key,) = protected
    world.policy = {"protected": {key: [each.format(account_id) for each in protected[key]]}}

    with pytest.raises(RequestNotAllowed, match=f"protected.{key}"):
        accept(world, a_retirement_request(account_id))


def test_requester_retires_only_where_the_request_policy_says_so(world: World) -> None:
    account_id = an_account(world)
    world.policy = policy()
    with pytest.raises(RequestNotAllowed, match=r"requesters\.team\.retire does not grant"):
        by_team(world, a_retirement_request(account_id))
    world.policy = policy(retire=["/Workloads"])
    with pytest.raises(RequestNotAllowed, match="it grants /Workloads"):
        by_team(world, a_retirement_request(account_id))

    world.policy = policy(retire=["/Sandbox"])

    assert (
        by_team(world, a_retirement_request(account_id))["record"]["sender"]["requester"] == "team"
    )


def test_requester_restores_only_what_it_may_retire(world: World) -> None:
    account_id = an_account(world)
    retiring(world, account_id)
    world.organization.accounts[account_id].update(parent=world.organization.add_unit("Suspended"))
    restore = {"accountId": account_id, "action": "restore"}
    world.policy = policy(retire=["/Suspended"])
    with pytest.raises(RequestNotAllowed, match="/Sandbox"):
        by_team(world, restore, RESTORING)

    world.policy = policy(retire=["/Sandbox"])

    world.later(1)
    answer = by_team(world, restore, RESTORING)
    assert answer["outcome"] == "RESTORING"


def test_account_that_is_being_vended_is_not_retired(world: World) -> None:
    account_id = an_account(world)
    request = a_request(requestId="changing", source="existing", account={"accountId": account_id})
    world.call("AcceptRequest", request=request, executionArn=OTHER_EXECUTION)

    with pytest.raises(RequestConflict, match="'changing'"):
        accept(world, a_retirement_request(account_id))


def test_new_account_that_is_being_vended_is_not_retired(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    with pytest.raises(RequestConflict, match="'request-1'"):
        accept(world, a_retirement_request(account_id))


def test_account_that_is_being_retired_is_not_vended(world: World) -> None:
    account_id = an_account(world)
    retiring(world, account_id)
    request = a_request(requestId="changing", source="existing", account={"accountId": account_id})

    with pytest.raises(RequestConflict, match="is being retired"):
        world.call("AcceptRequest", request=request, executionArn=OTHER_EXECUTION)
    record(world, account_id, "FAILED", error={"Error": "AccessDenied", "Cause": "no"})
    world.call("AcceptRequest", request=request, executionArn=OTHER_EXECUTION)


def test_request_that_learns_the_account_late_finds_that_it_is_being_retired(world: World) -> None:
    account_id = an_account(world)
    request = a_request(requestId="changing", source="existing", account={"accountId": account_id})
    world.call("AcceptRequest", request=request, executionArn=OTHER_EXECUTION)
    world.ledger.locks.free("changing", OTHER_EXECUTION, {"accountId": account_id})
    retiring(world, account_id)

    with pytest.raises(RequestConflict, match="is being retired"):
        world.call(
            "DescribeAccount",
            requestId="changing",
            executionArn=OTHER_EXECUTION,
            accountId=account_id,
        )


def test_second_retirement_is_a_duplicate_while_the_first_goes_on(world: World) -> None:
    account_id = an_account(world)
    accept(world, a_retirement_request(account_id))

    second = accept(world, a_retirement_request(account_id), OTHER_EXECUTION)

    assert second["outcome"] == "DUPLICATE"
    assert second["record"]["executionArn"] == EXECUTION


def test_retirement_whose_execution_ended_goes_on_in_the_next_with_its_grace_period(
    world: World,
) -> None:
    account_id = an_account(world)
    retiring(world, account_id)
    closes_at = row_of(account_id)["closesAt"]
    world.organization.executions[EXECUTION] = "ABORTED"
    world.later(3 * DAY)

    second = accept(world, a_retirement_request(account_id), OTHER_EXECUTION)
    record(world, account_id, "RETIRING", OTHER_EXECUTION)

    assert second["outcome"] == "ACCEPTED"
    assert row_of(account_id)["closesAt"] == closes_at
    assert row_of(account_id)["before"]["organizationalUnit"] == "/Sandbox"


def test_repeated_event_does_not_retire_a_restored_account_again(world: World) -> None:
    account_id = an_account(world)
    world.policy = policy(retire=["/*"])
    first_sent = timestamp(world.now)
    by_team(world, a_retirement_request(account_id), id="event-1", time=first_sent)
    record(world, account_id, "RETIRING")
    world.later(60)
    accept(world, {"accountId": account_id, "action": "restore"}, RESTORING)
    record(world, account_id, "RESTORED", RESTORING)

    for event_id, outcome in (("event-1", "DUPLICATE"), ("another", "SUPERSEDED")):
        again = by_team(
            world, a_retirement_request(account_id), OTHER_EXECUTION, id=event_id, time=first_sent
        )
        assert again["outcome"] == outcome
    assert row_of(account_id)["state"] == "ACTIVE"


def test_restored_account_that_is_retired_anew_has_a_new_grace_period(world: World) -> None:
    account_id = an_account(world)
    retiring(world, account_id)
    first = row_of(account_id)["closesAt"]
    world.later(DAY)
    accept(world, {"accountId": account_id, "action": "restore"}, RESTORING)
    record(world, account_id, "RESTORED", RESTORING)
    world.later(DAY)

    assert accept(world, a_retirement_request(account_id), OTHER_EXECUTION)["outcome"] == "ACCEPTED"
    record(world, account_id, "RETIRING", OTHER_EXECUTION)

    assert row_of(account_id)["closesAt"] > first


def test_account_that_was_never_retired_is_not_restored(world: World) -> None:
    account_id = an_account(world)

    with pytest.raises(OperationRefused) as refused:
        accept(world, {"accountId": account_id, "action": "restore"})

    assert refused.value.code == "NotRetired"


def test_restoration_waits_until_nothing_suspends_the_account_any_more(world: World) -> None:
    account_id = an_account(world)
    accept(world, a_retirement_request(account_id))
    world.later(1)

    with pytest.raises(ConcurrentModification, match="just being suspended"):
        accept(world, {"accountId": account_id, "action": "restore"}, RESTORING)
    record(world, account_id, "RETIRING")

    restored = accept(world, {"accountId": account_id, "action": "restore"}, RESTORING)
    assert restored["outcome"] == "RESTORING"
    assert restored["parentId"] == world.organization.accounts[account_id]["parent"]


def test_restored_account_is_restored_already(world: World) -> None:
    account_id = an_account(world)
    retiring(world, account_id)
    restore = {"accountId": account_id, "action": "restore"}
    world.later(1)
    accept(world, restore, RESTORING)
    record(world, account_id, "RESTORED", RESTORING)

    assert accept(world, restore, OTHER_EXECUTION)["outcome"] == "FINISHED"
    assert accept(world, restore, RESTORING)["outcome"] == "FINISHED"
