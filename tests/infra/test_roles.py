"""What the settings say of every role and every fixed name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from infra.settings import Settings
from tests.infra.extremes import BOUNDARY
from tests.infra.synthesized import MACHINES, SynthesizedTemplate, flat, synthesize


def test_boundary_of_the_settings_bounds_every_role_and_by_default_none_does(
    template: SynthesizedTemplate, full: SynthesizedTemplate
) -> None:
    def boundaries(of: SynthesizedTemplate) -> set[object]:
        roles = of.of_type("AWS::IAM::Role").values()
        return {role["Properties"].get("PermissionsBoundary") for role in roles}

    assert boundaries(full) == {BOUNDARY}
    assert boundaries(template) == {None}


def test_prefix_of_the_settings_begins_every_fixed_name_and_the_roles(
    template: SynthesizedTemplate, tmp_path: Path
) -> None:
    prefixed = synthesize(Settings(name_prefix="acme-"), tmp_path)

    assert prefixed.only("AWS::Events::EventBus")["Properties"]["Name"] == "acme-account-vending"
    assert prefixed.machine()["StateMachineName"] == "acme-account-vending"
    groups = [
        group["Properties"]["LogGroupName"]
        for group in prefixed.of_type("AWS::Logs::LogGroup").values()
        if "LogGroupName" in group["Properties"]
    ]
    assert len(groups) == len(MACHINES)
    assert all(flat(group).startswith("/aws/vendedlogs/states/acme-") for group in groups)
    roles = prefixed.of_type("AWS::IAM::Role").values()
    names = [role["Properties"]["RoleName"] for role in roles]
    assert all(re.fullmatch(r"acme-[A-Za-z0-9-]{1,59}", name) for name in names)
    assert len(set(names)) == len(names) == len(template.of_type("AWS::IAM::Role"))
    granted = json.dumps(prefixed.of_type("AWS::IAM::Policy"))
    assert ":stateMachine:acme-account-vending" in granted
    assert ":execution:acme-account-vending:*" in granted
    assert ":stateMachine:account-vending" not in granted


def test_roles_have_no_names_of_their_own_by_default(template: SynthesizedTemplate) -> None:
    for role in template.of_type("AWS::IAM::Role").values():
        assert "RoleName" not in role["Properties"]


@pytest.mark.parametrize("boundary", ["Boundary", "arn:aws:iam::123456789012:role/R", "", "*"])
def test_boundary_that_is_no_policy_is_refused(boundary: str) -> None:
    with pytest.raises(ValueError, match="permissions_boundary"):
        Settings(permissions_boundary=boundary)


@pytest.mark.parametrize("prefix", ["Acme", "1acme", "acme_", "a" * 22, "acme/"])
def test_prefix_that_fits_no_name_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="name_prefix"):
        Settings(name_prefix=prefix)
