"""The template as a file: fresh, repeatable, offline, clean."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from statemachines import definitions
from tests.infra.synthesized import (
    ASSEMBLY,
    MACHINES,
    ROOT,
    TEMPLATE_NAME,
    SynthesizedTemplate,
)

EXTRACTED = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"
"""Where jsii keeps the CDK's library unpacked; on macOS it is elsewhere, and unpacked anew here."""


@pytest.mark.slow
def test_synthesis_repeated_elsewhere_makes_the_same_files(tmp_path: Path) -> None:
    """The app run once more, with an empty home, no credentials, no network and no other Node."""
    assembly = tmp_path / "assembly"
    environment = {
        "CDK_OUTDIR": str(assembly),
        "HOME": str(tmp_path),
        "PATH": os.defpath,
        "https_proxy": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        **({"JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(EXTRACTED)} if EXTRACTED.is_dir() else {}),
    }

    subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, check=True, timeout=120)

    # A difference means either that synthesis is not repeatable or that cdk.out is stale.
    for name in (TEMPLATE_NAME, "AccountVending.assets.json", "manifest.json"):
        assert (assembly / name).read_text() == (ASSEMBLY / name).read_text()


@pytest.mark.slow
def test_template_has_no_findings_not_even_those_that_it_keeps_quiet_about(
    template: SynthesizedTemplate, tmp_path: Path
) -> None:
    """`make check` lints the template as it is."""
    # cfn-lint takes no expression for a number, which is why a machine may keep E3601 quiet.
    expression = re.compile(r'"TimeoutSeconds": "\{%[^"]*%\}"')
    document = json.loads(json.dumps(template.document))
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            resource.pop("Metadata", None)
            machine = resource["Properties"]
            machine["DefinitionString"] = expression.sub(
                '"TimeoutSeconds": 300', machine["DefinitionString"]
            )
    (tmp_path / TEMPLATE_NAME).write_text(json.dumps(document))

    linted = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), tmp_path / TEMPLATE_NAME],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )

    assert (linted.stdout, linted.returncode) == ("", 0)


def test_template_leaves_the_account_open_and_fixes_the_region(
    template: SynthesizedTemplate,
) -> None:
    manifest = json.loads((ASSEMBLY / "manifest.json").read_text())

    environment = manifest["artifacts"]["AccountVending"]["environment"]

    assert environment == "aws://unknown-account/us-east-1"
    written = {key: value for key, value in template.document.items() if key != "Metadata"}
    assert not re.search(r"\b\d{12}\b", json.dumps(written))


def test_template_needs_one_asset_besides_itself(template: SynthesizedTemplate) -> None:
    assets = json.loads((ASSEMBLY / "AccountVending.assets.json").read_text())

    zipped = [
        hash_ for hash_, file in assets["files"].items() if file["source"]["packaging"] == "zip"
    ]

    assert assets["dockerImages"] == {}
    assert {f"{hash_}.zip" for hash_ in zipped} == {
        function["Code"]["S3Key"] for function in template.functions().values()
    }
    assert len(zipped) == 1


def test_template_holds_nothing_but_what_the_product_needs(template: SynthesizedTemplate) -> None:
    types = {resource["Type"] for resource in template.document["Resources"].values()}

    assert types == {
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::DynamoDB::Table",
        "AWS::Events::EventBus",
        "AWS::Events::EventBusPolicy",
        "AWS::Events::Rule",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::Logs::QueryDefinition",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::StepFunctions::StateMachine",
    }


def test_outputs_have_the_ids_that_the_command_asks_for(template: SynthesizedTemplate) -> None:
    assert set(template.document["Outputs"]) == {
        "StateMachineArn",
        "OrganizationSetupStateMachineArn",
        "AccountRetirementStateMachineArn",
        "EventBusName",
        "LedgerTableName",
        "DeadLetterQueueUrl",
        "AuditBucketName",
        "RetirementProtectedTag",
        "ServicePrincipals",
        "PolicyTypes",
    }


@pytest.mark.parametrize("construct", MACHINES)
def test_definition_stands_in_the_template_as_it_is_printed(
    template: SynthesizedTemplate, construct: str
) -> None:
    assert template.machine(construct)["DefinitionString"] == definitions.text(MACHINES[construct])
