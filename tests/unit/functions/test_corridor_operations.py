"""Each step of the corridor looks, then acts: a second run changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.organization import ROOT_ID, Refusal
from tests.unit.functions.payloads import EMAIL, REQUEST_ID, REQUEST_ID_TAG, accepted
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors import (
    ConcurrentModification,
    ExecutionSuperseded,
    OperationRefused,
    ServiceUnavailable,
    Throttled,
)

# CreateOrganizationalUnit


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


# MoveAccount


def move(world: World, account_id: str, destination: str) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "MoveAccount",
        requestId=REQUEST_ID,
        accountId=account_id,
        organizationalUnitId=destination,
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


@pytest.mark.parametrize(
    ("to_destination", "moved"), [(True, False), (False, None)], ids=["there", "elsewhere"]
)
def test_move_account_that_left_its_place_meanwhile_is_looked_for(
    world: World, to_destination: bool, moved: bool | None
) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    unit_id, elsewhere = world.organization.add_unit("A"), world.organization.add_unit("B")
    account = world.organization.accounts[account_id]

    def somebody_moves_it() -> None:
        account["parent"] = unit_id if to_destination else elsewhere
        raise Refusal("SourceParentNotFoundException")

    world.organization.before("MoveAccount", somebody_moves_it)
    if moved is None:
        with pytest.raises(ConcurrentModification):
            move(world, account_id, unit_id)
    else:
        assert move(world, account_id, unit_id)["moved"] is moved


def test_move_account_of_an_account_that_does_not_show_yet_is_tried_again(world: World) -> None:
    with pytest.raises(ServiceUnavailable, match="ChildNotFoundException"):
        move(world, "000000000099", ROOT_ID)


def test_move_account_without_a_parent_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.organization, "ListParents", lambda **_: {"Parents": []})

    with pytest.raises(ServiceUnavailable):
        move(world, "000000000099", ROOT_ID)


# TagResource


def tag(world: World, account_id: str, **tags: str) -> list[str]:
    result = world.call("TagResource", requestId=REQUEST_ID, accountId=account_id, tags=tags)
    tagged: list[str] = result["tagged"]
    return tagged


def test_tag_resource_run_twice_tags_once(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL, tags={"kept": "by others"})

    first, second = tag(world, account_id, team="a"), tag(world, account_id, team="a")

    assert (first, second) == ([REQUEST_ID_TAG, "team"], [])
    assert world.organization.accounts[account_id]["tags"] == {
        "kept": "by others",
        "team": "a",
        REQUEST_ID_TAG: REQUEST_ID,
    }
    assert len(world.called("TagResource")) == 1


def test_tag_resource_changes_only_what_differs(world: World) -> None:
    tags = {"team": "old", "stage": "dev", "a": "1", REQUEST_ID_TAG: REQUEST_ID}
    account_id = world.organization.add_account(email=EMAIL, tags=tags)

    assert tag(world, account_id, team="new", stage="dev", a="1") == ["team"]


@pytest.mark.parametrize(
    ("reason", "turn"), [("MAX_TAG_LIMIT_EXCEEDED", "50"), ("TAG_POLICY_VIOLATION", "tag policies")]
)
def test_tag_resource_refused_says_what_to_do(world: World, reason: str, turn: str) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    world.organization.refuse("TagResource", "ConstraintViolationException", reason)

    with pytest.raises(OperationRefused) as refused:
        tag(world, account_id)

    assert turn in refused.value.message + refused.value.remedy


# EnableAWSServiceAccess


def enable_access(world: World, *principals: str) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "EnableAWSServiceAccess", requestId=REQUEST_ID, servicePrincipals=list(principals)
    )
    return result


def test_enable_aws_service_access_run_twice_enables_once(world: World) -> None:
    world.organization.service_access |= {f"s{n}.amazonaws.com" for n in range(5)}
    wanted = ("s4.amazonaws.com", "ram.amazonaws.com")

    first, second = enable_access(world, *wanted), enable_access(world, *wanted)

    assert first == {"enabled": ["ram.amazonaws.com"], "alreadyEnabled": ["s4.amazonaws.com"]}
    assert second == {"enabled": [], "alreadyEnabled": list(wanted)}
    assert world.called("EnableAWSServiceAccess") == [{"ServicePrincipal": "ram.amazonaws.com"}]


def test_enable_aws_service_access_of_nothing_asks_nothing(world: World) -> None:
    assert enable_access(world) == {"enabled": [], "alreadyEnabled": []}
    assert world.calls == []


def test_enable_aws_service_access_of_an_unknown_service_is_refused(world: World) -> None:
    world.organization.refuse(
        "EnableAWSServiceAccess", "InvalidInputException", "UNRECOGNIZED_SERVICE_PRINCIPAL"
    )

    with pytest.raises(OperationRefused) as refused:
        enable_access(world, "unknown.amazonaws.com")

    assert "serviceAccess" in refused.value.remedy


def test_enable_aws_service_access_throttled_is_tried_again(world: World) -> None:
    world.organization.refuse("EnableAWSServiceAccess", "TooManyRequestsException")

    with pytest.raises(Throttled):
        enable_access(world, "ram.amazonaws.com")

    assert enable_access(world, "ram.amazonaws.com")["enabled"] == ["ram.amazonaws.com"]


def test_enable_aws_service_access_denied_names_the_action(world: World) -> None:
    world.organization.refuse("EnableAWSServiceAccess", "AccessDeniedException")

    with pytest.raises(OperationRefused) as refused:
        enable_access(world, "ram.amazonaws.com")

    assert "organizations:EnableAWSServiceAccess" in refused.value.remedy


# EnableOrganizationsRootSessions


def enable_root(world: World, *features: str) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "EnableOrganizationsRootSessions", requestId=REQUEST_ID, features=list(features)
    )
    return result


def changes(world: World) -> list[str]:
    return [name.split(":")[1] for name, _ in world.calls if ":Enable" in name]


def test_root_sessions_stand_on_trusted_access_and_credentials_management(world: World) -> None:
    result = enable_root(world, "RootSessions")

    assert changes(world) == [
        "EnableAWSServiceAccess",
        "EnableOrganizationsRootCredentialsManagement",
        "EnableOrganizationsRootSessions",
    ]
    assert result == {
        "enabledFeatures": ["RootCredentialsManagement", "RootSessions"],
        "organizationId": "o-exampleorgid",
    }


def test_root_sessions_run_twice_enable_once(world: World) -> None:
    first = enable_root(world, "RootSessions", "RootCredentialsManagement")
    world.calls.clear()

    second = enable_root(world, "RootSessions", "RootCredentialsManagement")

    assert first == second
    assert changes(world) == []


def test_root_credentials_management_alone_enables_no_sessions(world: World) -> None:
    world.organization.service_access.add("iam.amazonaws.com")

    enable_root(world, "RootCredentialsManagement")

    assert changes(world) == ["EnableOrganizationsRootCredentialsManagement"]


def test_root_sessions_added_to_credentials_management(world: World) -> None:
    world.organization.service_access.add("iam.amazonaws.com")
    world.organization.root_features.append("RootCredentialsManagement")

    enable_root(world, "RootSessions")

    assert changes(world) == ["EnableOrganizationsRootSessions"]


def test_root_sessions_where_iam_does_not_see_its_trust_yet_are_tried_again(world: World) -> None:
    world.organization.service_access.add("iam.amazonaws.com")
    world.organization.refuse(
        "EnableOrganizationsRootCredentialsManagement", "ServiceAccessNotEnabledException"
    )

    with pytest.raises(ServiceUnavailable):
        enable_root(world, "RootSessions")

    assert enable_root(world, "RootSessions")["enabledFeatures"] == [
        "RootCredentialsManagement",
        "RootSessions",
    ]


@pytest.mark.parametrize(
    "code",
    [
        "AccountNotManagementOrDelegatedAdministratorException",
        "CallerIsNotManagementAccountException",
        "OrganizationNotFoundException",
        "OrganizationNotInAllFeaturesModeException",
    ],
)
def test_root_sessions_refused_say_what_to_do(world: World, code: str) -> None:
    world.organization.service_access.add("iam.amazonaws.com")
    world.organization.refuse("EnableOrganizationsRootCredentialsManagement", code)

    with pytest.raises(OperationRefused, match=code) as refused:
        enable_root(world, "RootSessions")

    assert refused.value.remedy


# DescribeAccount


def describe_account(world: World, account_id: str, execution: str = EXECUTION) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "DescribeAccount", requestId="a-1", executionArn=execution, accountId=account_id
    )
    return result


def accept_existing(world: World, account_id: str) -> None:
    request = {"requestId": "a-1", "source": "existing", "account": {"accountId": account_id}}
    accepted(world, request)


def test_describe_account_run_twice_says_the_same(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL, name="Made by hand")
    accept_existing(world, account_id)

    first, second = describe_account(world, account_id), describe_account(world, account_id)

    assert first == second
    assert first == {
        "accountId": account_id,
        "email": EMAIL,
        "name": "Made by hand",
        "state": "ACTIVE",
    }
    row = world.row("a-1")
    assert (row["state"], row["accountId"]) == ("BASELINING", account_id)
    assert row["accountName"] == "Made by hand"


def test_describe_account_outside_the_organization_is_refused(world: World) -> None:
    accept_existing(world, "000000000099")

    with pytest.raises(OperationRefused) as refused:
        describe_account(world, "000000000099")

    assert refused.value.code == "AccountNotFoundException"
    assert "invite" in refused.value.remedy


@pytest.mark.parametrize("state", ["PENDING_ACTIVATION", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"])
def test_describe_account_that_is_not_active_is_refused(world: World, state: str) -> None:
    account_id = world.organization.add_account(email=EMAIL, State=state)
    accept_existing(world, account_id)

    with pytest.raises(OperationRefused) as refused:
        describe_account(world, account_id)

    assert (refused.value.code, refused.value.reason) == ("AccountNotActive", state)
    assert world.row("a-1")["state"] == "REQUESTED"


def test_describe_account_reads_status_where_state_is_absent(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL, Status="ACTIVE")
    del world.organization.accounts[account_id]["State"]
    accept_existing(world, account_id)

    assert describe_account(world, account_id)["state"] == "ACTIVE"


def test_describe_account_of_a_request_taken_over_stops(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    accept_existing(world, account_id)

    with pytest.raises(ExecutionSuperseded):
        describe_account(world, account_id, OTHER_EXECUTION)


# RecordVended


def test_record_vended_run_twice_says_the_same(world: World) -> None:
    accepted(world)
    payload = {
        "requestId": REQUEST_ID,
        "executionArn": EXECUTION,
        "accountId": "000000000042",
        "organizationalUnitId": "ou-abcd-00000001",
    }

    first, second = (world.call("RecordVended", **payload) for _ in range(2))

    assert first == second
    assert first["state"] == "VENDED"
    assert first["organizationalUnitId"] == "ou-abcd-00000001"
    assert [name for name, _ in world.announced()] == [
        "AccountVendingStateChanged",
        "AccountVended",
    ] * 2


def test_record_vended_of_an_account_left_in_its_place(world: World) -> None:
    accepted(world)

    record = world.call(
        "RecordVended",
        requestId=REQUEST_ID,
        executionArn=EXECUTION,
        accountId="000000000042",
        organizationalUnitId=None,
    )

    assert (record["state"], record["organizationalUnitId"]) == ("VENDED", None)


def test_record_vended_of_a_request_taken_over_writes_and_says_nothing(world: World) -> None:
    accepted(world)

    with pytest.raises(ExecutionSuperseded):
        world.call(
            "RecordVended",
            requestId=REQUEST_ID,
            executionArn=OTHER_EXECUTION,
            accountId="000000000042",
            organizationalUnitId=None,
        )

    assert world.row(REQUEST_ID)["state"] == "REQUESTED"
    assert world.announced() == []
