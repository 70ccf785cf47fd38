"""cdk-nag on the app's stack: the packs AwsSolutions and NIST 800-53 R5, offline.

The packs run as the CDK's validation plugins in a synthesis of their own, so that what is deployed
carries no trace of them. The CDK prints its own report, hence a process of its own: `python -m
guards.nag` prints the findings as JSON.
"""

import infra  # noqa: F401  # chooses the pinned Node, before aws_cdk starts it

# isort: split
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from guards.findings import Finding
from infra import request_policy
from infra.account_vending_stack import AccountVendingStack
from infra.settings import (
    ApiSettings,
    CustomResourceSettings,
    PortalSettings,
    Settings,
    TokenIssuer,
)

ROOT = Path(__file__).parents[1]
STACK = "AccountVending"
REPORT = "validation-report.json"


_ISSUER = "https://issuer.example.com"
WHOLE = Settings(
    custom_resource=CustomResourceSettings(on_delete="retire"),
    api=ApiSettings(tokens=TokenIssuer(issuer=_ISSUER, audiences=("page",))),
    portal=PortalSettings(
        authorization_endpoint=f"{_ISSUER}/authorize", token_endpoint=f"{_ISSUER}/token"
    ),
)
"""With what is off by default besides: the API, the portal and the custom resource."""


def findings() -> list[Finding]:
    """What the packs find in the stack that app.py deploys, with what is off by default."""
    return findings_in(
        lambda app: AccountVendingStack(
            app, STACK, settings=WHOLE, request_policy=request_policy.read(ROOT)
        )
    )


def findings_in(build: Callable[[App], object]) -> list[Finding]:
    """What the packs find in the stacks that `build` puts into an app.

    Raises:
        RuntimeError: the synthesis failed by anything else than findings.
    """
    with tempfile.TemporaryDirectory() as folder:
        app = App(
            outdir=folder,
            context=json.loads((ROOT / "cdk.json").read_text())["context"],
            analytics_reporting=False,
            tree_metadata=False,
        )
        Validations.of(app).add_plugins(AwsSolutionsChecks(app), NIST80053R5Checks(app))
        build(app)
        try:
            app.synth()
        except RuntimeError as failed:
            if "ValidationFailed" not in str(failed):
                raise
        report = json.loads((Path(folder) / REPORT).read_text())
    plugins = {each["pluginName"] for each in report["pluginReports"]}
    if not plugins >= {"AwsSolutions", "NIST.800.53.R5"}:
        raise RuntimeError(f"cdk-nag has not run: the report has {sorted(plugins)}")
    return list(_read(report))


def _read(report: dict[str, Any]) -> Iterator[Finding]:
    for plugin in report["pluginReports"]:
        for violation in plugin["violations"]:
            for construct in violation["violatingConstructs"]:
                yield Finding(
                    rule=violation["ruleName"],
                    where=construct["constructPath"].partition("/")[2],
                )


if __name__ == "__main__":
    json.dump([asdict(each) for each in findings()], sys.stdout)
