"""Whoever is asked accepts, with credentials of their own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.functions.payloads import INVITED, REQUEST_ID, invited
from tests.unit.functions.world import World
from vending.errors.exceptions import OperationRefused, ServiceUnavailable


def accept(world: World, handshake_id: str, **payload: Any) -> dict[str, Any]:
    role = {"accountId": INVITED, "roleName": "Admin"}
    result: dict[str, Any] = world.call(
        "AcceptHandshake", requestId=REQUEST_ID, handshakeId=handshake_id, **(payload or role)
    )
    return result


@pytest.fixture
def handshake_id(world: World) -> str:
    world.watch_new_clients()
    return str(invited(world)["handshakeId"])


def test_invitation_is_accepted_with_the_invited_accounts_credentials(
    world: World, handshake_id: str
) -> None:
    result = accept(world, handshake_id)

    assert result == {"handshakeId": handshake_id, "accepted": True, "accountId": INVITED}
    (role,) = world.called("AssumeRole")
    assert role["RoleArn"] == f"arn:aws:iam::{INVITED}:role/Admin"
    keys = dict(world.keys)
    assert keys["AssumeRole"] == keys["InviteAccountToOrganization"]
    assert world.organization.account_of(keys["AcceptHandshake"]) == INVITED


def test_session_in_the_invited_account_can_accept_and_nothing_else(
    world: World, handshake_id: str
) -> None:
    accept(world, handshake_id)

    (role,) = world.called("AssumeRole")
    statements = json.loads(role["Policy"])["Statement"]
    assert {each["Action"] for each in statements} == {
        "organizations:AcceptHandshake",
        "iam:CreateServiceLinkedRole",
    }
    assert role["DurationSeconds"] == 900
    assert role["ExternalId"] == "an-external-id"


def test_role_is_not_assumed_where_the_stack_has_no_external_id(
    world: World, handshake_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INVITED_ACCOUNT_EXTERNAL_ID")

    with pytest.raises(OperationRefused) as refused:
        accept(world, handshake_id)

    assert refused.value.code == "SettingsInvalid"
    assert world.called("AssumeRole") == []


def test_accepting_twice_says_so(world: World, handshake_id: str) -> None:
    accept(world, handshake_id)

    assert accept(world, handshake_id)["accepted"] is False


def test_acceptance_whose_answer_was_lost_is_found_though_a_members_role_is_not_assumed(
    world: World, handshake_id: str
) -> None:
    accept(world, handshake_id)
    world.organization.refuse("AssumeRole", "AccessDenied")

    result = accept(world, handshake_id)

    assert result == {"handshakeId": handshake_id, "accepted": False, "accountId": INVITED}
    assert len(world.called("AcceptHandshake")) == 1


def test_role_that_does_not_let_this_system_in_is_reported_as_such(
    world: World, handshake_id: str
) -> None:
    world.organization.refuse("AssumeRole", "AccessDenied")

    with pytest.raises(OperationRefused) as refused:
        accept(world, handshake_id)

    assert refused.value.code == "RoleNotAssumable"
    assert INVITED in refused.value.message
    assert world.called("AcceptHandshake") == []


def test_sts_that_is_unwell_is_tried_again(world: World, handshake_id: str) -> None:
    world.organization.refuse("AssumeRole", "ServiceUnavailable", status=503)

    with pytest.raises(ServiceUnavailable):
        accept(world, handshake_id)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("InvalidHandshakeTransitionException", None),
        ("MasterCannotLeaveOrganizationException", None),
        ("HandshakeConstraintViolationException", "ALREADY_IN_AN_ORGANIZATION"),
    ],
)
def test_refused_acceptance_has_its_reason_and_a_remedy(
    world: World, handshake_id: str, code: str, reason: str | None
) -> None:
    world.organization.refuse("AcceptHandshake", code, reason)

    with pytest.raises(OperationRefused) as refused:
        accept(world, handshake_id)

    assert (refused.value.code, refused.value.reason) == (code, reason)
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AccessDeniedException", None),
        ("AccessDeniedForDependencyException", "ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE"),
    ],
)
def test_permission_that_lacks_in_the_invited_account_is_asked_for_there(
    world: World, handshake_id: str, code: str, reason: str | None
) -> None:
    world.organization.refuse("AcceptHandshake", code, reason)

    with pytest.raises(OperationRefused) as refused:
        accept(world, handshake_id)

    assert (refused.value.code, refused.value.reason) == (code, reason)
    assert f"to the role Admin in account {INVITED}" in refused.value.remedy
    assert "function's role" not in refused.value.remedy


def test_handshake_of_this_account_itself_is_accepted_with_its_own_credentials(
    world: World, handshake_id: str
) -> None:
    own = world.organization.add_handshake()

    result = accept(world, own, accountId=None)

    assert result["accountId"] is None
    assert world.called("AssumeRole") == []
    keys = dict(world.keys)
    assert keys["AcceptHandshake"] == keys["InviteAccountToOrganization"]


@pytest.mark.parametrize("half", [{"accountId": INVITED}, {"roleName": "Admin"}], ids=str)
def test_half_a_role_is_no_role(world: World, handshake_id: str, half: dict[str, str]) -> None:
    with pytest.raises(OperationRefused) as refused:
        accept(world, handshake_id, **half)

    assert refused.value.code == "InvalidPayload"
    assert world.called("AcceptHandshake") == []
