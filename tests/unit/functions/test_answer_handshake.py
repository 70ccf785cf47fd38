"""Events that tell of an answer wake the step that waits for it; none of them is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from events.answer_handshake import CALLS
from tests import samples
from tests.unit.functions.payloads import (
    EMAIL,
    INVITED,
    REQUEST_ID,
    TOKEN,
    await_answer,
    invited,
)
from tests.unit.functions.world import EXECUTION, World
from vending.errors.exceptions import ServiceUnavailable

MANAGEMENT = "111111111111"


def delivered(world: World, **detail: Any) -> dict[str, Any]:
    """AnswerHandshake of an event of AWS Organizations."""
    result: dict[str, Any] = world.call(
        "AnswerHandshake",
        id="an event",
        source="aws.organizations",
        account=MANAGEMENT,
        detail=detail,
    )
    return result


def answered(handshake_id: str, name: str = "AcceptHandshake", **more: Any) -> dict[str, Any]:
    """CloudTrail's account of a call about a handshake."""
    return {
        "eventName": name,
        "userIdentity": {"type": "Root", "accountId": INVITED},
        "requestParameters": {"handshakeId": handshake_id},
        "responseElements": {"handshake": {"id": handshake_id, "state": "ACCEPTED"}},
        **more,
    }


def joined(account_id: str) -> dict[str, Any]:
    return {
        "eventName": "accountJoinedOrganization",
        "serviceEventDetails": {"accountId": account_id, "joinedMethod": "INVITED"},
    }


def waiting(world: World, **account: str) -> str:
    """The handshake of a request that waits for its answer."""
    handshake_id: str = invited(world, **account)["handshakeId"]
    await_answer(world, handshake_id, **account)
    return handshake_id


@pytest.mark.parametrize("where", ["requestParameters", "responseElements", "serviceEventDetails"])
def test_acceptance_reported_anywhere_in_the_event_ends_the_step(world: World, where: str) -> None:
    handshake_id = waiting(world)
    world.organization.end_invitation(handshake_id, "ACCEPTED")

    result = delivered(
        world, eventName="AcceptHandshake", **{where: {"Handshake": {"Id": handshake_id}}}
    )

    answer = {"handshakeId": handshake_id, "state": "ACCEPTED", "accountId": INVITED}
    assert result == {"outcome": "ANSWERED", "requestId": REQUEST_ID}
    assert world.organization.ended_steps == [(TOKEN, "", answer)]


@pytest.mark.parametrize("account", [{"accountId": INVITED}, {"email": EMAIL}], ids=["id", "email"])
def test_account_that_joined_ends_the_step_of_its_invitation(
    world: World, account: dict[str, str]
) -> None:
    handshake_id = waiting(world, **account)
    world.organization.end_invitation(handshake_id, "ACCEPTED")
    (account_id,) = world.organization.accounts

    result = delivered(world, **joined(account_id))

    assert result["outcome"] == "ANSWERED"
    assert world.organization.ended_steps[0][2]["accountId"] == account_id


@pytest.mark.parametrize("state", ["OPEN", "DECLINED"])
def test_account_that_joined_without_this_invitation_is_a_member_all_the_same(
    world: World, state: str
) -> None:
    handshake_id = waiting(world)
    world.organization.end_invitation(handshake_id, "ACCEPTED")
    world.organization.handshakes[handshake_id]["State"] = state

    delivered(world, **joined(INVITED))

    (ended,) = world.organization.ended_steps
    assert ended[2] == {"handshakeId": handshake_id, "state": "MEMBER", "accountId": INVITED}


@pytest.mark.parametrize("state", ["DECLINED", "CANCELED", "EXPIRED"])
def test_invitation_that_ended_otherwise_fails_the_step_with_its_reason(
    world: World, state: str
) -> None:
    handshake_id = waiting(world)
    world.organization.end_invitation(handshake_id, state)

    result = delivered(world, **answered(handshake_id, "DeclineHandshake"))

    assert result["outcome"] == "ANSWERED"
    ((token, error, cause),) = world.organization.ended_steps
    assert (token, error) == (TOKEN, "InvitationEnded")
    assert cause["reason"] == state
    assert cause["remedy"]


