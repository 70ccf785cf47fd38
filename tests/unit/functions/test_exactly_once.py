"""Schedules in which something else happens at the worst moment: still one account, and the right.

Each is two functions, or two executions of one request, that get in each other's way.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.unit.functions.payloads import (
    EMAIL,
    REQUEST_ID,
    REQUEST_ID_TAG,
    a_request,
    accepted,
    create,
    describe,
    reserve,
    waiting,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.creation.find_account import LOOK_SECONDS, SETTLING_TIME
from vending.errors.exceptions import (
    AccountCreationFailed,
    ConcurrentModification,
    ExecutionSuperseded,
    OutcomeUnknown,
    RequestConflict,
    SlotNeeded,
    TransientError,
)
from vending.ledger.ledger import Ledger
from vending.ledger.locks import Locks, keys
from vending.queueing.queue import Quota
from vending.queueing.slots import Slots

THIRD_EXECUTION = EXECUTION.replace("first", "third")
PLACES = Quota().in_progress


def stop(world: World) -> None:
    """Somebody stops the first execution, and Step Functions tells so."""
    world.organization.executions[EXECUTION] = "ABORTED"
    detail = {"executionArn": EXECUTION, "status": "ABORTED", "input": json.dumps(a_request())}
    world.call("RecordExecutionEnd", detail=detail)


def lose_the_answer(world: World, operation: str = "CreateAccount") -> None:
    accepted(world, a_request(source="new" if operation == "CreateAccount" else "new-govcloud"))
    reserve(world)
    world.organization.lose_answer(operation)
    with pytest.raises(OutcomeUnknown):
        create(world, operation=operation)


def asked_again(world: World, operation: str = "CreateAccount") -> str:
    """AWS is asked again, as nothing shows of the first call; the second creation's id."""
    world.later(SETTLING_TIME)
    with pytest.raises(SlotNeeded):
        create(world, operation=operation)
    world.later(60)
    reserve(world)
    return str(create(world, operation=operation)["createAccountRequestId"])


def holders(world: World) -> set[str | None]:
    """Which executions have the locks of the first request's account."""
    items = [world.ledger.table.get(pk) for pk in keys({"name": "Sandbox", "email": EMAIL})]
    return {item["executionArn"] if item else None for item in items}


def test_account_whose_email_was_changed_is_adopted_all_the_same(world: World) -> None:
    lose_the_answer(world)
    stop(world)
    account_id = world.organization.finish()
    assert account_id is not None
    world.organization.accounts[account_id]["Email"] = "renamed@example.com"
    world.later(7200)

    accepted(world, execution=OTHER_EXECUTION)
    created = create(world, executionArn=OTHER_EXECUTION, slot=None)

    assert created["accountId"] == account_id
    assert len(world.organization.accounts) == 1


def test_request_that_was_stopped_before_the_call_asks_for_nothing(world: World) -> None:
    accepted(world)
    reserve(world)
    stop(world)

    with pytest.raises(ExecutionSuperseded) as stopped:
        create(world)

    assert world.called("CreateAccount") == []
    assert "resumed" in stopped.value.remedy


def test_request_that_was_stopped_does_not_queue(world: World) -> None:
    accepted(world)
    stop(world)

    with pytest.raises(ExecutionSuperseded):
        reserve(world)

    assert world.queue.waiting == ()
    assert world.queue.leases == {}


def test_end_of_one_execution_takes_nothing_from_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(PLACES):
        waiting(world, number, OTHER_EXECUTION)
    accepted(world)
    reserve(world)
    world.organization.executions |= {OTHER_EXECUTION: "RUNNING", THIRD_EXECUTION: "RUNNING"}
    written = Ledger.mark_failed
    resumed: list[str] = []

    def resumed_at_once(self: Ledger, *given: Any, **named: Any) -> Any:
        row = written(self, *given, **named)
        if not resumed:
            world.organization.executions[EXECUTION] = "FAILED"
            accepted(world, execution=THIRD_EXECUTION)
            resumed.append(reserve(world, executionArn=THIRD_EXECUTION))
        return row

    monkeypatch.setattr(Ledger, "mark_failed", resumed_at_once)
    error = {"Error": "States.Timeout"}
    world.call("RecordFailure", request=a_request(), executionArn=EXECUTION, error=error)

    assert world.queue.waiting == (REQUEST_ID,)
    assert holders(world) == {THIRD_EXECUTION}
    world.slots().release("other-0")
    assert world.organization.tokens[resumed[0]] is not None


