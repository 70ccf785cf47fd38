"""CreatePolicy: a policy is ensured by name, type and text; its text is replaced where asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.functions.payloads import REQUEST_ID
from tests.unit.functions.world import World
from vending.errors.exceptions import ConcurrentModification, OperationRefused

SCP = "SERVICE_CONTROL_POLICY"
CONTENT, OTHER = (
    json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}],
        }
    )
    for action in ("s3:*", "ec2:*")
)


def ensure(world: World, *, update: bool = False, **policy: Any) -> dict[str, Any]:
    wanted = {"name": "Guard", "type": SCP, "description": "Guards", "content": CONTENT} | policy
    given = {key: value for key, value in wanted.items() if value is not None}
    result: dict[str, Any] = world.call(
        "CreatePolicy", requestId=REQUEST_ID, policy=given, update=update
    )
    return result


def written(world: World) -> list[str]:
    writing = ("organizations:CreatePolicy", "organizations:UpdatePolicy")
    return [name.split(":")[1] for name, _ in world.calls if name in writing]


def test_create_policy_run_twice_creates_once(world: World) -> None:
    for other in ("A", "B", "C"):
        world.organization.add_policy(other)

    first, second = ensure(world), ensure(world)

    assert first["policyId"] == second["policyId"]
    assert (first["outcome"], second["outcome"]) == ("CREATED", "UNCHANGED")
    assert world.called("CreatePolicy") == [
        {"Name": "Guard", "Type": SCP, "Description": "Guards", "Content": CONTENT}
    ]


def test_create_policy_without_content_uses_the_one_that_exists(world: World) -> None:
    policy_id = world.organization.add_policy(content=OTHER)

    result = ensure(world, content=None)

    assert result == {
        "policyId": policy_id,
        "name": "Guard",
        "type": SCP,
        "outcome": "UNCHANGED",
        "warnings": [],
    }
    assert world.called("DescribePolicy") == []


def test_create_policy_without_content_of_a_policy_that_is_missing_is_refused(
    world: World,
) -> None:
    with pytest.raises(OperationRefused) as refused:
        ensure(world, content=None)

    assert refused.value.code == "PolicyMissing"
    assert "'Guard'" in refused.value.message
    assert written(world) == []


@pytest.mark.parametrize(
    ("changes", "outcome", "content"),
    [({"existing": "keep"}, "KEPT", OTHER), ({"update": True}, "UPDATED", CONTENT)],
    ids=["kept", "replaced"],
)
def test_create_policy_with_other_content_does_what_was_asked_for(
    world: World, changes: dict[str, Any], outcome: str, content: str
) -> None:
    policy_id = world.organization.add_policy(content=OTHER)

    result = ensure(world, **changes)

    assert result["outcome"] == outcome
    assert bool(result["warnings"]) == (outcome == "KEPT")
    assert world.organization.policies[policy_id]["Content"] == content


def test_create_policy_with_other_content_is_refused_with_the_difference(world: World) -> None:
    policy_id = world.organization.add_policy(content=OTHER)

    with pytest.raises(OperationRefused) as refused:
        ensure(world)

    assert refused.value.code == "PolicyContentDiffers"
    assert '-   "Action": "ec2:*",\n+   "Action": "s3:*",' in refused.value.message
    assert "existing: keep" in refused.value.remedy
    assert written(world) == []
    assert world.organization.policies[policy_id]["Content"] == OTHER


def test_create_policy_made_by_somebody_else_meanwhile_with_other_content_is_refused(
    world: World,
) -> None:
    theirs: list[str] = []
    world.organization.before(
        "CreatePolicy", lambda: theirs.append(world.organization.add_policy(content=OTHER))
    )

    with pytest.raises(OperationRefused) as refused:
        ensure(world)

    assert refused.value.code == "PolicyContentDiffers"
    assert world.organization.policies[theirs[0]]["Content"] == OTHER


def test_create_policy_updated_twice_writes_once(world: World) -> None:
    world.organization.add_policy(content=OTHER)

    first, second = ensure(world, update=True), ensure(world, update=True)

    assert (first["outcome"], second["outcome"]) == ("UPDATED", "UNCHANGED")
    assert written(world) == ["UpdatePolicy"]


def test_create_policy_spaces_and_order_of_keys_are_no_difference(world: World) -> None:
    world.organization.add_policy(content='{"b": 1, "a": [2]}', Description="Guards")

    result = ensure(world, content='{ "a":[2],\n"b":1 }', update=True)

    assert result["outcome"] == "UNCHANGED"
    assert written(world) == []


def test_create_policy_update_replaces_the_description_too(world: World) -> None:
    world.organization.add_policy(content=CONTENT, Description="Old")

    assert ensure(world)["outcome"] == "UNCHANGED"
    assert ensure(world, update=True)["outcome"] == "UPDATED"
    ((updated),) = world.called("UpdatePolicy")
    assert updated.keys() == {"PolicyId", "Description"}


def test_create_policy_does_not_change_what_aws_manages(world: World) -> None:
    world.organization.add_policy(content=OTHER, AwsManaged=True)

    with pytest.raises(OperationRefused) as refused:
        ensure(world, update=True)

    assert (refused.value.code, refused.value.reason) == (
        "InvalidInputException",
        "IMMUTABLE_POLICY",
    )
    assert written(world) == []


def test_create_policy_made_by_somebody_else_meanwhile_is_used(world: World) -> None:
    theirs: list[str] = []
    world.organization.before(
        "CreatePolicy", lambda: theirs.append(world.organization.add_policy(content=CONTENT))
    )

    result = ensure(world)

    assert (result["policyId"], result["outcome"]) == (theirs[0], "UNCHANGED")


def test_create_policy_of_a_name_that_another_type_has_says_so(world: World) -> None:
    world.organization.add_policy(Type="TAG_POLICY")

    with pytest.raises(ConcurrentModification) as refused:
        ensure(world)

    assert "another type" in refused.value.remedy


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("MalformedPolicyDocumentException", None),
        ("PolicyTypeNotAvailableForOrganizationException", None),
        ("ConstraintViolationException", "POLICY_NUMBER_LIMIT_EXCEEDED"),
    ],
)
def test_create_policy_refused_says_what_to_do(world: World, code: str, reason: str | None) -> None:
    world.organization.refuse("CreatePolicy", code, reason)

    with pytest.raises(OperationRefused) as refused:
        ensure(world)

    assert (refused.value.code, refused.value.reason) == (code, reason)
    assert refused.value.remedy
