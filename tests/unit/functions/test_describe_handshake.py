"""The step that waits for an invitation's answer: it looks, and leaves a token to be woken by."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.payloads import (
    EMAIL,
    INVITED,
    REQUEST_ID,
    TOKEN,
    await_answer,
    invited,
)
from tests.unit.functions.world import EXECUTION, World
from vending.errors.exceptions import (
    ConcurrentModification,
    InvitationEnded,
    ServiceUnavailable,
    TaskTokenRefused,
)
from vending.ledger import keys
from vending.ledger.waiting_tokens import KEPT_SECONDS


def test_unanswered_invitation_is_waited_for_under_the_token(world: World) -> None:
    handshake_id = invited(world)["handshakeId"]

    first, second = await_answer(world, handshake_id), await_answer(world, handshake_id, "token-2")

    assert first == second == {"answered": False}
    assert world.token(REQUEST_ID) == "token-2"
    assert "token-2" not in str(world.row(REQUEST_ID))
    assert world.row(REQUEST_ID)["state"] == "INVITED"
    assert world.organization.ended_steps == []


def test_token_is_left_before_the_look(world: World) -> None:
    handshake_id = invited(world)["handshakeId"]
    world.calls.clear()

    await_answer(world, handshake_id)

    assert [name for name, _ in world.calls] == [
        "dynamodb:UpdateItem",
        "dynamodb:PutItem",
        "organizations:DescribeHandshake",
    ]


@pytest.mark.parametrize("account", [{"accountId": INVITED}, {"email": EMAIL}], ids=["id", "email"])
def test_accepted_invitation_ends_the_step_with_the_accounts_id(
    world: World, account: dict[str, str]
) -> None:
    handshake_id = invited(world, **account)["handshakeId"]
    world.organization.end_invitation(handshake_id, "ACCEPTED")
    (account_id,) = world.organization.accounts

    result = await_answer(world, handshake_id, **account)

    assert result == {"answered": True}
    answer = {"handshakeId": handshake_id, "state": "ACCEPTED", "accountId": account_id}
    assert world.organization.ended_steps == [(TOKEN, "", answer)]


def test_account_that_aws_names_in_the_accepted_handshake_is_taken_from_there(world: World) -> None:
    handshake_id = invited(world, email=EMAIL)["handshakeId"]
    handshake = world.organization.handshakes[handshake_id]
    handshake["State"] = "ACCEPTED"
    handshake["Resources"].append({"Type": "ACCOUNT", "Value": INVITED})

    await_answer(world, handshake_id, email=EMAIL)

    assert world.organization.ended_steps[0][2]["accountId"] == INVITED
    assert world.called("ListAccounts") == []


def test_accepted_invitation_whose_account_does_not_show_is_looked_at_again(world: World) -> None:
    handshake_id = invited(world, email=EMAIL)["handshakeId"]
    world.organization.handshakes[handshake_id]["State"] = "ACCEPTED"

    with pytest.raises(ServiceUnavailable):
        await_answer(world, handshake_id, email=EMAIL)


@pytest.mark.parametrize("state", ["DECLINED", "CANCELED", "EXPIRED"])
def test_invitation_that_ended_otherwise_fails_with_its_reason(world: World, state: str) -> None:
    handshake_id = invited(world)["handshakeId"]
    world.organization.end_invitation(handshake_id, state)

    with pytest.raises(InvitationEnded) as ended:
        await_answer(world, handshake_id)

    assert (ended.value.code, ended.value.reason) == ("InvitationEnded", state)
    assert handshake_id in ended.value.message
    assert ended.value.remedy


def test_handshake_that_does_not_show_is_looked_at_again(world: World) -> None:
    handshake_id = invited(world)["handshakeId"]
    world.organization.refuse("DescribeHandshake", "HandshakeNotFoundException")

    with pytest.raises(ServiceUnavailable) as unseen:
        await_answer(world, handshake_id)

    assert unseen.value.code == "HandshakeNotFoundException"


def test_answer_that_its_own_function_may_not_report_goes_by_the_error(world: World) -> None:
    handshake_id = invited(world)["handshakeId"]
    world.organization.end_invitation(handshake_id, "ACCEPTED")
    (account_id,) = world.organization.accounts
    world.organization.before("SendTaskSuccess", world.organization.waiting.clear)

    with pytest.raises(TaskTokenRefused) as refused:
        await_answer(world, handshake_id)

    answer = {"handshakeId": handshake_id, "state": "ACCEPTED", "accountId": account_id}
    assert refused.value.output == answer
    assert world.organization.ended_steps == []


def test_token_of_another_invitation_is_not_kept(world: World) -> None:
    invited(world)

    with pytest.raises(ConcurrentModification):
        await_answer(world, "h-" + "9" * 32)

    assert world.token(REQUEST_ID) is None


def test_next_step_is_gone_once_the_account_is_there(world: World) -> None:
    await_answer(world, invited(world)["handshakeId"])

    row = world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id=INVITED)

    assert "nextSteps" not in row


def test_token_goes_when_no_execution_can_wait_under_it_any_more(world: World) -> None:
    await_answer(world, invited(world)["handshakeId"])

    item = world.ledger.table.get(keys.token(REQUEST_ID), consistent=True)

    assert item is not None
    assert item["deleteAt"] == int(world.now) + KEPT_SECONDS


def test_token_of_another_execution_is_not_the_requests(world: World) -> None:
    handshake_id = invited(world)["handshakeId"]
    await_answer(world, handshake_id)

    world.ledger.tokens.save(REQUEST_ID, "another", "another's token")

    assert world.token(REQUEST_ID) is None


@pytest.mark.parametrize(
    "kept", [{"taskToken": "old"}, {"reservation": {"at": "2026", "taskToken": "old"}}]
)
def test_token_that_an_earlier_version_kept_in_the_row_is_found(
    world: World, kept: dict[str, Any]
) -> None:
    row: Any = {"requestId": "earlier", "executionArn": EXECUTION, **kept}

    assert world.ledger.tokens.find(row) == "old"
