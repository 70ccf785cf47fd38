"""StartPrimaryEmailUpdate and AcceptPrimaryEmailUpdate: a code is sent, awaited, given, refused."""

from __future__ import annotations

from typing import Any

import pytest

from operations import accept_primary_email_update as accept_step
from operations import start_primary_email_update as start_step
from operations.start_primary_email_update import AWAITED_FOR
from tests.unit.functions.payloads import (
    ACCOUNT_ID,
    EMAIL,
    REQUEST_ID,
    a_request,
    accepted,
    an_account,
    vend,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors.exceptions import (
    AccessDenied,
    EmailCodeRefused,
    ExecutionSuperseded,
    OperationRefused,
    ServiceUnavailable,
    TaskTokenRefused,
    Throttled,
)

NEW = "new@example.com"
TOKEN = "token-1"


@pytest.fixture
def changing(world: World) -> World:
    """A vended account whose request gives it another email, in its baseline again."""
    world.organization.service_access.add("account.amazonaws.com")
    accepted(world)
    vend(world)
    request = a_request(account=an_account(email=NEW))
    world.call("AcceptRequest", request=request, executionArn=OTHER_EXECUTION)
    world.ledger.mark_account_created(REQUEST_ID, OTHER_EXECUTION, account_id=ACCOUNT_ID)
    world.calls.clear()
    return world


def start(world: World, **changes: Any) -> dict[str, Any]:
    world.organization.waiting.add(TOKEN)
    payload: dict[str, Any] = {
        "requestId": REQUEST_ID,
        "executionArn": OTHER_EXECUTION,
        "accountId": ACCOUNT_ID,
        "email": NEW,
        "resend": False,
        "awaitedSince": int(world.now * 1000),
        "taskToken": TOKEN,
    }
    result: dict[str, Any] = world.call("StartPrimaryEmailUpdate", **(payload | changes))
    return result


def accept(world: World, code: str, **changes: Any) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "requestId": REQUEST_ID,
        "executionArn": OTHER_EXECUTION,
        "accountId": ACCOUNT_ID,
        "email": NEW,
        "code": code,
    }
    result: dict[str, Any] = world.call("AcceptPrimaryEmailUpdate", **(payload | changes))
    return result


def code(world: World) -> str:
    return world.organization.state.email_codes[ACCOUNT_ID].code


def email(world: World) -> str:
    return str(world.organization.accounts[ACCOUNT_ID]["Email"])


def test_change_says_which_email_the_account_is_to_have(world: World) -> None:
    accepted(world)
    vend(world)

    result = world.call(
        "AcceptRequest",
        request=a_request(account=an_account(email=NEW)),
        executionArn=OTHER_EXECUTION,
    )

    assert (result["outcome"], result["changes"]["email"]) == ("ACCEPTED", NEW)
    assert result["changes"]["accountName"] is None


@pytest.mark.parametrize("same", [EMAIL, EMAIL.upper()])
def test_same_email_is_no_change_of_it(world: World, same: str) -> None:
    accepted(world)
    vend(world)

    result = world.call(
        "AcceptRequest",
        request=a_request(account=an_account(email=same, name="Other")),
        executionArn=OTHER_EXECUTION,
    )

    assert result["changes"]["email"] is None


def test_code_is_sent_and_awaited_under_the_token(changing: World) -> None:
    result = start(changing)

    assert result == {"awaited": True}
    row = changing.row(REQUEST_ID)
    assert row["state"] == "AWAITING_CODE"
    assert row["emailCode"]["executionArn"] == OTHER_EXECUTION
    assert changing.token(REQUEST_ID) == TOKEN
    assert [(name, one["state"]) for name, one in changing.announced()] == [
        ("AccountVendingStateChanged", "AWAITING_CODE")
    ]
    assert code(changing) not in str(row)
    assert email(changing) == EMAIL


def test_step_that_is_run_again_sends_no_second_code(changing: World) -> None:
    start(changing)
    first = code(changing)

    start(changing, taskToken="token-2")

    assert code(changing) == first
    assert len(changing.called("StartPrimaryEmailUpdate")) == 1
    assert changing.token(REQUEST_ID) == "token-2"


def test_other_code_is_sent_where_it_was_asked_for(changing: World) -> None:
    start(changing)
    first = code(changing)

    start(changing, resend=True)

    assert code(changing) != first


def test_code_whose_sending_was_not_answered_is_sent_again(changing: World) -> None:
    changing.organization.lose_answer("StartPrimaryEmailUpdate")
    with pytest.raises(ServiceUnavailable):
        start(changing)

    start(changing)

    assert len(changing.called("StartPrimaryEmailUpdate")) == 2
    assert accept(changing, code(changing)) == {"accepted": True}


def test_account_that_has_the_email_already_needs_no_code(changing: World) -> None:
    changing.organization.accounts[ACCOUNT_ID].update(Email=NEW.upper())

    assert start(changing) == {"awaited": False}
    assert changing.called("SendTaskSuccess") == [
        {"taskToken": TOKEN, "output": '{"changed": true}'}
    ]
    assert changing.called("StartPrimaryEmailUpdate") == []


