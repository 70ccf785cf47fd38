"""What a call without an answer may have made is looked for before AWS is asked again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from tests.unit.functions.payloads import (
    EMAIL,
    REQUEST_ID,
    REQUEST_ID_TAG,
    accepted,
    create,
    reserve,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors.exceptions import (
    ConcurrentModification,
    ExecutionSuperseded,
    OperationRefused,
    OutcomeUnknown,
    SlotNeeded,
)

ENDPOINT = "https://organizations.example.com"


def test_create_account_adopts_what_a_lost_answer_left_behind(world: World) -> None:
    accepted(world)
    world.organization.lose_answer("CreateAccount")

    with pytest.raises(OutcomeUnknown):
        create(world)
    with pytest.raises(OutcomeUnknown, match="being created"):
        create(world)
    account_id = world.organization.finish()
    result = create(world)

    assert result["state"] == "SUCCEEDED"
    assert result["accountId"] == account_id
    assert world.row(REQUEST_ID)["state"] == "BASELINING"
    assert len(world.called("CreateAccount")) == 1


def test_create_account_adopts_the_email_owner_when_the_creation_is_no_longer_listed(
    world: World,
) -> None:
    accepted(world)
    world.organization.lose_answer("CreateAccount")
    with pytest.raises(OutcomeUnknown):
        create(world)
    account_id = world.organization.finish()
    world.organization.creations.clear()

    result = create(world)

    assert result == {
        "createAccountRequestId": None,
        "state": "SUCCEEDED",
        "accountId": account_id,
    }


def test_create_account_does_not_adopt_an_account_of_the_same_name(world: World) -> None:
    accepted(world)
    world.organization.create_account("else@example.com")
    world.organization.finish()
    world.organization.break_connection(
        "CreateAccount", ConnectionClosedError(endpoint_url=ENDPOINT)
    )

    with pytest.raises(OutcomeUnknown):
        create(world)
    world.later(61)
    with pytest.raises(SlotNeeded):
        create(world)
    result = create(world)

    assert result["state"] == "IN_PROGRESS"
    assert len(world.called("CreateAccount")) == 2


def test_create_account_ignores_creations_from_long_before_its_intent(world: World) -> None:
    accepted(world)
    world.organization.create_account("else@example.com")
    world.later(3600)
    world.organization.break_connection(
        "CreateAccount", ConnectionClosedError(endpoint_url=ENDPOINT)
    )
    with pytest.raises(OutcomeUnknown):
        create(world)
    world.later(61)

    with pytest.raises(SlotNeeded):
        create(world)
    result = create(world)

    assert result["createAccountRequestId"] in world.organization.creations


def test_create_account_waits_before_it_believes_that_nothing_was_made(world: World) -> None:
    accepted(world)
    world.organization.break_connection("CreateAccount", ReadTimeoutError(endpoint_url=ENDPOINT))
    with pytest.raises(OutcomeUnknown):
        create(world)

    world.later(59)
    with pytest.raises(OutcomeUnknown, match="may not be visible yet"):
        create(world)
    world.later(1)
    with pytest.raises(SlotNeeded):
        create(world)
    result = create(world)

    assert result["state"] == "IN_PROGRESS"
    assert len(world.called("CreateAccount")) == 2
    assert len(world.organization.creations) == 1


def test_create_account_keeps_its_lease_while_what_it_lost_is_being_made(world: World) -> None:
    accepted(world)
    world.organization.lose_answer("CreateAccount")

    for _ in range(20):
        with pytest.raises(OutcomeUnknown):
            create(world)
        world.later(60)

    assert world.queue.leases[REQUEST_ID].until > world.now
    assert len(world.called("CreateAccount")) == 1


def test_create_account_that_made_nothing_takes_another_slot_before_it_asks_again(
    world: World,
) -> None:
    accepted(world)
    first = reserve(world)
    world.organization.break_connection("CreateAccount", ReadTimeoutError(endpoint_url=ENDPOINT))
    with pytest.raises(OutcomeUnknown):
        create(world, slot=world.organization.tokens[first])
    world.later(60)

    with pytest.raises(SlotNeeded) as needed:
        create(world, slot=world.organization.tokens[first])
    second = reserve(world)

    assert needed.value.remedy
    assert "intent" not in world.row(REQUEST_ID)
    assert len(world.called("CreateAccount")) == 1
    assert world.organization.tokens[second] is not None
    assert world.queue.tat == world.now + 10


def test_create_account_refuses_an_email_that_somebody_elses_account_owns(world: World) -> None:
    accepted(world)
    owner = world.organization.add_account(email=EMAIL.upper(), tags={REQUEST_ID_TAG: "other"})
    world.organization.break_connection("CreateAccount", ReadTimeoutError(endpoint_url=ENDPOINT))
    with pytest.raises(OutcomeUnknown):
        create(world)
    world.later(60)

    with pytest.raises(OperationRefused) as refused:
        create(world)

    assert refused.value.reason == "EMAIL_ALREADY_EXISTS"
    assert owner in refused.value.message
    assert "existing" in refused.value.remedy
    assert "intent" not in world.row(REQUEST_ID)


@pytest.mark.parametrize(
    "arrange",
    [
        lambda o: o.refuse("CreateAccount", "ServiceException"),
        lambda o: o.refuse("CreateAccount", "ServiceException", status=500),
        lambda o: o.refuse("CreateAccount", "InternalFailure"),
        lambda o: o.refuse("CreateAccount", "ANewCode", status=503),
        lambda o: o.refuse("CreateAccount", "TooManyRequestsException", status=502),
        lambda o: o.break_connection("CreateAccount", ReadTimeoutError(endpoint_url=ENDPOINT)),
        lambda o: o.break_connection("CreateAccount", ConnectionClosedError(endpoint_url=ENDPOINT)),
        lambda o: o.break_connection("CreateAccount", ResponseParserError("not JSON")),
        lambda o: o.break_connection("CreateAccount", BotoCoreError()),
    ],
    ids=[
        "ServiceException",
        "ServiceException 500",
        "InternalFailure",
        "unknown code 503",
        "known code 502",
        "read timeout",
        "connection closed",
        "unparsable answer",
        "unknown botocore error",
    ],
)
def test_create_account_with_an_ambiguous_end_keeps_its_intent(
    world: World, arrange: Callable[[Any], None]
) -> None:
    accepted(world)
    arrange(world.organization)

    with pytest.raises(OutcomeUnknown) as unknown:
        create(world)

    assert unknown.value.remedy
    assert world.row(REQUEST_ID)["intent"]["accountName"] == "Sandbox"


def test_create_account_answered_without_a_status_has_an_unknown_outcome(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(world)
    monkeypatch.setitem(world.organization.answers, "CreateAccount", lambda **_: {})

    with pytest.raises(OutcomeUnknown):
        create(world)

    assert "intent" in world.row(REQUEST_ID)


def test_create_account_superseded_just_before_the_call_creates_nothing(world: World) -> None:
    accepted(world)
    world.organization.break_connection("CreateAccount", ReadTimeoutError(endpoint_url=ENDPOINT))
    with pytest.raises(OutcomeUnknown):
        create(world)
    world.later(60)
    seen = world.row(REQUEST_ID)

    def another_execution_took_over() -> None:
        world.ledger._change(REQUEST_ID, EXECUTION, values={"executionArn": OTHER_EXECUTION})

    world.organization.before("ListAccounts", another_execution_took_over)
    with pytest.raises(ExecutionSuperseded):
        create(world)

    assert len(world.called("CreateAccount")) == 1
    assert world.row(REQUEST_ID)["intent"] == seen["intent"]


def test_create_account_racing_with_itself_creates_once(world: World) -> None:
    accepted(world)
    world.organization.break_connection("CreateAccount", ReadTimeoutError(endpoint_url=ENDPOINT))
    with pytest.raises(OutcomeUnknown):
        create(world)
    world.later(60)
    intent = world.row(REQUEST_ID)["intent"]

    def the_other_one_was_faster() -> None:
        world.ledger.record_intent(REQUEST_ID, EXECUTION, account_name="Sandbox", seen=intent)

    world.organization.before("ListAccounts", the_other_one_was_faster)
    with pytest.raises(ConcurrentModification):
        create(world)

    assert len(world.called("CreateAccount")) == 1
