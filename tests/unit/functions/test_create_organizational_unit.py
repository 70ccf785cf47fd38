from __future__ import annotations

import pytest

from tests.unit.functions.organization import ROOT_ID
from tests.unit.functions.payloads import REQUEST_ID
from tests.unit.functions.world import World
from vending.errors import (
    ConcurrentModification,
    OperationRefused,
)


def create_unit(world: World, path: str) -> str:
    result = world.call("CreateOrganizationalUnit", requestId=REQUEST_ID, organizationalUnit=path)
    unit_id: str = result["organizationalUnitId"]
    return unit_id


def test_create_organizational_unit_of_the_root_path_is_the_root(world: World) -> None:
    assert create_unit(world, "/") == ROOT_ID
    assert world.organization.units == {}


def test_create_organizational_unit_makes_only_what_is_missing(world: World) -> None:
    first = world.organization.add_unit("Workloads")
    for other in ("A", "B", "C"):
        world.organization.add_unit(other)

    unit_id = create_unit(world, "/Workloads/Sandbox/Team 1")

    made = [one for one in world.organization.units.values() if one["Name"] not in "ABC"]
    assert [(one["Name"], one["parent"] == first) for one in made] == [
        ("Workloads", False),
        ("Sandbox", True),
        ("Team 1", False),
    ]
    assert world.organization.units[unit_id]["Name"] == "Team 1"


def test_create_organizational_unit_of_a_known_path_looks_at_each_level_once(world: World) -> None:
    parent = world.organization.add_unit("Workloads")
    for number in range(500):
        world.organization.add_unit(f"Team {number}", parent)
    first = create_unit(world, "/Workloads/Team 499")
    world.calls.clear()

    again = create_unit(world, "/Workloads/Team 499")

    assert again == first
    assert len(world.called("DescribeOrganizationalUnit")) == 2
    assert world.called("ListOrganizationalUnitsForParent") == []
    assert world.called("CreateOrganizationalUnit") == []


@pytest.mark.parametrize("others", [0, 500])
def test_create_organizational_unit_that_is_new_costs_the_same_beside_many(
    world: World, others: int
) -> None:
    for number in range(others):
        world.organization.add_unit(f"Team {number}")

    create_unit(world, "/New")

    assert [name for name, _ in world.calls if name.startswith("organizations:")] == [
        *["organizations:ListRoots"] * 2,  # the first page is empty here
        "organizations:CreateOrganizationalUnit",
    ]


@pytest.mark.parametrize("level", [0, 1])
def test_create_organizational_unit_that_was_deleted_is_made_anew(world: World, level: int) -> None:
    create_unit(world, "/Workloads/Sandbox")
    gone = [one["Id"] for one in world.organization.units.values()][level:]
    for unit_id in gone:
        del world.organization.units[unit_id]

    unit_id = create_unit(world, "/Workloads/Sandbox")

    assert unit_id not in gone
    assert [one["Name"] for one in world.organization.units.values()] == ["Workloads", "Sandbox"]
    assert create_unit(world, "/Workloads/Sandbox") == unit_id


def test_create_organizational_unit_that_was_renamed_is_another_one(world: World) -> None:
    renamed = create_unit(world, "/Sandbox")
    world.organization.units[renamed]["Name"] = "Playground"

    assert create_unit(world, "/Sandbox") != renamed
    assert create_unit(world, "/Playground") == renamed


def test_create_organizational_unit_below_a_parent_that_was_made_anew_is_not_the_old_one(
    world: World,
) -> None:
    old = create_unit(world, "/Workloads/Sandbox")
    parent = world.organization.units[old]["parent"]
    world.organization.units[parent]["Name"] = "Retired"

    unit_id = create_unit(world, "/Workloads/Sandbox")

    assert unit_id != old
    assert world.organization.units[unit_id]["parent"] != parent


def test_create_organizational_unit_is_found_where_aws_has_no_room_for_another(
    world: World,
) -> None:
    there = world.organization.add_unit("Sandbox")
    world.organization.refuse(
        "CreateOrganizationalUnit", "ConstraintViolationException", "OU_NUMBER_LIMIT_EXCEEDED"
    )

    assert create_unit(world, "/Sandbox") == there


def test_create_organizational_unit_run_twice_makes_it_once(world: World) -> None:
    first, second = create_unit(world, "/a/b/c/d/e"), create_unit(world, "/a/b/c/d/e")

    assert first == second
    assert len(world.called("CreateOrganizationalUnit")) == 5


def test_create_organizational_unit_tells_names_apart_by_case_and_parent(world: World) -> None:
    world.organization.add_unit("sandbox")
    world.organization.add_unit("Sandbox", world.organization.add_unit("Elsewhere"))

    unit_id = create_unit(world, "/Sandbox")

    assert world.organization.units[unit_id] == {
        "Id": unit_id,
        "Name": "Sandbox",
        "parent": ROOT_ID,
    }


def test_create_organizational_unit_made_by_somebody_else_meanwhile_is_used(world: World) -> None:
    theirs: list[str] = []
    world.organization.before(
        "CreateOrganizationalUnit", lambda: theirs.append(world.organization.add_unit("Sandbox"))
    )

    assert create_unit(world, "/Sandbox") == theirs[0]


def test_create_organizational_unit_duplicate_that_does_not_show_is_tried_again(
    world: World,
) -> None:
    world.organization.refuse("CreateOrganizationalUnit", "DuplicateOrganizationalUnitException")

    with pytest.raises(ConcurrentModification):
        create_unit(world, "/Sandbox")


def test_create_organizational_unit_too_deep_for_aws_says_so(world: World) -> None:
    world.organization.refuse(
        "CreateOrganizationalUnit", "ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED"
    )

    with pytest.raises(OperationRefused) as refused:
        create_unit(world, "/Sandbox")

    assert "five" in refused.value.remedy


def test_create_organizational_unit_without_a_root_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.organization, "ListRoots", lambda **_: {"Roots": []})

    with pytest.raises(OperationRefused, match="RootNotFound"):
        create_unit(world, "/Sandbox")
