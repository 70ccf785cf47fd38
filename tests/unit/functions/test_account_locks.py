"""Two requests in flight share neither the email of an account nor its id; its name they may."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.unit.functions.payloads import (
    EMAIL,
    INVITED,
    REQUEST_ID,
    a_request,
    accepted,
    create,
    made,
    vend,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, TABLE, World
from vending.aws import clients
from vending.errors.exceptions import (
    ConcurrentModification,
    OutcomeUnknown,
    RequestConflict,
    Throttled,
)
from vending.ledger.locks import keys

SECOND = "request-2"
SAME_EMAIL = {"name": "Other", "email": EMAIL.upper()}
NEW_EMAIL = {"name": "Sandbox", "email": "new@example.com"}
SAME_NAME = {"name": "Sandbox", "email": "other@example.com"}


def accept(world: World, account: dict[str, str], request_id: str = SECOND) -> dict[str, Any]:
    """AcceptRequest of another request, in another execution."""
    result: dict[str, Any] = world.call(
        "AcceptRequest",
        request=a_request(requestId=request_id, account=account),
        executionArn=OTHER_EXECUTION,
    )
    return result


def resume(world: World) -> dict[str, Any]:
    """The first request once more, in an execution of its own."""
    execution = EXECUTION.replace("first", "third")
    result: dict[str, Any] = world.call(
        "AcceptRequest", request=a_request(), executionArn=execution
    )
    return result


def locks(world: World) -> dict[str, str]:
    """Who has which lock."""
    found = clients.dynamodb().scan(TableName=TABLE)["Items"]
    world.calls.clear()
    return {row["pk"]["S"]: row["owner"]["S"] for row in found if "owner" in row}


def fail(world: World, error: str = "States.Timeout") -> None:
    world.call("RecordFailure", request=a_request(), executionArn=EXECUTION, error={"Error": error})


def test_account_that_another_request_is_vending_is_a_conflict_that_names_it(
    world: World,
) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "RUNNING"

    with pytest.raises(RequestConflict) as conflict:
        accept(world, SAME_EMAIL)

    text = str(conflict.value)
    assert f"'{REQUEST_ID}'" in text
    assert EXECUTION in text
    assert "@" not in text
    assert world.ledger.get(SECOND) is None
    assert set(locks(world).values()) == {REQUEST_ID}


def test_refused_request_is_accepted_when_the_other_has_ended(
    world: World,
) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "RUNNING"
    with pytest.raises(RequestConflict) as conflict:
        accept(world, SAME_EMAIL)
    request = a_request(requestId=SECOND, account=SAME_EMAIL)
    error = {"Error": "RequestConflict", "Cause": f'{{"errorMessage": "{conflict.value.code}"}}'}
    world.call("RecordFailure", request=request, executionArn=OTHER_EXECUTION, error=error)
    assert world.row(SECOND)["state"] == "REJECTED"
    fail(world)

    result = accept(world, SAME_EMAIL)

    assert result["outcome"] == "ACCEPTED"
    assert set(locks(world).values()) == {SECOND}


@pytest.mark.parametrize("end", [vend, fail], ids=["vended", "failed"])
def test_end_of_a_request_frees_what_it_had(world: World, end: Any) -> None:
    accepted(world)
    assert len(locks(world)) == 1

    end(world)
    end(world)

    assert locks(world) == {}


def test_end_frees_nothing_that_another_request_has_by_now(world: World) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "ABORTED"
    accept(world, SAME_EMAIL)

    fail(world)

    assert locks(world)[keys({"email": EMAIL})[0]] == SECOND


def test_lock_of_a_request_without_an_execution_is_taken_over(
    world: World,
) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "ABORTED"

    assert accept(world, SAME_EMAIL)["outcome"] == "ACCEPTED"


def test_lock_of_an_execution_that_does_not_show_yet_is_kept(
    world: World,
) -> None:
    accepted(world)
    world.later(59)

    with pytest.raises(RequestConflict):
        accept(world, SAME_EMAIL)
    world.later(2)

    assert accept(world, SAME_EMAIL)["outcome"] == "ACCEPTED"


def test_request_that_loses_its_lock_is_failed_and_says_so(world: World) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "ABORTED"

    accept(world, SAME_EMAIL)

    row = world.row(REQUEST_ID)
    assert (row["state"], row["error"]["code"]) == ("FAILED", "ExecutionAborted")
    assert (REQUEST_ID, "FAILED") in [
        (record["requestId"], record["state"]) for _, record in world.announced()
    ]


def test_event_of_the_end_gives_back_what_the_request_kept(world: World) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "ABORTED"
    assert REQUEST_ID in locks(world).values()

    detail = {"executionArn": EXECUTION, "status": "ABORTED", "input": json.dumps(a_request())}
    world.call("RecordExecutionEnd", detail=detail)

    assert locks(world) == {}


def test_lock_of_a_request_that_goes_on_at_that_moment_is_not_taken(world: World) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "ABORTED"
    world.later(1)

    def goes_on() -> None:
        world.ledger.record_intent(REQUEST_ID, EXECUTION, account_name="Sandbox", seen=None)

    world.organization.before("DescribeExecution", goes_on)

    with pytest.raises(ConcurrentModification):
        accept(world, SAME_EMAIL)
    with pytest.raises(RequestConflict, match=REQUEST_ID):
        accept(world, SAME_EMAIL)


def test_lock_without_its_owners_row_is_taken_over(world: World) -> None:
    accepted(world)
    clients.dynamodb().delete_item(TableName=TABLE, Key={"pk": {"S": f"request#{REQUEST_ID}"}})

    assert accept(world, SAME_EMAIL)["outcome"] == "ACCEPTED"


@pytest.mark.parametrize("known", [True, False], ids=["creation known", "answer lost"])
def test_lock_is_kept_while_aws_may_be_creating_the_account(world: World, known: bool) -> None:
    accepted(world)
    if known:
        create(world)
    else:
        world.organization.break_connection(
            "CreateAccount", ReadTimeoutError(endpoint_url="https://example.com")
        )
        with pytest.raises(OutcomeUnknown):
            create(world)
    fail(world)

    with pytest.raises(RequestConflict) as conflict:
        accept(world, SAME_EMAIL)
    world.later(6 * 3600)
    afterwards = accept(world, SAME_EMAIL)

    assert f"'{REQUEST_ID}' again" in conflict.value.remedy
    assert afterwards["outcome"] == "ACCEPTED"


def test_failed_request_resumed_takes_its_locks_again(world: World) -> None:
    accepted(world)
    fail(world)

    world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert set(locks(world).values()) == {REQUEST_ID}


@pytest.mark.parametrize("unheard", [True, False], ids=["stopped unheard", "failed"])
def test_correction_takes_the_lock_of_its_email_and_gives_back_the_first(
    world: World, unheard: bool
) -> None:
    accepted(world)
    if unheard:
        world.organization.executions[EXECUTION] = "ABORTED"
    else:
        fail(world)
    corrected = a_request(account=NEW_EMAIL)

    world.call("AcceptRequest", request=corrected, executionArn=OTHER_EXECUTION)

    assert locks(world) == {keys(NEW_EMAIL)[0]: REQUEST_ID}


def test_correction_to_an_email_that_another_request_has_is_a_conflict(world: World) -> None:
    accepted(world)
    fail(world)
    accept(world, NEW_EMAIL)
    world.organization.executions[OTHER_EXECUTION] = "RUNNING"
    before = world.row(REQUEST_ID)
    third = EXECUTION.replace("first", "third")

    with pytest.raises(RequestConflict, match=SECOND):
        world.call("AcceptRequest", request=a_request(account=NEW_EMAIL), executionArn=third)

    assert world.row(REQUEST_ID) == before
    assert locks(world) == {keys(NEW_EMAIL)[0]: SECOND}


def test_failed_request_resumed_while_another_has_its_email_is_a_conflict_and_stays_failed(
    world: World,
) -> None:
    accepted(world)
    fail(world)
    accept(world, SAME_EMAIL)
    world.organization.executions[OTHER_EXECUTION] = "RUNNING"
    before = world.row(REQUEST_ID)

    with pytest.raises(RequestConflict, match=SECOND):
        resume(world)

    assert world.row(REQUEST_ID) == before


def test_request_that_has_its_account_is_resumed_whoever_has_its_email(world: World) -> None:
    accepted(world)
    world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id=made(world))
    fail(world)
    accept(world, SAME_EMAIL)
    world.organization.executions[OTHER_EXECUTION] = "RUNNING"

    assert resume(world)["outcome"] == "ACCEPTED"


def test_request_is_claimed_with_its_locks_or_not_at_all(world: World) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "RUNNING"

    with pytest.raises(RequestConflict):
        accept(world, SAME_EMAIL)

    assert world.ledger.get(SECOND) is None
    assert set(locks(world).values()) == {REQUEST_ID}


def test_accounts_of_one_name_are_vended_side_by_side(world: World) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "RUNNING"

    assert accept(world, SAME_NAME)["outcome"] == "ACCEPTED"
    assert set(locks(world).values()) == {REQUEST_ID, SECOND}


def test_same_execution_claims_again_after_it_lost_the_answer(world: World) -> None:
    first, second = accepted(world), accepted(world)

    assert first == second
    assert set(locks(world).values()) == {REQUEST_ID}


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        (["TransactionConflict", "None"], ConcurrentModification),
        (["None", "ThrottlingError"], Throttled),
        (["None", "ProvisionedThroughputExceeded"], Throttled),
    ],
)
def test_transaction_cancelled_for_the_moment_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch, codes: list[str], error: type[Exception]
) -> None:
    exceptions = clients.dynamodb().exceptions

    def cancelled(**_: Any) -> None:
        answer: Any = {
            "Error": {"Code": "TransactionCanceledException", "Message": ""},
            "CancellationReasons": [{"Code": code} for code in codes],
        }
        raise exceptions.TransactionCanceledException(answer, "TransactWriteItems")

    monkeypatch.setattr(clients.dynamodb(), "transact_write_items", cancelled)

    with pytest.raises(error):
        accepted(world)


def accept_member(
    world: World, request_id: str, source: str = "existing", execution: str = EXECUTION
) -> dict[str, Any]:
    """AcceptRequest for an account that is there already."""
    world.organization.executions[execution] = "RUNNING"
    account = {"accountId": INVITED}
    return accepted(
        world, {"requestId": request_id, "source": source, "account": account}, execution
    )


@pytest.mark.parametrize("source", ["existing", "invited"])
def test_account_that_another_request_is_at_is_a_conflict_that_names_it(
    world: World, source: str
) -> None:
    accept_member(world, REQUEST_ID, source)

    with pytest.raises(RequestConflict, match=f"account.accountId.*'{REQUEST_ID}'"):
        accept_member(world, SECOND, execution=OTHER_EXECUTION)

    assert locks(world) == {f"account#{INVITED}": REQUEST_ID}


@pytest.mark.parametrize("end", ["RecordVended", "RecordFailure"])
def test_account_is_free_when_the_request_at_it_has_ended(world: World, end: str) -> None:
    request = accept_member(world, REQUEST_ID)["request"]
    if end == "RecordVended":
        vend(world, accountId=INVITED)
    else:
        world.call(end, request=request, executionArn=EXECUTION, error={"Error": "X"})
    assert locks(world) == {}

    result = accept_member(world, SECOND, execution=OTHER_EXECUTION)

    assert result["outcome"] == "ACCEPTED"


def test_request_that_is_rejected_later_frees_what_it_had(world: World) -> None:
    request = accept_member(world, REQUEST_ID)["request"]
    error = {"Error": "RequestConflict"}

    world.call("RecordFailure", request=request, executionArn=EXECUTION, error=error)

    assert world.row(REQUEST_ID)["state"] == "REJECTED"
    assert locks(world) == {}


def test_request_that_has_its_account_is_resumed_alone_with_it(world: World) -> None:
    accepted(world)
    world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id=INVITED)
    fail(world)
    accept_member(world, SECOND, execution=OTHER_EXECUTION)

    with pytest.raises(RequestConflict, match=SECOND):
        resume(world)
    vend(world, requestId=SECOND, executionArn=OTHER_EXECUTION, accountId=INVITED)

    assert resume(world)["outcome"] == "ACCEPTED"
    assert locks(world) == {f"account#{INVITED}": REQUEST_ID}
    third = EXECUTION.replace("first", "third")
    vend(world, executionArn=third, accountId=INVITED)
    assert locks(world) == {}


def test_keys_of_locks_distinguish_emails_by_nothing_but_their_letters() -> None:
    assert keys({"email": "A@example.com"}) == keys({"email": "a@EXAMPLE.com"})
    assert "example" not in str(keys({"email": "a@example.com"}))


@pytest.mark.parametrize("state", ["new", "begun", "made"])
def test_accept_request_says_whether_aws_was_asked_before(world: World, state: str) -> None:
    first = accepted(world)
    if state != "new":
        create(world)
    if state == "made":
        world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id=made(world))
    fail(world)

    again = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert first["creationBegun"] is False
    assert again["creationBegun"] is (state != "new")
