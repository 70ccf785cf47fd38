from __future__ import annotations

import pytest

from tests.unit.functions.payloads import EMAIL, REQUEST_ID, REQUEST_ID_TAG
from tests.unit.functions.world import World
from vending.errors.exceptions import (
    OperationRefused,
)


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


def test_account_keeps_the_tag_of_the_request_that_it_has_it_from(world: World) -> None:
    account_id = world.organization.add_account(email=EMAIL, tags={REQUEST_ID_TAG: "first"})

    assert tag(world, account_id, team="a") == ["team"]

    assert world.organization.accounts[account_id]["tags"][REQUEST_ID_TAG] == "first"


@pytest.mark.parametrize(
    ("reason", "turn"), [("MAX_TAG_LIMIT_EXCEEDED", "50"), ("TAG_POLICY_VIOLATION", "tag policies")]
)
def test_tag_resource_refused_says_what_to_do(world: World, reason: str, turn: str) -> None:
    account_id = world.organization.add_account(email=EMAIL)
    world.organization.refuse("TagResource", "ConstraintViolationException", reason)

    with pytest.raises(OperationRefused) as refused:
        tag(world, account_id)

    assert turn in refused.value.message + refused.value.remedy
