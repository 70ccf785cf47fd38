"""The CDK app: which stacks, with which settings. `make synth` turns it into cdk.out."""

import infra  # noqa: F401  # chooses the pinned Node, before aws_cdk starts it

# isort: split
import json
import os
import sys
from pathlib import Path

from aws_cdk import App

from infra import bundling, request_policy
from infra.account_vending_stack import AccountVendingStack
from infra.settings import Settings

ROOT = Path(__file__).parent

# Run without the CDK CLI, the app reads its feature flags itself, for the same template.
app = App(
    outdir=os.environ.get("CDK_OUTDIR", str(ROOT / "cdk.out")),
    context=json.loads((ROOT / "cdk.json").read_text())["context"],
    analytics_reporting=False,
    tree_metadata=False,
)
# `make` bundles the functions while the CDK is imported; for the CDK's own commands nobody does.
if (functions := bundling.bundled("lambda")).built:
    sys.stderr.write(f"{functions.line(ROOT)}\n")
AccountVendingStack(
    app, "AccountVending", settings=Settings(), request_policy=request_policy.read(ROOT)
)
app.synth()
