"""EnableAllFeatures and its last word, AcceptHandshake: begun once, adopted, followed up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.organization import MANAGEMENT_ACCOUNT_ID
from tests.unit.functions.payloads import REQUEST_ID
from tests.unit.functions.world import World
from vending.errors.exceptions import ConcurrentModification, OperationRefused

ACTIONS = ["ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES"]


@pytest.fixture(params=ACTIONS)
def consolidated(world: World, request: pytest.FixtureRequest) -> World:
    """An organization with consolidated billing, two invited members and a created one."""
    world.organization.feature_set = "CONSOLIDATED_BILLING"
    world.organization.final_action = request.param
    for number in range(2):
        world.organization.add_account(email=f"m{number}@example.com", JoinedMethod="INVITED")
    world.organization.add_account(email="created@example.com", JoinedMethod="CREATED")
    return world


def members(world: World) -> list[str]:
    return [
        one["Id"]
        for one in world.organization.accounts.values()
        if one["JoinedMethod"] == "INVITED"
    ]


def enable(world: World, handshake_id: str | None = None) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "EnableAllFeatures", requestId=REQUEST_ID, handshakeId=handshake_id
    )
    return result


def answer(world: World, account_id: str, state: str) -> None:
    for handshake in world.organization.handshakes.values():
        if {"Id": account_id, "Type": "ACCOUNT"} in handshake["Parties"]:
            handshake["State"] = state


def test_all_features_that_are_on_are_left_alone(world: World) -> None:
    result = enable(world)

    assert result == {
        "state": "ENABLED",
        "handshakeId": None,
        "started": False,
        "waitingFor": [],
        "expiresAt": None,
    }
    assert [name for name, _ in world.calls] == ["organizations:DescribeOrganization"]


def test_all_features_are_asked_for_once_and_followed(consolidated: World) -> None:
    first = enable(consolidated)
    again = enable(consolidated, first["handshakeId"])
    by_another = enable(consolidated)

    assert first["started"] is True
    assert first["waitingFor"] == members(consolidated)
    assert first["expiresAt"] == "2027-04-15T08:00:00.000Z"
    assert again == by_another == first | {"started": False}
    assert len(consolidated.called("EnableAllFeatures")) == 1


def test_all_features_name_who_has_not_answered(consolidated: World) -> None:
    begun = enable(consolidated)
    answer(consolidated, members(consolidated)[0], "ACCEPTED")

    result = enable(consolidated, begun["handshakeId"])

    assert result["state"] == "REQUESTED"
    assert result["waitingFor"] == members(consolidated)[1:]


def test_all_features_are_accepted_by_whom_they_ask_whatever_the_action(
    consolidated: World,
) -> None:
    begun = enable(consolidated)
    for member in members(consolidated):
        answer(consolidated, member, "ACCEPTED")
    consolidated.organization.handshakes[begun["handshakeId"]]["State"] = "OPEN"

    agreed = enable(consolidated, begun["handshakeId"])
    first, second = (
        consolidated.call(
            "AcceptHandshake", requestId=REQUEST_ID, handshakeId=agreed["handshakeId"]
        )
        for _ in range(2)
    )
    enabled = enable(consolidated, begun["handshakeId"])

    assert (agreed["state"], agreed["handshakeId"]) == ("OPEN", begun["handshakeId"])
    assert (first["accepted"], second["accepted"]) == (True, False)
    assert (enabled["state"], enabled["handshakeId"]) == ("ENABLED", begun["handshakeId"])


def test_all_features_whose_last_word_comes_as_a_handshake_of_its_own(
    consolidated: World,
) -> None:
    enable(consolidated)
    for member in members(consolidated):
        answer(consolidated, member, "ACCEPTED")
    last = consolidated.organization.add_handshake(MANAGEMENT_ACCOUNT_ID)

    result = enable(consolidated)

    assert (result["state"], result["handshakeId"]) == ("OPEN", last)


def test_all_features_accepted_but_not_shown_yet_are_waited_for(consolidated: World) -> None:
    begun = enable(consolidated)
    for handshake in consolidated.organization.handshakes.values():
        handshake["State"] = "ACCEPTED"

    assert enable(consolidated, begun["handshakeId"])["state"] == "ACCEPTED"


@pytest.mark.parametrize("state", ["EXPIRED", "CANCELED", "DECLINED"])
def test_all_features_whose_handshake_ended_are_refused_and_can_be_asked_for_anew(
    consolidated: World, state: str
) -> None:
    begun = enable(consolidated)
    for handshake in consolidated.organization.handshakes.values():
        handshake["State"] = "CANCELED"
    consolidated.organization.handshakes[begun["handshakeId"]]["State"] = state

    with pytest.raises(OperationRefused) as refused:
        enable(consolidated, begun["handshakeId"])
    consolidated.later(60)
    anew = enable(consolidated)

    assert (refused.value.code, refused.value.reason) == ("AllFeaturesNotApproved", state)
    assert refused.value.remedy
    assert anew["started"] is True
    assert anew["waitingFor"] == members(consolidated)


def test_all_features_whose_handshake_is_no_longer_shown_are_refused(
    consolidated: World,
) -> None:
    with pytest.raises(OperationRefused) as refused:
        enable(consolidated, "h-forgotten")

    assert refused.value.reason == "EXPIRED"
    assert consolidated.called("EnableAllFeatures") == []


def test_all_features_declined_by_a_member_name_it(consolidated: World) -> None:
    begun = enable(consolidated)
    declining = members(consolidated)[1]
    answer(consolidated, declining, "DECLINED")

    with pytest.raises(OperationRefused) as refused:
        enable(consolidated, begun["handshakeId"])

    assert refused.value.reason == "DECLINED"
    assert declining in refused.value.message
    assert begun["handshakeId"] in refused.value.remedy


def forget(world: World, *account_ids: str) -> None:
    """Show no more what these accounts were asked, as AWS does 30 days after they answered."""
    for handshake_id, handshake in list(world.organization.handshakes.items()):
        if any(party["Id"] in account_ids for party in handshake["Parties"]):
            del world.organization.handshakes[handshake_id]


def test_all_features_declined_so_long_ago_that_no_answer_shows_are_refused(
    consolidated: World,
) -> None:
    begun = enable(consolidated)
    consolidated.later(31 * 86_400)
    forget(consolidated, *members(consolidated))

    with pytest.raises(OperationRefused) as refused:
        enable(consolidated)

    assert (refused.value.code, refused.value.reason) == ("AllFeaturesNotApproved", "DECLINED")
    assert "30 days" in refused.value.message
    assert begun["handshakeId"] in refused.value.remedy


def test_all_features_whose_questions_do_not_show_yet_are_waited_for(consolidated: World) -> None:
    enable(consolidated)
    forget(consolidated, *members(consolidated))

    result = enable(consolidated)

    assert (result["state"], result["waitingFor"]) == ("REQUESTED", [])


def test_all_features_whose_last_answer_came_just_now_are_waited_for(consolidated: World) -> None:
    enable(consolidated)
    consolidated.later(31 * 86_400)
    first, last = members(consolidated)
    forget(consolidated, first)
    answer(consolidated, last, "ACCEPTED")

    result = enable(consolidated)

    assert (result["state"], result["waitingFor"]) == ("REQUESTED", [])


def test_all_features_declined_by_an_account_that_left_are_not_refused(
    consolidated: World,
) -> None:
    begun = enable(consolidated)
    declining = members(consolidated)[1]
    answer(consolidated, declining, "DECLINED")
    del consolidated.organization.accounts[declining]

    assert enable(consolidated, begun["handshakeId"])["state"] == "REQUESTED"


def test_answers_of_an_earlier_time_do_not_count(consolidated: World) -> None:
    for member in members(consolidated):
        consolidated.organization.add_handshake(member, state="DECLINED")
    consolidated.later(86_400)

    assert enable(consolidated)["waitingFor"] == members(consolidated)


def test_all_features_that_came_meanwhile_are_on(consolidated: World) -> None:
    consolidated.organization.refuse(
        "EnableAllFeatures",
        "HandshakeConstraintViolationException",
        "ORGANIZATION_ALREADY_HAS_ALL_FEATURES",
    )

    assert enable(consolidated)["state"] == "ENABLED"


def test_all_features_that_somebody_else_asked_for_meanwhile_are_adopted(
    consolidated: World,
) -> None:
    reason = "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION"
    code = "HandshakeConstraintViolationException"
    consolidated.organization.refuse("EnableAllFeatures", code, reason)

    with pytest.raises(ConcurrentModification):
        enable(consolidated)
    theirs = consolidated.organization.add_handshake(state="REQUESTED")

    assert enable(consolidated)["handshakeId"] == theirs


def test_all_features_refused_for_another_reason_say_what_to_do(consolidated: World) -> None:
    reason = "ALL_FEATURES_MIGRATION_ORGANIZATION_SIZE_LIMIT_EXCEEDED"
    consolidated.organization.refuse("EnableAllFeatures", "ConstraintViolationException", reason)

    with pytest.raises(OperationRefused) as refused:
        enable(consolidated)

    assert refused.value.reason == reason
    assert refused.value.remedy
