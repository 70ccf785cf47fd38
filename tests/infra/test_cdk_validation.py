"""The CDK validates what it synthesizes, and fails on what CloudFormation would refuse."""

import infra  # noqa: F401  # chooses the pinned Node, before aws_cdk starts it

# isort: split
import json
from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk.aws_sqs import CfnQueue

from infra.settings import Settings
from tests.infra.extremes import BARE, FULL, ORGANIZATION
from tests.infra.synthesized import ASSEMBLY, ROOT, TEMPLATE_NAME, synthesize

MOST = replace(
    FULL,
    kms_key_arn="arn:aws:kms:us-east-1:111111111111:key/1111aaaa-2222-3333-4444-5555bbbb6666",
    name_prefix="acme-",
    requesting_organizations=(ORGANIZATION,),
    runbook_url="https://example.com/runbook",
)


def test_template_is_validated_and_nothing_is_found() -> None:
    report = json.loads((ASSEMBLY / "validation-report.json").read_text())

    found = [each for each in report["pluginReports"] if each["conclusion"] != "success"]

    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("settings", [MOST, BARE], ids=["most", "least"])
def test_template_of_other_settings_is_valid(settings: Settings, tmp_path: Path) -> None:
    synthesize(settings, tmp_path, validated=True)

    assert (tmp_path / TEMPLATE_NAME).is_file()


@pytest.mark.slow
def test_property_that_cloudformation_does_not_take_fails_the_synthesis(tmp_path: Path) -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(outdir=str(tmp_path), context=context, analytics_reporting=False)
    queue = CfnQueue(Stack(app, "Planted"), "Queue")
    queue.add_property_override("VisibilityTimeout", "soon")

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
