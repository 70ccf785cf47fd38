"""The CDK validates what it synthesizes, and fails on what CloudFormation would refuse."""

import infra  # noqa: F401  # chooses the pinned Node, before aws_cdk starts it

# isort: split
import json
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk.aws_sqs import CfnQueue

from tests.infra.synthesized import ASSEMBLY, ROOT


def test_template_is_validated_and_nothing_is_found() -> None:
    report = json.loads((ASSEMBLY / "validation-report.json").read_text())

    found = [each for each in report["pluginReports"] if each["conclusion"] != "success"]

    assert found == []


def test_property_that_cloudformation_does_not_take_fails_the_synthesis(tmp_path: Path) -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(outdir=str(tmp_path), context=context, analytics_reporting=False)
    queue = CfnQueue(Stack(app, "Planted"), "Queue")
    queue.add_property_override("VisibilityTimeout", "soon")

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