def test_token_that_may_not_be_used_here_is_carried_by_the_error(changing: World) -> None:
    changing.organization.accounts[ACCOUNT_ID].update(Email=NEW)
    changing.organization.before(
        "SendTaskSuccess", lambda: changing.organization.waiting.discard(TOKEN)
    )

    with pytest.raises(TaskTokenRefused):
        start(changing)


def test_email_of_another_account_is_refused(changing: World) -> None:
    changing.organization.add_account(email=NEW)

    with pytest.raises(OperationRefused) as refused:
        start(changing)

    assert refused.value.code == "EmailInUse"


def test_code_is_awaited_for_a_week(changing: World) -> None:
    began = int(changing.now * 1000)
    changing.later(AWAITED_FOR - 1)
    assert start(changing, awaitedSince=began) == {"awaited": True}
    changing.later(1)

    with pytest.raises(OperationRefused) as refused:
        start(changing, awaitedSince=began)

    assert refused.value.code == "EmailNotConfirmed"


def test_execution_that_was_taken_over_sends_nothing(changing: World) -> None:
    with pytest.raises(ExecutionSuperseded):
        start(changing, executionArn=EXECUTION)

    assert changing.called("StartPrimaryEmailUpdate") == []


def test_request_that_has_ended_sends_nothing(changing: World) -> None:
    request = a_request(account=an_account(email=NEW))
    changing.call(
        "RecordFailure",
        request=request,
        executionArn=OTHER_EXECUTION,
        error={"Error": "States.Timeout"},
    )

    with pytest.raises(ExecutionSuperseded):
        start(changing)

    assert changing.called("StartPrimaryEmailUpdate") == []


def test_code_that_aws_takes_changes_the_email(changing: World) -> None:
    start(changing)

    assert accept(changing, code(changing)) == {"accepted": True}
    assert email(changing) == NEW
    assert changing.row(REQUEST_ID)["emailCode"].get("refusedAt") is None


def test_code_that_is_given_twice_is_accepted_once(changing: World) -> None:
    start(changing)
    given = code(changing)
    accept(changing, given)

    assert accept(changing, given) == {"accepted": True}
    assert len(changing.called("AcceptPrimaryEmailUpdate")) == 1


def test_code_whose_answer_was_lost_is_accepted(changing: World) -> None:
    start(changing)
    given = code(changing)
    changing.organization.lose_answer("AcceptPrimaryEmailUpdate")
    with pytest.raises(ServiceUnavailable):
        accept(changing, given)

    assert accept(changing, given) == {"accepted": True}


@pytest.mark.parametrize("how", ["wrong", "expired", "never sent", "in use by now"])
def test_code_that_aws_does_not_take_is_refused_and_noted(changing: World, how: str) -> None:
    start(changing)
    given = code(changing)
    if how == "wrong":
        given = "zzzzzz"
    elif how == "expired":
        changing.later(86_400)
    elif how == "never sent":
        changing.organization.state.email_codes.clear()
    else:
        changing.organization.add_account(email=NEW)

    with pytest.raises(EmailCodeRefused):
        accept(changing, given)

    assert "refusedAt" in changing.row(REQUEST_ID)["emailCode"]
    assert changing.row(REQUEST_ID)["state"] == "AWAITING_CODE"
    assert email(changing) == EMAIL


def test_code_that_is_refused_while_the_email_was_changed_is_accepted(changing: World) -> None:
    start(changing)
    given = code(changing)

    def somebody_is_faster() -> None:
        changing.organization.accounts[ACCOUNT_ID].update(Email=NEW)
        changing.organization.refuse("AcceptPrimaryEmailUpdate", "ValidationException")

    changing.organization.before("AcceptPrimaryEmailUpdate", somebody_is_faster)

    assert accept(changing, given) == {"accepted": True}


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ("TooManyRequestsException", Throttled),
        ("InternalServerException", ServiceUnavailable),
        ("AccessDeniedException", AccessDenied),
    ],
)
@pytest.mark.parametrize("call", ["StartPrimaryEmailUpdate", "AcceptPrimaryEmailUpdate"])
def test_what_aws_refuses_for_another_reason_is_its_error(
    changing: World, call: str, error: str, raised: type[Exception]
) -> None:
    if call == "AcceptPrimaryEmailUpdate":
        start(changing)
    for _ in range(9):
        changing.organization.refuse(call, error)

    with pytest.raises(raised):
        start(changing) if call == "StartPrimaryEmailUpdate" else accept(changing, "ABC123")


def test_new_email_is_locked_with_the_account_and_given_back(changing: World) -> None:
    other = a_request(requestId="other", account=an_account(email=NEW))

    with pytest.raises(Exception, match="email"):
        changing.call("AcceptRequest", request=other, executionArn=f"{EXECUTION}-third")
    vend(changing, executionArn=OTHER_EXECUTION)

    result = changing.call("AcceptRequest", request=other, executionArn=f"{EXECUTION}-fourth")
    assert result["outcome"] == "ACCEPTED"


def test_what_the_steps_say_of_themselves() -> None:
    assert start_step.progress({"code": "ABC123"}) == "a code was given"
    assert start_step.progress({"resend": True}) == "another code was asked for"
    assert accept_step.progress({"accepted": True}) == "confirmed"
