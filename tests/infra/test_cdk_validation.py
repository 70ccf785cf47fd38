"""The CDK validates what it synthesizes, and fails on what CloudFormation would refuse."""

import infra  # noqa: F401  # chooses the pinned Node, before aws_cdk starts it

# isort: split
import json
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk.aws_sqs import CfnQueue

from infra.settings import Settings
from tests.infra.synthesized import ASSEMBLY, ROOT, TEMPLATE_NAME, synthesize

MOST = Settings(
    alarm_emails=("on-call@example.com",),
    audit_lock="COMPLIANCE",
    discovered_accounts="baseline",
    ended_rows_expire_days=90,
    forced_service_principals=("new.amazonaws.com",),
    invited_account_external_id="an-external-id",
    invited_account_role_names=("Accepting",),
    kms_key_arn="arn:aws:kms:us-east-1:111111111111:key/1111aaaa-2222-3333-4444-5555bbbb6666",
    ledger_table_name="Ledger",
    name_prefix="acme-",
    permissions_boundary="arn:aws:iam::111111111111:policy/Boundary",
    requesting_accounts=("222222222222",),
    requesting_organizations=("o-aaaabbbbcc",),
    runbook_url="https://example.com/runbook",
)
LEAST = Settings(
    alarms=False,
    audit_retention_days=None,
    creation_events=False,
    dashboard=False,
    discovered_accounts="ignore",
    reconcile_every_hours=None,
    retirement_policy_name=None,
    retirement_protected_tag=None,
    termination_protection=False,
)


def test_template_is_validated_and_nothing_is_found() -> None:
    report = json.loads((ASSEMBLY / "validation-report.json").read_text())

    found = [each for each in report["pluginReports"] if each["conclusion"] != "success"]

    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("settings", [MOST, LEAST], ids=["most", "least"])
def test_template_of_other_settings_is_valid(settings: Settings, tmp_path: Path) -> None:
    synthesize(settings, tmp_path, validated=True)

    assert (tmp_path / TEMPLATE_NAME).is_file()


def test_property_that_cloudformation_does_not_take_fails_the_synthesis(tmp_path: Path) -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(outdir=str(tmp_path), context=context, analytics_reporting=False)
    queue = CfnQueue(Stack(app, "Planted"), "Queue")
    queue.add_property_override("VisibilityTimeout", "soon")

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
