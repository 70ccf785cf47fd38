from __future__ import annotations

import pytest

from tests.unit.functions.organization import ROOT_ID, Refusal
from tests.unit.functions.payloads import REQUEST_ID
from tests.unit.functions.world import World
from vending.errors.exceptions import (
    ConcurrentModification,
    OperationRefused,
)
from vending.handler import wiring
from vending.request.ou_paths import join, quote, split


def create_unit(world: World, path: str) -> str:
    result = world.call("CreateOrganizationalUnit", requestId=REQUEST_ID, organizationalUnit=path)
    unit_id: str = result["organizationalUnitId"]
    return unit_id


def test_create_organizational_unit_of_the_root_path_is_the_root(world: World) -> None:
    assert create_unit(world, "/") == ROOT_ID
    assert world.organization.units == {}


def test_unit_that_is_remembered_as_the_root_is_not_taken_for_it(world: World) -> None:
    workloads = world.organization.add_unit("Workloads")
    wiring.units().put_root_id(world.organization.add_unit("Elsewhere"))

    assert create_unit(world, "/Workloads") == workloads


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


def test_create_organizational_unit_that_is_new_reads_its_siblings_once(world: World) -> None:
    for number in range(3):
        world.organization.add_unit(f"Team {number}")

    create_unit(world, "/New/Below/It")

    assert [name for name, _ in world.calls if name.startswith("organizations:")] == [
        *["organizations:ListRoots"] * 2,  # the first page is empty here
        *["organizations:ListOrganizationalUnitsForParent"] * 3,  # so is that of the siblings
        *["organizations:CreateOrganizationalUnit"] * 3,
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


def test_create_organizational_unit_distinguishes_names_by_parent(world: World) -> None:
    world.organization.add_unit("Sandbox", world.organization.add_unit("Elsewhere"))

    unit_id = create_unit(world, "/Sandbox")

    assert world.organization.units[unit_id] == {
        "Id": unit_id,
        "Name": "Sandbox",
        "parent": ROOT_ID,
    }


@pytest.mark.parametrize(
    ("name", "path"), [("CI/CD", r"/CI\/CD"), ("A\\B", r"/A\\B"), ("\\/", r"/\\\/")]
)
def test_create_organizational_unit_of_an_escaped_path_finds_the_name(
    world: World, name: str, path: str
) -> None:
    there = world.organization.add_unit(name)

    assert create_unit(world, path) == there
    assert create_unit(world, path) == there
    assert len(world.organization.units) == 1


def test_create_organizational_unit_of_an_escaped_path_makes_one_unit(world: World) -> None:
    unit_id = create_unit(world, r"/CI\/CD/A\\B")

    made = world.organization.units
    assert [one["Name"] for one in made.values()] == ["CI/CD", "A\\B"]
    assert made[unit_id]["Name"] == "A\\B"


TWINS = {
    "slash": ("CI/CD", "/CI/CD", r"write /CI\/CD and"),
    "slash and more": ("CI/CD", "/CI/CD/Test", r"write /CI\/CD/Test and"),
    "slash in another case": ("ci/cd", "/CI/CD", r"write /ci\/cd and"),
    "case": ("sandbox", "/Sandbox", "write /sandbox and"),
    "wide letters": ("\uff33andbox", "/Sandbox", "--name Sandbox`"),
    "decomposed": ("Cafe\u0301", "/Café", r"write '/Cafe\u0301' and"),
    "composed": ("Café", "/Cafe\u0301", "write /Café and"),
    "trailing space": ("Sandbox ", "/Sandbox", "--name Sandbox`"),
    "leading space": (" Sandbox", "/Sandbox", "--name Sandbox`"),
    "newline": ("Sandbox\n", "/Sandbox", "--name Sandbox`"),
    "zero-width space": ("Sand\u200bbox", "/Sandbox", "--name Sandbox`"),
    "no-break space": ("Team\u00a01", "/Team 1", "--name 'Team 1'`"),
    "right-to-left mark": ("Sandbox\u200f", "/Sandbox", "--name Sandbox`"),
    "slash and hidden": ("CI\u200b/CD", "/CI/CD", r"then write /CI\/CD and"),
    "override": ("\u202dSandbox", "/Sandbox", "--name Sandbox`"),
}


@pytest.mark.parametrize(("name", "path", "way_out"), TWINS.values(), ids=TWINS)
def test_create_organizational_unit_that_reads_like_another_is_refused(
    world: World, name: str, path: str, way_out: str
) -> None:
    there = world.organization.add_unit(name)

    with pytest.raises(OperationRefused) as refused:
        create_unit(world, path)

    assert refused.value.code == "SimilarOrganizationalUnit"
    assert f"{quote(join([name]))} ({there})" in refused.value.message
    assert way_out in refused.value.remedy
    assert list(world.organization.units) == [there]


@pytest.mark.parametrize("twin", [name for name, _, _ in TWINS.values()])
def test_create_organizational_unit_that_is_there_is_used_beside_its_twin(
    world: World, twin: str
) -> None:
    world.organization.add_unit(twin)
    exact = next(path for name, path, _ in TWINS.values() if name == twin)
    parent = ROOT_ID
    for name in split(exact):
        parent = world.organization.add_unit(name, parent)

    assert create_unit(world, exact) == parent


def test_create_organizational_unit_that_reads_like_one_below_two_levels_up_is_refused(
    world: World,
) -> None:
    top = world.organization.add_unit("Platform")
    world.organization.add_unit("CI", top)
    world.organization.add_unit("CI/CD", top)

    with pytest.raises(OperationRefused) as refused:
        create_unit(world, "/Platform/CI/CD")

    assert r"write /Platform/CI\/CD and" in refused.value.remedy
    assert len(world.organization.units) == 3


def test_create_organizational_unit_renamed_as_the_remedy_says_is_found(world: World) -> None:
    there = world.organization.add_unit("Sand\u200bbox")
    with pytest.raises(OperationRefused):
        create_unit(world, "/Sandbox")
    world.organization.units[there]["Name"] = "Sandbox"

    assert create_unit(world, "/Sandbox") == there


def test_create_organizational_unit_whose_twin_is_made_meanwhile_is_refused(world: World) -> None:
    # As if AWS took names that differ in case for the same.
    def meanwhile() -> None:
        world.organization.add_unit("sandbox")
        raise Refusal("DuplicateOrganizationalUnitException")

    world.organization.before("CreateOrganizationalUnit", meanwhile)

    with pytest.raises(OperationRefused) as refused:
        create_unit(world, "/Sandbox")

    assert refused.value.code == "SimilarOrganizationalUnit"


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
    monkeypatch.setitem(world.organization.answers, "ListRoots", lambda **_: {"Roots": []})

    with pytest.raises(OperationRefused, match="RootNotFound"):
        create_unit(world, "/Sandbox")
