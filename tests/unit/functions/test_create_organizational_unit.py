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

    made = world.called("CreateOrganizationalUnit")
    assert [(each["ParentId"] == first, each["Name"]) for each in made] == [
        (True, "Sandbox"),
        (False, "Team 1"),
    ]
    assert world.organization.units[unit_id]["Name"] == "Team 1"


def test_create_organizational_unit_run_twice_makes_it_once(world: World) -> None:
    first, second = create_unit(world, "/a/b/c/d/e"), create_unit(world, "/a/b/c/d/e")

    assert first == second
    assert len(world.called("CreateOrganizationalUnit")) == 5


def test_create_organizational_unit_tells_names_apart_by_case_and_parent(world: World) -> None:
    world.organization.add_unit("sandbox")
    world.organization.add_unit("Sandbox", world.organization.add_unit("Elsewhere"))

    create_unit(world, "/Sandbox")

    assert len(world.called("CreateOrganizationalUnit")) == 1


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
