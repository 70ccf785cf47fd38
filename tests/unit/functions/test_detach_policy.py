"""DetachPolicy: what a request before attached goes, never the last policy that AWS asks for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.payloads import ACCOUNT_ID, REQUEST_ID, made
from tests.unit.functions.world import World
from vending.errors.exceptions import ConcurrentModification, OperationRefused

SCP = "SERVICE_CONTROL_POLICY"


def named(*names: str) -> list[dict[str, str]]:
    return [{"type": SCP, "name": name} for name in names]


def guarded(world: World, *names: str) -> dict[str, str]:
    """An account to which service control policies are attached; their ids by name."""
    made(world)
    ids = {name: world.organization.add_policy(name) for name in names}
    for policy_id in ids.values():
        world.organization.attach(policy_id, ACCOUNT_ID)
    return ids


def attached(world: World) -> set[str]:
    found = world.organization.state.account(ACCOUNT_ID).attached_policies
    return {policy.name for policy in found if policy.type == SCP}


def detach(world: World, **changes: Any) -> Any:
    payload: dict[str, Any] = {
        "requestId": REQUEST_ID,
        "accountId": ACCOUNT_ID,
        "given": named("NoLeaving", "Gone"),
        "wanted": named("NoRegions"),
    }
    return world.call("DetachPolicy", **(payload | changes))


def test_detach_policy_detaches_what_was_attached_before_and_nothing_else(world: World) -> None:
    guarded(world, "NoLeaving", "NoRegions", "Others")

    first, second = detach(world), detach(world)

    assert (first, second) == ({"detached": ["NoLeaving"]}, {"detached": []})
    assert attached(world) == {"FullAWSAccess", "NoRegions", "Others"}


def test_detach_policy_without_anything_to_detach_calls_nothing(world: World) -> None:
    assert detach(world, given=[]) == {"detached": []}
    assert world.calls == []


def test_authoritative_request_leaves_what_it_names_and_what_aws_attaches(world: World) -> None:
    guarded(world, "NoLeaving", "NoRegions", "Others")

    detached = detach(world, given=[], authoritative=True)

    assert detached == {"detached": ["NoLeaving", "Others"]}
    assert attached(world) == {"FullAWSAccess", "NoRegions"}


def test_last_service_control_policy_is_refused_by_name(world: World) -> None:
    guarded(world, "NoLeaving")
    account = world.organization.state.account(ACCOUNT_ID)
    account.attached_policies = [
        policy for policy in account.attached_policies if policy.name == "NoLeaving"
    ]

    with pytest.raises(OperationRefused, match="NoLeaving would leave the account") as refused:
        detach(world)

    assert refused.value.reason == "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
    assert world.called("DetachPolicy") == []


def test_policy_that_still_shows_after_it_was_detached_is_looked_at_again(world: World) -> None:
    guarded(world, "NoLeaving")
    world.organization.refuse("DetachPolicy", "PolicyNotAttachedException")

    with pytest.raises(ConcurrentModification):
        detach(world)

    assert attached(world) == {"FullAWSAccess", "NoLeaving"}


def test_policy_that_somebody_detached_meanwhile_is_passed_over(world: World) -> None:
    ids = guarded(world, "NoLeaving")
    account = world.organization.state.account(ACCOUNT_ID)

    def by_hand() -> None:
        account.attached_policies = [
            policy for policy in account.attached_policies if policy.id != ids["NoLeaving"]
        ]

    world.organization.before("DetachPolicy", by_hand)

    assert detach(world) == {"detached": []}
    assert attached(world) == {"FullAWSAccess"}
