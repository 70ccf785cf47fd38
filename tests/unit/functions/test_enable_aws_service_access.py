from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.payloads import REQUEST_ID
from tests.unit.functions.world import World
from vending.errors import (
    OperationRefused,
    Throttled,
)


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
