"""What `vend plan` says of a retirement that AcceptRetirement would refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.functions import approving as by
from tests.unit.functions import retiring
from tests.unit.functions.world import World
from vending.errors.exceptions import VendingError

PORTAL = {"source": by.PORTAL, "account": by.HERE, "time": "2027-01-15T08:00:00Z"}


@pytest.fixture
def account_id(approving: World) -> str:
    """An account that the portal may retire."""
    approving.policy["requesters"]["portal"]["retire"] = ["/Sandbox"]
    return retiring.an_account(approving)


def protect(world: World, account_id: str) -> None:
    world.organization.accounts[account_id].update(tags={retiring.PROTECTED_TAG: "true"})


def protect_its_unit(world: World, _account_id: str) -> None:
    world.policy["protected"] = {"organizationalUnits": ["/Sandbox"]}


def grant_nothing(world: World, _account_id: str) -> None:
    world.policy["requesters"]["portal"]["retire"] = ["/Production"]


@pytest.mark.parametrize(
    "refuse",
    [protect, retiring.administers, protect_its_unit, grant_nothing],
    ids=["protected tag", "delegated administrator", "protected unit", "not granted"],
)
def test_plan_has_what_the_retirement_fails_with(
    approving: World, account_id: str, refuse: Callable[[World, str], None]
) -> None:
    refuse(approving, account_id)

    planned = retiring.plan(approving, account_id)
    with pytest.raises(VendingError) as refused:
        retiring.accept(approving, retiring.a_retirement_request(account_id), **PORTAL, id="retire")

    assert planned.problems == [refused.value.as_dict()]


def test_plan_has_every_refusal_at_once(approving: World, account_id: str) -> None:
    for refuse in (protect, retiring.administers, grant_nothing):
        refuse(approving, account_id)

    planned = retiring.plan(approving, account_id)

    assert {problem["code"] for problem in planned.problems} == {
        "RequestNotAllowed",
        "AccountProtected",
        "AccountIsDelegatedAdministrator",
    }


def test_plan_of_a_retirement_that_may_end_the_administration_is_not_refused(
    approving: World, account_id: str
) -> None:
    retiring.administers(approving, account_id)
    allowing: dict[str, Any] = {"deregisterDelegatedAdministrator": True}

    planned = retiring.plan(approving, account_id, **allowing)

    assert planned.problems == []


def test_plan_of_a_suspended_account_looks_no_further(approving: World, account_id: str) -> None:
    protect(approving, account_id)
    approving.organization.accounts[account_id].update(State="SUSPENDED")

    planned = retiring.plan(approving, account_id)

    assert [problem["code"] for problem in planned.problems] == ["AccountNotActive"]
