"""PutAccountName: an account is renamed where it has another name, and only then."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.payloads import ACCOUNT_ID, REQUEST_ID, made
from tests.unit.functions.world import World
from vending.aws import clients
from vending.errors.exceptions import AccessDenied


def rename(world: World, name: str | None) -> Any:
    return world.call(
        "PutAccountName", requestId=REQUEST_ID, accountId=ACCOUNT_ID, accountName=name
    )


def name_of(world: World) -> str:
    return str(world.organization.state.account(ACCOUNT_ID).name)


def trusted(world: World) -> None:
    clients.organizations().enable_aws_service_access(ServicePrincipal="account.amazonaws.com")
    world.calls.clear()


def test_put_account_name_renames_once(world: World) -> None:
    made(world)
    trusted(world)

    first, second = rename(world, "Sandpit"), rename(world, "Sandpit")

    assert (first, second) == ({"renamed": True}, {"renamed": False})
    assert name_of(world) == "Sandpit"
    assert len(world.called("PutAccountName")) == 1


def test_put_account_name_without_a_name_calls_nothing(world: World) -> None:
    assert rename(world, None) == {"renamed": False}
    assert world.calls == []


def test_put_account_name_without_trusted_access_is_denied(world: World) -> None:
    made(world)
    before = name_of(world)

    with pytest.raises(AccessDenied):
        rename(world, "Sandpit")

    assert name_of(world) == before