def test_answer_reported_twice_ends_the_step_once(world: World) -> None:
    handshake_id = waiting(world)
    world.organization.end_invitation(handshake_id, "ACCEPTED")

    outcomes = [delivered(world, **answered(handshake_id))["outcome"] for _ in range(2)]

    assert outcomes == ["ANSWERED", "LATE"]
    assert len(world.organization.ended_steps) == 1


def test_event_is_not_believed_where_aws_shows_no_answer(world: World) -> None:
    handshake_id = waiting(world)

    with pytest.raises(ServiceUnavailable, match="unanswered"):
        delivered(world, **answered(handshake_id))

    assert world.organization.ended_steps == []


@pytest.mark.parametrize(
    "arrange",
    [
        lambda world: None,
        invited,
        lambda world: world.ledger.mark_account_created(
            REQUEST_ID, EXECUTION, account_id=waiting(world) and INVITED
        ),
        lambda world: world.ledger.mark_failed(
            REQUEST_ID, EXECUTION, state=waiting(world) and "FAILED", error={"code": "x"}
        ),
    ],
    ids=["nobody's", "not waiting yet", "joined before", "failed before"],
)
def test_answer_that_no_step_waits_for_is_ignored(world: World, arrange: Any) -> None:
    arrange(world)
    handshake_id = next(iter(world.organization.handshakes), "h-" + "0" * 32)

    result = delivered(world, **answered(handshake_id))

    assert result["outcome"] == "IGNORED"
    assert world.organization.ended_steps == []


@pytest.mark.parametrize(
    "detail",
    [
        {"eventName": "CancelHandshake"},
        {"eventName": "CancelHandshake", "requestParameters": None},
        joined(MANAGEMENT),
        {"eventName": "AccountJoinedOrganization"},
    ],
    ids=["nothing", "null", "the management account", "no account"],
)
def test_event_about_no_invitation_is_ignored(world: World, detail: Any) -> None:
    waiting(world)

    assert delivered(world, **detail) == {"outcome": "IGNORED", "requestId": None}


def test_acceptance_that_aws_refused_is_no_answer(world: World) -> None:
    handshake_id = waiting(world)
    refused = answered(handshake_id, errorCode="HandshakeConstraintViolationException")

    assert delivered(world, **refused)["outcome"] == "IGNORED"
    assert world.called("DescribeHandshake")[1:] == []


@pytest.mark.parametrize("name", samples.TELL_OF_AN_ANSWER)
def test_sample_of_an_answer_leads_to_its_invitation(world: World, name: str) -> None:
    handshake_id = waiting(world)
    world.organization.end_invitation(handshake_id, "ACCEPTED")
    detail = json.loads(
        json.dumps(samples.sample(name)["detail"]).replace(samples.HANDSHAKE_ID, handshake_id)
    )

    outcome = delivered(world, **detail)["outcome"]

    assert outcome == ("IGNORED" if "refused" in name else "ANSWERED")


def test_account_that_was_not_invited_is_ignored(world: World) -> None:
    waiting(world)
    account_id = world.organization.add_account(email="other@example.com")

    assert delivered(world, **joined(account_id))["outcome"] == "IGNORED"


def test_it_calls_all_that_it_declares(world: World) -> None:
    handshake_id = waiting(world, email=EMAIL)
    world.organization.end_invitation(handshake_id, "DECLINED")
    delivered(world, **answered(handshake_id))
    world.organization.waiting.add(TOKEN)
    world.organization.handshakes[handshake_id]["State"] = "OPEN"
    world.organization.end_invitation(handshake_id, "ACCEPTED")
    (account_id,) = world.organization.accounts
    delivered(world, **joined(account_id))

    assert world.calls_of["AnswerHandshake"] == CALLS
