"""An account closes once, after its grace period and in its turn, unless it was restored."""

from __future__ import annotations

import pytest

from tests.unit.functions.retiring import (
    DAY,
    RESTORING,
    a_retirement_request,
    accept,
    administers,
    an_account,
    close,
    due,
    record,
    reserve,
    retiring,
    row_of,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors.exceptions import (
    ClosingRefusedForNow,
    ExecutionSuperseded,
    OperationRefused,
    ServiceUnavailable,
    SlotNeeded,
    TaskTokenRefused,
)
from vending.handler import wiring

RESTORE = {"action": "restore"}


def state(world: World, account_id: str) -> str:
    return str(world.organization.accounts[account_id]["State"])


def test_account_is_closed_once_its_grace_period_is_over_and_its_slot_has_come(
    world: World,
) -> None:
    account_id = an_account(world)
    due(world, account_id)

    answer = close(world, account_id)

    assert answer == {"state": "PENDING_CLOSURE", "closedBy": "US"}
    assert state(world, account_id) == "PENDING_CLOSURE"
    assert row_of(account_id)["state"] == "CLOSING"


def test_account_is_not_closed_within_its_grace_period(world: World) -> None:
    account_id = an_account(world)
    retiring(world, account_id)
    world.later(14 * DAY - 60)
    reserve(world, account_id)

    with pytest.raises(OperationRefused) as refused:
        close(world, account_id)

    assert refused.value.code == "GracePeriodNotOver"
    assert state(world, account_id) == "ACTIVE"


def test_account_whose_grace_period_never_began_is_not_closed(world: World) -> None:
    account_id = an_account(world)
    accept(world, a_retirement_request(account_id))
    world.later(100 * DAY)
    reserve(world, account_id)

    with pytest.raises(OperationRefused) as refused:
        close(world, account_id)

    assert refused.value.code == "GracePeriodNotOver"


def test_account_is_not_closed_without_a_slot(world: World) -> None:
    account_id = an_account(world)
    retiring(world, account_id)
    world.later(15 * DAY)

    with pytest.raises(SlotNeeded):
        close(world, account_id)

    assert state(world, account_id) == "ACTIVE"
    assert row_of(account_id)["state"] == "RETIRING"


@pytest.mark.parametrize("moment", ["before the slot", "before the close"])
def test_account_that_was_restored_is_not_closed(world: World, moment: str) -> None:
    account_id = an_account(world)
    due(world, account_id)
    world.later(1)
    accept(world, {"accountId": account_id, **RESTORE}, RESTORING)
    if moment == "before the slot":
        with pytest.raises(ExecutionSuperseded):
            reserve(world, account_id)

    with pytest.raises(ExecutionSuperseded):
        close(world, account_id)

    assert state(world, account_id) == "ACTIVE"


def test_restoration_that_comes_while_the_account_is_about_to_be_closed_wins_or_is_refused(
    world: World,
) -> None:
    account_id = an_account(world)
    due(world, account_id)
    world.later(1)

    def restore() -> None:
        with pytest.raises(OperationRefused) as refused:
            accept(world, {"accountId": account_id, **RESTORE}, RESTORING)
        assert refused.value.code == "RestoreTooLate"

    world.organization.before("CloseAccount", restore)

    assert close(world, account_id)["state"] == "PENDING_CLOSURE"


def test_restoration_that_comes_between_look_and_intent_wins(world: World) -> None:
    account_id = an_account(world)
    due(world, account_id)
    world.later(1)

    def restore() -> None:
        accept(world, {"accountId": account_id, **RESTORE}, RESTORING)

    world.organization.before("DescribeAccount", restore)

    with pytest.raises(ExecutionSuperseded):
        close(world, account_id)

    assert state(world, account_id) == "ACTIVE"


def test_account_that_is_closing_or_closed_is_not_restored(world: World) -> None:
    account_id = an_account(world)
    due(world, account_id)
    close(world, account_id)
    world.later(1)
    with pytest.raises(OperationRefused) as closing:
        accept(world, {"accountId": account_id, **RESTORE}, RESTORING)
    record(world, account_id, "CLOSED")

    with pytest.raises(OperationRefused) as closed:
        accept(world, {"accountId": account_id, **RESTORE}, RESTORING)

    assert {closing.value.code, closed.value.code} == {"RestoreTooLate"}
    assert "AWS Support" in closed.value.remedy


def test_lost_answer_is_looked_for_and_the_account_closes_once(world: World) -> None:
    account_id = an_account(world)
    due(world, account_id)
    world.organization.lose_answer("CloseAccount")
    with pytest.raises(ServiceUnavailable):
        close(world, account_id)

    again = close(world, account_id)

    assert again == {"state": "PENDING_CLOSURE", "closedBy": "US"}
    assert len(world.called("CloseAccount")) == 1


def test_call_that_never_arrived_is_made_again(world: World) -> None:
    account_id = an_account(world)
    due(world, account_id)
    world.organization.refuse("CloseAccount", "ServiceException", status=500)
    with pytest.raises(ServiceUnavailable):
        close(world, account_id)

    assert close(world, account_id)["state"] == "PENDING_CLOSURE"


@pytest.mark.parametrize("found", ["PENDING_CLOSURE", "SUSPENDED", "CLOSED"])
def test_account_that_others_closed_is_not_asked_for(world: World, found: str) -> None:
    account_id = an_account(world)
    retiring(world, account_id)
    world.later(15 * DAY)
    world.organization.accounts[account_id].update(State=found)

    assert close(world, account_id) == {"state": found, "closedBy": "OTHERS"}
    assert world.called("CloseAccount") == []


@pytest.mark.parametrize("code", ["ConflictException", "AccountAlreadyClosedException"])
def test_account_that_others_close_at_the_same_moment_is_followed(world: World, code: str) -> None:
    account_id = an_account(world)
    due(world, account_id)
    world.organization.refuse("CloseAccount", code)

    assert close(world, account_id)["state"] == "PENDING_CLOSURE"


@pytest.mark.parametrize(
    ("code", "reason", "rests"),
    [
        ("ConstraintViolationException", "CLOSE_ACCOUNT_QUOTA_EXCEEDED", DAY),
        ("ConstraintViolationException", "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED", 20),
        ("TooManyRequestsException", None, 20),
    ],
)
def test_refusal_for_now_is_a_wait_with_a_date_in_which_it_can_be_restored(
    world: World, code: str, reason: str | None, rests: float
) -> None:
    account_id = an_account(world)
    due(world, account_id)
    world.organization.refuse("CloseAccount", code, reason)

    with pytest.raises(ClosingRefusedForNow):
        close(world, account_id)

    assert row_of(account_id)["state"] == "RETIRING"
    _, queue = wiring.closing_slots().read()
    assert queue.cooldown_until == pytest.approx(world.now + rests)
    with pytest.raises(SlotNeeded):
        close(world, account_id)
    world.later(1)
    restored = accept(world, {"accountId": account_id, **RESTORE}, RESTORING)
    assert restored["outcome"] == "RESTORING"


def test_refusal_for_good_leaves_an_account_that_can_be_restored(world: World) -> None:
    account_id = an_account(world)
    due(world, account_id)
    world.organization.refuse("CloseAccount", "AccessDeniedException")

    with pytest.raises(OperationRefused):
        close(world, account_id)

    assert row_of(account_id)["state"] == "RETIRING"


def test_closure_that_was_begun_and_lost_goes_on_in_the_next_execution(world: World) -> None:
    account_id = an_account(world)
    due(world, account_id)
    close(world, account_id)
    world.organization.executions[EXECUTION] = "TIMED_OUT"

    taken = accept(world, a_retirement_request(account_id), OTHER_EXECUTION)

    assert taken["outcome"] == "CLOSING"
    assert close(world, account_id, OTHER_EXECUTION) == {
        "state": "PENDING_CLOSURE",
        "closedBy": "US",
    }


def test_account_whose_closing_never_began_can_be_restored(world: World) -> None:
    account_id = an_account(world)
    due(world, account_id)
    world.organization.refuse("CloseAccount", "ServiceException", status=500)
    with pytest.raises(ServiceUnavailable):
        close(world, account_id)
    world.organization.executions[EXECUTION] = "ABORTED"
    restore = {"accountId": account_id, **RESTORE}
    with pytest.raises(OperationRefused):
        accept(world, restore, RESTORING)

    world.later(3_600)

    assert accept(world, restore, RESTORING)["outcome"] == "RESTORING"


def test_slot_is_handed_to_the_next_when_an_account_is_closed(world: World) -> None:
    accounts = [an_account(world, f"Unit{number}") for number in range(4)]
    executions = [EXECUTION.replace("first", account) for account in accounts]
    for account, execution in zip(accounts, executions, strict=True):
        accept(world, a_retirement_request(account), execution)
        record(world, account, "RETIRING", execution)
    world.later(15 * DAY)
    tokens = [
        reserve(world, account, execution)
        for account, execution in zip(accounts, executions, strict=True)
    ]
    assert [world.organization.tokens[token] is not None for token in tokens] == [
        True,
        True,
        True,
        False,
    ]
    close(world, accounts[0], executions[0])
    world.later(120)

    record(world, accounts[0], "CLOSED", executions[0])

    assert world.organization.tokens[tokens[3]]["startAt"]


def test_slot_that_has_come_already_is_in_the_error(world: World) -> None:
    account_id = an_account(world)
    retiring(world, account_id)

    with pytest.raises(TaskTokenRefused) as refused:
        world.call(
            "ReserveClosing", accountId=account_id, executionArn=EXECUTION, taskToken="closed"
        )

    assert refused.value.output["waitSeconds"] == 0


def test_closures_by_others_take_their_places(world: World) -> None:
    for number in range(3):
        other = world.organization.add_account(email=f"other{number}@example.com")
        world.organization.accounts[other].update(State="PENDING_CLOSURE")
    account_id = an_account(world)
    retiring(world, account_id)
    world.later(15 * DAY)

    token = reserve(world, account_id)

    assert world.organization.tokens[token] is None
    _, queue = wiring.closing_slots().read()
    assert queue.observed.members == 4
    assert queue.waiting == (account_id,)


def test_organization_is_listed_once_for_all_who_come_within_minutes(world: World) -> None:
    accounts = [an_account(world, f"Unit{number}") for number in range(3)]
    for account in accounts:
        accept(world, a_retirement_request(account), EXECUTION + account)
    before = len(world.called("ListAccounts"))
    reserve(world, accounts[0], EXECUTION + accounts[0])
    pages = len(world.called("ListAccounts")) - before

    for account in accounts[1:]:
        reserve(world, account, EXECUTION + account)

    assert len(world.called("ListAccounts")) - before == pages


def test_delegations_end_just_before_the_account_is_closed(world: World) -> None:
    account_id = an_account(world)
    administers(world, account_id)
    due(world, account_id, deregisterDelegatedAdministrator=True)
    payload = {"accountId": account_id, "executionArn": EXECUTION}

    first = world.call("DeregisterDelegatedAdministrator", **payload)
    second = world.call("DeregisterDelegatedAdministrator", **payload)

    assert first == second == {"deregistered": ["guardduty.amazonaws.com"]}
    assert len(world.called("DeregisterDelegatedAdministrator")) == 1
    assert account_id not in world.organization.state.delegations


def test_delegations_that_the_retirement_may_not_end_stay(world: World) -> None:
    account_id = an_account(world)
    due(world, account_id)
    administers(world, account_id)

    ended = world.call(
        "DeregisterDelegatedAdministrator", accountId=account_id, executionArn=EXECUTION
    )

    assert ended == {"deregistered": []}
    assert account_id in world.organization.state.delegations


def test_restoration_says_what_it_does_not_bring_back(world: World) -> None:
    account_id = an_account(world)
    administers(world, account_id)
    due(world, account_id, deregisterDelegatedAdministrator=True)
    world.call("DeregisterDelegatedAdministrator", accountId=account_id, executionArn=EXECUTION)
    world.later(1)
    accept(world, {"accountId": account_id, **RESTORE}, RESTORING)

    restored = record(world, account_id, "RESTORED", RESTORING)

    assert "guardduty.amazonaws.com" in restored["warnings"][0]


def test_closure_is_followed_until_the_account_is_closed_or_gone(world: World) -> None:
    account_id = an_account(world)
    due(world, account_id)
    close(world, account_id)
    world.later(3_000)

    pending = world.call("DescribeClosure", accountId=account_id)
    _, queue = wiring.closing_slots().read()
    assert queue.leases[account_id].until == world.now + 3_600
    world.organization.accounts[account_id].update(State="CLOSED")
    closed = world.call("DescribeClosure", accountId=account_id)
    del world.organization.accounts[account_id]
    gone = world.call("DescribeClosure", accountId=account_id)

    assert pending == {"state": "PENDING_CLOSURE", "isClosed": False}
    assert closed == {"state": "CLOSED", "isClosed": True}
    assert gone == {"state": "DEPARTED", "isClosed": True}


def test_stages_are_written_and_announced(world: World) -> None:
    account_id = an_account(world)
    due(world, account_id)
    close(world, account_id)

    closed = record(world, account_id, "CLOSED", closedBy="US")
    again = record(world, account_id, "CLOSED", closedBy="US")

    assert closed["state"] == "CLOSED"
    assert closed["closedAt"] == again["closedAt"]
    kinds = [(kind, one["state"]) for kind, one in world.announced()]
    assert kinds[0] == ("AccountRetiring", "RETIRING")
    assert kinds[1] == ("AccountClosed", "CLOSED")
    assert world.ledger.locks.foreign_locks("x", {"accountId": account_id}) == []


def test_failure_is_recorded_and_announced_with_a_remedy(world: World) -> None:
    account_id = an_account(world)
    accept(world, a_retirement_request(account_id))

    failed = record(
        world, account_id, "FAILED", error={"Error": "AccountProtected", "Cause": "tag"}
    )

    assert (failed["state"], failed["error"]["code"]) == ("RETIRING", "AccountProtected")
    assert failed["error"]["remedy"]
    assert world.announced()[-1][0] == "AccountRetirementFailed"
    assert world.ledger.locks.foreign_locks("x", {"accountId": account_id}) == []


def test_failure_of_what_was_never_claimed_changes_no_row(world: World) -> None:
    account_id = an_account(world)
    accept(world, a_retirement_request(account_id))
    before = row_of(account_id)

    failed = record(
        world, account_id, "FAILED", OTHER_EXECUTION, error={"Error": "RequestNotAllowed"}
    )

    assert row_of(account_id) == before
    assert failed["executionArn"] == OTHER_EXECUTION
    assert failed["state"] is None