def test_lock_of_a_request_that_is_resumed_meanwhile_is_not_taken_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(world)
    world.organization.executions |= {EXECUTION: "FAILED", THIRD_EXECUTION: "RUNNING"}
    error = {"code": "x", "reason": None, "message": "m", "remedy": "r"}
    world.ledger.mark_failed(REQUEST_ID, EXECUTION, state="FAILED", error=error)
    take_away = Locks.release
    resumed: list[Any] = []

    def after_the_resumption(self: Locks, held: Any) -> None:
        if not resumed:
            resumed.append(accepted(world, execution=THIRD_EXECUTION))
        take_away(self, held)

    monkeypatch.setattr(Locks, "release", after_the_resumption)
    other = a_request(requestId="other", account={"name": "Other", "email": EMAIL})
    with pytest.raises(RequestConflict, match=REQUEST_ID):
        accepted(world, other, OTHER_EXECUTION)

    assert holders(world) == {THIRD_EXECUTION}


def test_function_that_outlives_its_execution_does_not_ask_once_its_lock_is_anothers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(world)
    world.organization.executions |= {EXECUTION: "ABORTED", OTHER_EXECUTION: "RUNNING"}
    other = a_request(requestId="other", account={"name": "Other", "email": EMAIL})
    is_due = Slots.is_due

    def taken_from_it(self: Slots, request_id: str) -> bool:
        due = is_due(self, request_id)
        if request_id == REQUEST_ID:
            accepted(world, other, OTHER_EXECUTION)
        return due

    with monkeypatch.context() as patched:
        patched.setattr(Slots, "is_due", taken_from_it)
        with pytest.raises(ExecutionSuperseded):
            create(world)
    create(world, requestId="other", executionArn=OTHER_EXECUTION, account=other["account"])

    assert len(world.called("CreateAccount")) == 1
    error = {"Error": "States.Timeout"}
    world.ledger.clear_creation("other", OTHER_EXECUTION)
    world.call("RecordFailure", request=other, executionArn=OTHER_EXECUTION, error=error)
    resumed = accepted(world, execution=THIRD_EXECUTION)
    assert (resumed["outcome"], resumed["creationBegun"]) == ("ACCEPTED", False)
    assert create(world, executionArn=THIRD_EXECUTION)["state"] == "IN_PROGRESS"


@pytest.mark.parametrize("shows", [True, False], ids=["tag shows", "tag does not show"])
def test_account_of_a_request_that_looks_for_it_is_not_taken_in_by_another(
    world: World, shows: bool
) -> None:
    lose_the_answer(world)
    account_id = world.organization.finish()
    assert account_id is not None
    tags = world.organization.accounts[account_id]["tags"]
    if not shows:
        world.organization.accounts[account_id]["tags"] = {}
    other = {"requestId": "other", "source": "existing", "account": {"accountId": account_id}}
    accepted(world, other, OTHER_EXECUTION)

    with pytest.raises(RequestConflict, match=f"'{REQUEST_ID}'"):
        world.call(
            "DescribeAccount", requestId="other", executionArn=OTHER_EXECUTION, accountId=account_id
        )

    world.organization.accounts[account_id]["tags"] = tags
    world.later(120)
    assert create(world, slot=None)["accountId"] == account_id


def test_account_whose_tag_shows_late_is_waited_for(world: World) -> None:
    lose_the_answer(world)
    world.later(240)
    with pytest.raises(OutcomeUnknown):
        create(world)
    account_id = world.organization.finish()
    assert account_id is not None
    tags = world.organization.accounts[account_id]["tags"]
    world.organization.accounts[account_id]["tags"] = {}
    with pytest.raises(OutcomeUnknown):
        create(world)

    world.organization.accounts[account_id]["tags"] = tags

    assert create(world)["accountId"] == account_id


