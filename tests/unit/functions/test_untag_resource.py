"""UntagResource: what a request before gave the account goes, what others gave it stays."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.payloads import ACCOUNT_ID, REQUEST_ID, REQUEST_ID_TAG, made
from tests.unit.functions.world import World
from vending.errors.exceptions import ServiceUnavailable

TAGS = {REQUEST_ID_TAG: REQUEST_ID, "owner": "me", "cost-centre": "4711", "others": "own"}


def untag(world: World, **changes: Any) -> Any:
    payload: dict[str, Any] = {
        "requestId": REQUEST_ID,
        "accountId": ACCOUNT_ID,
        "given": ["cost-centre", "gone-by-hand"],
        "wanted": ["owner"],
    }
    return world.call("UntagResource", **(payload | changes))


def tags(world: World) -> dict[str, str]:
    return dict(world.organization.state.account(ACCOUNT_ID).tags)


def test_untag_resource_removes_what_was_given_before_and_nothing_else(world: World) -> None:
    made(world, tags=dict(TAGS))

    first, second = untag(world), untag(world)

    assert (first, second) == ({"untagged": ["cost-centre"]}, {"untagged": []})
    assert tags(world) == {k: v for k, v in TAGS.items() if k != "cost-centre"}
    assert len(world.called("UntagResource")) == 1


def test_untag_resource_without_anything_to_remove_calls_nothing(world: World) -> None:
    assert untag(world, given=[]) == {"untagged": []}
    assert world.calls == []


def test_untag_resource_keeps_what_is_wanted_again(world: World) -> None:
    made(world, tags=dict(TAGS))

    assert untag(world, given=["owner"]) == {"untagged": []}
    assert tags(world) == TAGS


def test_authoritative_request_removes_all_but_reserved_and_protected_tags(world: World) -> None:
    made(world, tags=TAGS | {"Audit-Level": "1", "aws:made": "by AWS"})

    untagged = untag(world, authoritative=True, protected=["audit-*"])

    assert untagged == {"untagged": ["cost-centre", "others"]}
    assert tags(world).keys() == {REQUEST_ID_TAG, "owner", "Audit-Level", "aws:made"}


def test_untag_resource_whose_answer_was_lost_is_done_when_run_again(world: World) -> None:
    made(world, tags=dict(TAGS))
    world.organization.lose_answer("UntagResource")

    with pytest.raises(ServiceUnavailable):
        untag(world)

    assert untag(world) == {"untagged": []}
    assert "cost-centre" not in tags(world)
