from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.organization import ROOT_ID, Refusal
from tests.unit.functions.payloads import EMAIL, REQUEST_ID
from tests.unit.functions.world import World
from vending.errors.exceptions import (
    ConcurrentModification,
    OperationRefused,
    ServiceUnavailable,
)


def move(world: World, account_id: str, destination: str) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "MoveAccount",
        requestId=REQUEST_ID,
        accountId=account_id,
        organizationalUnitId=destination,
    )
    return result


def move_to_path(world: World, account_id: str, path: str) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "MoveAccount", requestId=REQUEST_ID, accountId=account_id, organizationalUnit=path
    )
    return result


def test_move_account_run_twice_moves_once(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    unit_id = world.organization.add_unit("Sandbox")

    first, second = move(world, account_id, unit_id), move(world, account_id, unit_id)

    assert first == {"sourceParentId": ROOT_ID, "destinationParentId": unit_id, "moved": True}
    assert second == {"sourceParentId": unit_id, "destinationParentId": unit_id, "moved": False}
    assert len(world.called("MoveAccount")) == 1


def test_move_account_that_somebody_moved_there_meanwhile_is_done(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    unit_id = world.organization.add_unit("Sandbox")
    account = world.organization.accounts[account_id]
    world.organization.before("MoveAccount", lambda: account.update(parent=unit_id))

    assert move(world, account_id, unit_id)["moved"] is False


@pytest.mark.parametrize("code", ["DuplicateAccountException", "SourceParentNotFoundException"])
@pytest.mark.parametrize(
    ("to_destination", "moved"), [(True, False), (False, None)], ids=["there", "elsewhere"]
)
def test_move_account_that_left_its_place_meanwhile_is_looked_for(
    world: World, to_destination: bool, moved: bool | None, code: str
) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    unit_id, elsewhere = world.organization.add_unit("A"), world.organization.add_unit("B")
    account = world.organization.accounts[account_id]

    def somebody_moves_it() -> None:
        account["parent"] = unit_id if to_destination else elsewhere
        raise Refusal(code)

    world.organization.before("MoveAccount", somebody_moves_it)
    if moved is None:
        with pytest.raises(ConcurrentModification):
            move(world, account_id, unit_id)
    else:
        assert move(world, account_id, unit_id)["moved"] is moved


def test_move_account_to_a_path_makes_what_is_missing_of_it(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    top = world.organization.add_unit("Workloads")

    first, second = (move_to_path(world, account_id, "/Workloads/Sandbox") for _ in range(2))

    unit_id = next(
        one["Id"] for one in world.organization.units.values() if one["Name"] == "Sandbox"
    )
    assert world.organization.units[unit_id]["parent"] == top
    assert first == {
        "organizationalUnitId": unit_id,
        "path": "/Workloads/Sandbox",
        "created": ["/Workloads/Sandbox"],
        "sourceParentId": ROOT_ID,
        "destinationParentId": unit_id,
        "moved": True,
    }
    assert second == first | {"created": [], "sourceParentId": unit_id, "moved": False}


def test_move_account_to_a_path_that_reads_like_another_moves_nothing(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    world.organization.add_unit("sandbox")

    with pytest.raises(OperationRefused, match="reads like"):
        move_to_path(world, account_id, "/Sandbox")

    assert world.organization.accounts[account_id]["parent"] == ROOT_ID


@pytest.mark.parametrize(
    "destination",
    [{}, {"organizationalUnit": "/A", "organizationalUnitId": ROOT_ID}],
    ids=["none", "two"],
)
def test_move_account_needs_one_destination(world: World, destination: dict[str, str]) -> None:
    account_id = world.organization.add_account(email=EMAIL)

    with pytest.raises(OperationRefused, match="either organizationalUnit or organizationalUnitId"):
        world.call("MoveAccount", requestId=REQUEST_ID, accountId=account_id, **destination)

    assert world.called("MoveAccount") == []


def test_move_account_of_an_account_that_does_not_show_yet_is_tried_again(world: World) -> None:
    with pytest.raises(ServiceUnavailable, match="ChildNotFoundException"):
        move(world, "000000000099", ROOT_ID)


def test_move_account_without_a_parent_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(world.organization.answers, "ListParents", lambda **_: {"Parents": []})

    with pytest.raises(ServiceUnavailable):
        move(world, "000000000099", ROOT_ID)