def test_creation_of_the_same_name_for_another_request_is_waited_for_and_not_adopted(
    world: World,
) -> None:
    accepted(world)
    world.organization.break_connection(
        "CreateAccount", ReadTimeoutError(endpoint_url="https://example.com")
    )
    with pytest.raises(OutcomeUnknown):
        create(world)
    account = {"name": "Sandbox", "email": "other@example.com"}
    accepted(world, a_request(requestId="other", account=account), OTHER_EXECUTION)
    create(world, requestId="other", executionArn=OTHER_EXECUTION, account=account)
    world.later(SETTLING_TIME)
    with pytest.raises(OutcomeUnknown, match="of this name"):
        create(world)
    others_id = world.organization.finish()
    world.later(SETTLING_TIME)
    with pytest.raises(SlotNeeded):
        create(world)

    mine = create(world)

    assert mine["state"] == "IN_PROGRESS"
    assert world.organization.finish(mine["createAccountRequestId"]) != others_id


def test_account_that_shows_later_than_its_creation_is_waited_for(world: World) -> None:
    lose_the_answer(world)
    world.later(SETTLING_TIME)
    account_id = world.organization.finish()
    assert account_id is not None
    account = world.organization.accounts.pop(account_id)
    with pytest.raises(OutcomeUnknown):
        create(world)

    world.organization.accounts[account_id] = account

    assert create(world)["accountId"] == account_id
    assert len(world.called("CreateAccount")) == 1


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ("CreateAccount", "EMAIL_ALREADY_EXISTS"),
        ("CreateGovCloudAccount", "EMAIL_ALREADY_EXISTS"),
        ("CreateGovCloudAccount", "GOVCLOUD_ACCOUNT_ALREADY_EXISTS"),
    ],
)
def test_account_that_shows_only_after_it_was_asked_for_again_is_adopted(
    world: World, operation: str, reason: str
) -> None:
    lose_the_answer(world, operation)
    shown = dict(world.organization.creations)
    world.organization.creations.clear()
    second = asked_again(world, operation)
    world.organization.finish(second, failure=reason)
    assert describe(world, second)["state"] == "IN_PROGRESS"

    world.organization.creations.update(shown)
    (first,) = shown
    account_id = world.organization.finish(first)

    assert describe(world, second)["accountId"] == account_id


def test_owner_of_the_email_whose_tags_do_not_show_yet_is_looked_at_again(world: World) -> None:
    creation_id = _asked(world)
    account_id = world.organization.add_account(email=EMAIL, tags={REQUEST_ID_TAG: REQUEST_ID})
    world.organization.finish(creation_id, failure="EMAIL_ALREADY_EXISTS")
    world.organization.refuse("ListTagsForResource", "TargetNotFoundException")
    with pytest.raises(TransientError):
        describe(world, creation_id)

    assert describe(world, creation_id)["accountId"] == account_id


def _asked(world: World) -> str:
    accepted(world)
    return str(create(world)["createAccountRequestId"])


def test_email_that_is_taken_fails_once_nothing_of_the_lost_call_can_show(world: World) -> None:
    lose_the_answer(world)
    world.organization.creations.clear()
    second = asked_again(world)
    world.organization.finish(second, failure="EMAIL_ALREADY_EXISTS")
    assert describe(world, second)["state"] == "IN_PROGRESS"
    world.later(SETTLING_TIME)

    with pytest.raises(AccountCreationFailed) as failed:
        describe(world, second)

    assert failed.value.reason == "EMAIL_ALREADY_EXISTS"
    assert "unanswered" not in world.row(REQUEST_ID)


