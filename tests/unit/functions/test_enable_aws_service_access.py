from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.payloads import REQUEST_ID
from tests.unit.functions.world import World
from vending.errors.exceptions import (
    OperationRefused,
    Throttled,
)

STACKSETS = "member.org.stacksets.cloudformation.amazonaws.com"


def enable_access(world: World, *principals: str, **more: Any) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "EnableAWSServiceAccess", requestId=REQUEST_ID, servicePrincipals=list(principals), **more
    )
    return result


def test_enable_aws_service_access_run_twice_enables_once(world: World) -> None:
    world.organization.service_access |= {f"s{n}.amazonaws.com" for n in range(5)}
    wanted = ("s4.amazonaws.com", "ram.amazonaws.com")

    first, second = enable_access(world, *wanted), enable_access(world, *wanted)

    assert first["enabled"] == ["ram.amazonaws.com"]
    assert first["alreadyEnabled"] == ["s4.amazonaws.com"]
    assert second == {"enabled": [], "alreadyEnabled": list(wanted), "warnings": []}
    assert world.called("EnableAWSServiceAccess") == [{"ServicePrincipal": "ram.amazonaws.com"}]


def test_enable_aws_service_access_of_nothing_asks_nothing(world: World) -> None:
    assert enable_access(world) == {"enabled": [], "alreadyEnabled": [], "warnings": []}
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


def test_enable_aws_service_access_that_aws_prefers_otherwise_is_done_with_a_warning(
    world: World,
) -> None:
    result = enable_access(world, "account.amazonaws.com", "ram.amazonaws.com")

    assert result["enabled"] == ["account.amazonaws.com", "ram.amazonaws.com"]
    (warning,) = result["warnings"]
    assert warning.startswith("AWS recommends to enable ram.amazonaws.com through AWS RAM itself")
    assert "EnableSharingWithAwsOrganization" in warning


def test_enable_aws_service_access_of_a_service_that_enables_itself_is_refused_before_any(
    world: World,
) -> None:
    with pytest.raises(OperationRefused) as refused:
        enable_access(world, "account.amazonaws.com", STACKSETS, "ipam.amazonaws.com")

    assert refused.value.code == "ServiceEnablesItself"
    assert STACKSETS in refused.value.message
    assert "ipam.amazonaws.com" in refused.value.message
    assert "account.amazonaws.com" not in refused.value.message
    assert "ActivateOrganizationsAccess" in refused.value.remedy
    assert "EnableIpamOrganizationAdminAccount" in refused.value.remedy
    assert world.called("EnableAWSServiceAccess") == []


def test_enable_aws_service_access_of_a_service_that_enabled_itself_is_done(world: World) -> None:
    world.organization.service_access.add(STACKSETS)

    assert enable_access(world, STACKSETS) == {
        "enabled": [],
        "alreadyEnabled": [STACKSETS],
        "warnings": [],
    }


def test_enable_aws_service_access_can_be_forced_by_the_document(world: World) -> None:
    result = enable_access(world, STACKSETS, forced=[STACKSETS])

    assert result["enabled"] == [STACKSETS]
    assert "ActivateOrganizationsAccess" in result["warnings"][0]


def test_enable_aws_service_access_can_be_forced_by_the_stack(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCED_SERVICE_PRINCIPALS", f"ipam.amazonaws.com {STACKSETS}")

    assert enable_access(world, STACKSETS)["enabled"] == [STACKSETS]
