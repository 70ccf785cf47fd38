"""AttachPolicy and EnablePolicyType: what is attached or on already is left as it is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.organization import ROOT_ID, Refusal
from tests.unit.functions.payloads import EMAIL, REQUEST_ID
from tests.unit.functions.world import World
from vending.errors.exceptions import (
    ConcurrentModification,
    OperationRefused,
    ServiceUnavailable,
    TrustedAccessMissing,
)

SCP = "SERVICE_CONTROL_POLICY"
TARGETS = ["111122223333", ROOT_ID, "ou-abcd-12345678"]


def attach(world: World, policy_id: str, target: str = ROOT_ID) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "AttachPolicy",
        requestId=REQUEST_ID,
        policyId=policy_id,
        policyType=SCP,
        targetId=target,
    )
    return result


def enable(world: World, *types: str) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "EnablePolicyType", requestId=REQUEST_ID, policyTypes=list(types)
    )
    return result


@pytest.mark.parametrize("target", TARGETS)
def test_attach_policy_run_twice_attaches_once(world: World, target: str) -> None:
    world.organization.add_account(email=EMAIL, account_id=TARGETS[0])
    world.organization.add_unit("Sandbox", unit_id=TARGETS[2])
    for name in ("A", "B", "C"):
        attach(world, world.organization.add_policy(name), target)
    policy_id = world.organization.add_policy()
    world.calls.clear()

    first, second = attach(world, policy_id, target), attach(world, policy_id, target)

    assert first == {"policyId": policy_id, "targetId": target, "attached": True}
    assert second == first | {"attached": False}
    assert len(world.called("AttachPolicy")) == 1


def test_attach_policy_that_somebody_attached_meanwhile_is_done(world: World) -> None:
    policy_id = world.organization.add_policy()
    world.organization.before("AttachPolicy", lambda: world.organization.attach(policy_id, ROOT_ID))

    assert attach(world, policy_id)["attached"] is False


def test_attach_policy_that_is_said_to_be_attached_and_does_not_show_is_tried_again(
    world: World,
) -> None:
    def said() -> None:
        raise Refusal("DuplicatePolicyAttachmentException")

    policy_id = world.organization.add_policy()
    world.organization.before("AttachPolicy", said)

    with pytest.raises(ConcurrentModification):
        attach(world, policy_id)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("PolicyTypeNotEnabledException", ServiceUnavailable),
        ("PolicyNotFoundException", ServiceUnavailable),
        ("TargetNotFoundException", ServiceUnavailable),
        ("PolicyChangesInProgressException", ConcurrentModification),
    ],
)
def test_attach_policy_of_what_does_not_show_yet_is_tried_again(
    world: World, code: str, kind: type[Exception]
) -> None:
    policy_id = world.organization.add_policy()
    world.organization.refuse("AttachPolicy", code)

    with pytest.raises(kind):
        attach(world, policy_id)

    assert attach(world, policy_id)["attached"] is True


def test_attach_policy_beyond_the_limit_says_what_to_do(world: World) -> None:
    reason = "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
    world.organization.refuse("AttachPolicy", "ConstraintViolationException", reason)

    with pytest.raises(OperationRefused) as refused:
        attach(world, world.organization.add_policy())

    assert refused.value.reason == reason
    assert refused.value.remedy


def test_enable_policy_type_run_twice_enables_once(world: World) -> None:
    first, second = (enable(world, "TAG_POLICY", SCP, "TAG_POLICY") for _ in range(2))

    assert first == {"enabled": ["TAG_POLICY"], "alreadyEnabled": [SCP]}
    assert second == {"enabled": [], "alreadyEnabled": ["TAG_POLICY", SCP]}
    assert world.called("EnablePolicyType") == [{"RootId": ROOT_ID, "PolicyType": "TAG_POLICY"}]


def test_enable_policy_type_of_nothing_asks_nothing(world: World) -> None:
    assert enable(world) == {"enabled": [], "alreadyEnabled": []}
    assert world.calls == []


def test_enable_policy_type_that_somebody_enabled_meanwhile_is_done(world: World) -> None:
    world.organization.before(
        "EnablePolicyType", lambda: world.organization.state.enable_policy_type("TAG_POLICY")
    )

    assert enable(world, "TAG_POLICY") == {"enabled": [], "alreadyEnabled": ["TAG_POLICY"]}


def test_enable_policy_type_before_the_trusted_access_of_its_service_may_be_tried_again(
    world: World,
) -> None:
    code, reason = "ConstraintViolationException", "SERVICE_ACCESS_NOT_ENABLED"
    world.organization.refuse("EnablePolicyType", code, reason)

    with pytest.raises(TrustedAccessMissing) as refused:
        enable(world, "SECURITYHUB_POLICY")

    assert (refused.value.code, refused.value.reason) == (code, reason)
    assert "SECURITYHUB_POLICY" in refused.value.message
    assert "trusted access" in refused.value.remedy


def test_enable_policy_type_without_all_features_says_what_to_do(world: World) -> None:
    code = "PolicyTypeNotAvailableForOrganizationException"
    world.organization.refuse("EnablePolicyType", code)

    with pytest.raises(OperationRefused) as refused:
        enable(world, "TAG_POLICY")

    assert refused.value.code == code
    assert "vend setup" in refused.value.remedy


def test_enable_policy_type_without_a_root_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(world.organization.answers, "ListRoots", lambda **_: {"Roots": []})

    with pytest.raises(OperationRefused) as refused:
        enable(world, "TAG_POLICY")

    assert refused.value.code == "RootNotFound"
