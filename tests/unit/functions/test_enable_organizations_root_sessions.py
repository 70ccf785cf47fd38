from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.payloads import REQUEST_ID
from tests.unit.functions.world import World
from vending.errors.exceptions import (
    OperationRefused,
    ServiceUnavailable,
)


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
        "enabled": ["RootCredentialsManagement", "RootSessions"],
        "enabledFeatures": ["RootCredentialsManagement", "RootSessions"],
        "organizationId": "o-exampleorgid",
    }


def test_root_sessions_run_twice_enable_once(world: World) -> None:
    first = enable_root(world, "RootSessions", "RootCredentialsManagement")
    world.calls.clear()

    second = enable_root(world, "RootSessions", "RootCredentialsManagement")

    assert second == first | {"enabled": []}
    assert changes(world) == []


def test_root_credentials_management_alone_enables_no_sessions(world: World) -> None:
    world.organization.service_access.add("iam.amazonaws.com")

    enable_root(world, "RootCredentialsManagement")

    assert changes(world) == ["EnableOrganizationsRootCredentialsManagement"]


def test_root_sessions_added_to_credentials_management(world: World) -> None:
    world.organization.service_access.add("iam.amazonaws.com")
    world.organization.root_features.add("RootCredentialsManagement")

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


# EnableOrganizationsRootCredentialsManagement


def enable_credentials_management(world: World) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "EnableOrganizationsRootCredentialsManagement", requestId=REQUEST_ID
    )
    return result


def test_credentials_management_run_twice_is_enabled_once_and_without_sessions(
    world: World,
) -> None:
    first, second = (enable_credentials_management(world) for _ in range(2))

    assert changes(world) == [
        "EnableAWSServiceAccess",
        "EnableOrganizationsRootCredentialsManagement",
    ]
    assert first["enabled"] == first["enabledFeatures"] == ["RootCredentialsManagement"]
    assert second == first | {"enabled": []}


def test_credentials_management_where_iam_does_not_see_its_trust_yet_is_tried_again(
    world: World,
) -> None:
    world.organization.service_access.add("iam.amazonaws.com")
    world.organization.refuse(
        "EnableOrganizationsRootCredentialsManagement", "ServiceAccessNotEnabledException"
    )

    with pytest.raises(ServiceUnavailable):
        enable_credentials_management(world)

    assert enable_credentials_management(world)["enabled"] == ["RootCredentialsManagement"]