def test_slot_that_was_given_away_is_not_used(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_the_answer(world)
    world.organization.creations.clear()
    world.later(Quota().lease_seconds + 1)
    for number in range(PLACES + 1):
        waiting(world, number, OTHER_EXECUTION)

    def busy(*_: object) -> None:
        raise ConcurrentModification("busy", remedy="")

    world.calls.clear()

    with monkeypatch.context() as patched:
        patched.setattr(Slots, "requeue", busy)
        with pytest.raises(ConcurrentModification):
            create(world)
    assert "intent" in world.row(REQUEST_ID)
    with pytest.raises(SlotNeeded):
        create(world)
    with pytest.raises(SlotNeeded):
        world.call(  # the same run again, by the turn of before
            "CreateAccount",
            requestId=REQUEST_ID,
            executionArn=EXECUTION,
            account={"name": "Sandbox", "email": EMAIL},
            tags={},
            slot={"startAt": "2027-01-15T08:00:00.000Z"},
        )

    assert world.called("CreateAccount") == []


def test_late_run_does_not_take_a_vended_request_back(world: World) -> None:
    accepted(world)
    creation_id = create(world)["createAccountRequestId"]
    account_id = world.organization.finish()
    describe(world, creation_id)
    world.call(
        "RecordVended",
        requestId=REQUEST_ID,
        executionArn=EXECUTION,
        accountId=account_id,
        organizationalUnitId=None,
    )

    late = describe(world, creation_id)

    assert late["accountId"] == account_id
    assert world.row(REQUEST_ID)["state"] == "VENDED"


def test_slot_that_was_used_is_not_given_to_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(PLACES):
        waiting(world, number, OTHER_EXECUTION)
    accepted(world)
    token = reserve(world)
    world.organization.executions |= {EXECUTION: "RUNNING", OTHER_EXECUTION: "RUNNING"}

    def dies(*_: object, **__: object) -> None:
        raise RuntimeError("the notifier dies once it has notified")

    with monkeypatch.context() as patched:
        patched.setattr(Slots, "_settled", dies)
        with pytest.raises(RuntimeError):
            world.slots().release("other-0")
    assert world.organization.tokens[token] is not None
    world.later(30)
    create(world)
    stop(world)
    world.later(70)
    tat = world.queue.tat

    world.slots().release("other-1")

    assert REQUEST_ID in world.queue.leases
    assert world.queue.tat == tat


def test_line_of_the_dead_does_not_hold_up_who_comes_by(world: World) -> None:
    for number in range(PLACES):
        waiting(world, number, OTHER_EXECUTION)
    tokens = [waiting(world, number) for number in range(PLACES, PLACES + 40)]
    world.organization.executions |= {EXECUTION: "ABORTED", OTHER_EXECUTION: "RUNNING"}
    for token in tokens:
        del world.organization.tokens[token]
    world.calls.clear()

    world.slots().release("other-0")

    assert len(world.called("SendTaskSuccess")) <= 25
    while world.queue.waiting or any(place.notifier for place in world.queue.leases.values()):
        world.later(61)
        world.slots().renew("other-1")
        world.slots().release("nobody")


def test_search_of_a_large_organization_goes_on_where_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vending.creation.find_account.SECONDS_PER_PAGE", LOOK_SECONDS)
    for number in range(7):
        world.organization.add_account(email=f"somebody{number}@example.com")
    lose_the_answer(world)
    world.organization.creations.clear()
    account_id = world.organization.add_account(email=EMAIL, tags={REQUEST_ID_TAG: REQUEST_ID})
    with pytest.raises(OutcomeUnknown, match="searched"):
        create(world)
    assert "look" not in world.row(REQUEST_ID)  # begun too early to be of use later
    world.later(SETTLING_TIME)

    runs = 0
    while "accountId" not in world.row(REQUEST_ID):
        runs += 1
        world.calls.clear()
        try:
            create(world)
        except OutcomeUnknown:
            assert world.row(REQUEST_ID)["look"]["listed"] == "accounts"
            assert len(world.called("ListAccounts")) <= 2

    assert runs > 1
    assert world.row(REQUEST_ID)["accountId"] == account_id
    assert "look" not in world.row(REQUEST_ID)
