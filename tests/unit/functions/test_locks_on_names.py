"""Two requests in flight share neither the email nor the name of the account to be made."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.unit.functions.payloads import EMAIL, REQUEST_ID, a_request, accepted, create
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, TABLE, World
from vending import aws
from vending.errors import ConcurrentModification, OutcomeUnknown, RequestConflict, Throttled
from vending.locks import keys

SECOND = "request-2"
SAME_EMAIL = {"name": "Other", "email": EMAIL.upper()}
SAME_NAME = {"name": "Sandbox", "email": "other@example.com"}
SAME = pytest.mark.parametrize("account", [SAME_EMAIL, SAME_NAME], ids=["email", "name"])


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
    found = aws.dynamodb().scan(TableName=TABLE)["Items"]
    world.calls.clear()
    return {row["pk"]["S"]: row["owner"]["S"] for row in found if "owner" in row}


def fail(world: World, error: str = "States.Timeout") -> None:
    world.call("RecordFailure", request=a_request(), executionArn=EXECUTION, error={"Error": error})


def vend(world: World) -> None:
    world.call(
        "RecordVended",
        requestId=REQUEST_ID,
        executionArn=EXECUTION,
        accountId="000000000042",
        organizationalUnitId=None,
    )


@SAME
def test_account_that_another_request_is_vending_is_a_conflict_that_names_it(
    world: World, account: dict[str, str]
) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "RUNNING"

    with pytest.raises(RequestConflict) as conflict:
        accept(world, account)

    told = str(conflict.value)
    assert f"'{REQUEST_ID}'" in told
    assert EXECUTION in told
    assert "@" not in told
    assert world.ledger.get(SECOND) is None
    assert set(locks(world).values()) == {REQUEST_ID}


@SAME
def test_refused_request_is_accepted_when_the_other_has_ended(
    world: World, account: dict[str, str]
) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "RUNNING"
    with pytest.raises(RequestConflict) as conflict:
        accept(world, account)
    request = a_request(requestId=SECOND, account=account)
    error = {"Error": "RequestConflict", "Cause": f'{{"errorMessage": "{conflict.value.code}"}}'}
    world.call("RecordFailure", request=request, executionArn=OTHER_EXECUTION, error=error)
    assert world.row(SECOND)["state"] == "REJECTED"
    fail(world)

    result = accept(world, account)

    assert result["outcome"] == "ACCEPTED"
    assert set(locks(world).values()) == {SECOND}


@pytest.mark.parametrize("end", [vend, fail], ids=["vended", "failed"])
def test_end_of_a_request_frees_what_it_had(world: World, end: Any) -> None:
    accepted(world)
    assert len(locks(world)) == 2

    end(world)
    end(world)

    assert locks(world) == {}


def test_end_frees_nothing_that_another_request_has_by_now(world: World) -> None:
    accepted(world)
    accept(world, SAME_EMAIL)  # the first one's execution is over

    fail(world)

    assert locks(world)[keys({"email": EMAIL})[0]] == SECOND


@SAME
def test_lock_of_a_request_without_an_execution_is_taken_over(
    world: World, account: dict[str, str]
) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "ABORTED"

    assert accept(world, account)["outcome"] == "ACCEPTED"


def test_lock_without_its_owners_row_is_taken_over(world: World) -> None:
    accepted(world)
    aws.dynamodb().delete_item(TableName=TABLE, Key={"pk": {"S": f"request#{REQUEST_ID}"}})

    assert accept(world, SAME_NAME)["outcome"] == "ACCEPTED"


@SAME
@pytest.mark.parametrize("known", [True, False], ids=["creation known", "answer lost"])
def test_lock_is_kept_while_aws_may_be_creating_the_account(
    world: World, account: dict[str, str], known: bool
) -> None:
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
        accept(world, account)
    world.later(6 * 3600)
    afterwards = accept(world, account)

    assert f"'{REQUEST_ID}' again" in conflict.value.remedy
    assert afterwards["outcome"] == "ACCEPTED"


def test_failed_request_resumed_takes_its_locks_again(world: World) -> None:
    accepted(world)
    fail(world)

    world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert set(locks(world).values()) == {REQUEST_ID}


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


def test_request_that_has_its_account_is_resumed_whoever_has_its_name(world: World) -> None:
    accepted(world)
    world.ledger.has_account(REQUEST_ID, EXECUTION, account_id="000000000042")
    fail(world)
    accept(world, SAME_NAME)
    world.organization.executions[OTHER_EXECUTION] = "RUNNING"

    assert resume(world)["outcome"] == "ACCEPTED"


def test_request_is_claimed_with_its_locks_or_not_at_all(world: World) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "RUNNING"

    with pytest.raises(RequestConflict):
        accept(world, {"name": "Unheard of", "email": EMAIL})

    assert world.ledger.get(SECOND) is None
    assert keys({"name": "Unheard of"})[0] not in locks(world)


def test_same_execution_claims_again_after_it_lost_the_answer(world: World) -> None:
    first, second = accepted(world), accepted(world)

    assert first == second
    assert set(locks(world).values()) == {REQUEST_ID}


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        (["TransactionConflict", "None", "None"], ConcurrentModification),
        (["None", "ThrottlingError", "None"], Throttled),
        (["None", "ProvisionedThroughputExceeded", "None"], Throttled),
    ],
)
def test_transaction_cancelled_for_the_moment_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch, codes: list[str], error: type[Exception]
) -> None:
    exceptions = aws.dynamodb().exceptions

    def cancelled(**_: Any) -> None:
        answer: Any = {
            "Error": {"Code": "TransactionCanceledException", "Message": ""},
            "CancellationReasons": [{"Code": code} for code in codes],
        }
        raise exceptions.TransactionCanceledException(answer, "TransactWriteItems")

    monkeypatch.setattr(aws.dynamodb(), "transact_write_items", cancelled)

    with pytest.raises(error):
        accepted(world)


def test_existing_account_needs_no_locks(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL)

    accepted(world, {"source": "existing", "account": {"accountId": account_id}})

    assert locks(world) == {}


def test_keys_of_locks_tell_emails_apart_by_nothing_but_their_letters() -> None:
    assert keys({"email": "A@example.com"}) == keys({"email": "a@EXAMPLE.com"})
    assert keys({"name": "A"}) != keys({"name": "a"})
    assert "example" not in str(keys({"email": "a@example.com", "name": "example"}))


@pytest.mark.parametrize("state", ["new", "begun", "made"])
def test_accept_request_says_whether_aws_was_asked_before(world: World, state: str) -> None:
    first = accepted(world)
    if state != "new":
        create(world)
    if state == "made":
        world.ledger.has_account(REQUEST_ID, EXECUTION, account_id="000000000042")
    fail(world)

    again = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert first["creationBegun"] is False
    assert again["creationBegun"] is (state != "new")
