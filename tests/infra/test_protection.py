"""The stack's termination protection, and functions whose code is signed."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.settings import Settings
from tests.infra.extremes import CODE_SIGNING, SIGNED
from tests.infra.synthesized import ASSEMBLY, SynthesizedTemplate


def stack_properties(assembly: Path) -> dict[str, Any]:
    """What the assembly tells whoever deploys the stack."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    properties: dict[str, Any] = artifacts["AccountVending"]["properties"]
    return properties


def test_stack_is_deployed_with_termination_protection() -> None:
    assert stack_properties(ASSEMBLY)["terminationProtection"] is True


def test_termination_protection_and_signed_code_by_settings(
    full: SynthesizedTemplate, full_assembly: Path
) -> None:
    functions = full.of_type("AWS::Lambda::Function")
    code = {"S3Bucket": "signed-code", "S3Key": "signed/functions.zip", "S3ObjectVersion": "v1"}
    assert functions
    assert [
        id_
        for id_, each in functions.items()
        if each["Properties"].get("CodeSigningConfigArn") != CODE_SIGNING
        or each["Properties"]["Code"] != code
    ] == []
    assert not stack_properties(full_assembly).get("terminationProtection")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"code_signing_config_arn": CODE_SIGNING}, "go together"),
        ({"signed_code": SIGNED}, "go together"),
        (
            {"code_signing_config_arn": "csc-0123456789abcdefg", "signed_code": SIGNED},
            "'csc-0123456789abcdefg' is not the ARN",
        ),
        (
            {
                "code_signing_config_arn": CODE_SIGNING.replace("us-east-1", "eu-west-1"),
                "signed_code": SIGNED,
            },
            "in us-east-1",
        ),
    ],
)
def test_signing_that_could_not_work_is_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Settings(**settings)
