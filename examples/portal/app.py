"""The CDK app with the portal, whose people sign in at an OIDC issuer.

`make portal` deploys it to the embedded AWS, which plays this issuer and its people. On AWS, put
your own issuer's addresses into the settings of the project's app.py (docs/portal.md).
"""

import infra  # noqa: F401  # chooses the pinned Node, before aws_cdk starts it

# isort: split
import json
import os
from pathlib import Path

from aws_cdk import App

from infra import request_policy
from infra.account_vending_stack import AccountVendingStack
from infra.settings import ApiSettings, PortalSettings, Settings, TokenIssuer

ROOT = Path(__file__).parents[2]
ISSUER = "https://people.example.com"

app = App(
    outdir=os.environ.get("CDK_OUTDIR", str(ROOT / "build" / "portal" / "cdk.out")),
    context={
        **json.loads((ROOT / "cdk.json").read_text())["context"],
        "aws:cdk:disable-asset-staging": True,
    },
    analytics_reporting=False,
    tree_metadata=False,
)
AccountVendingStack(
    app,
    "AccountVending",
    settings=Settings(
        api=ApiSettings(tokens=TokenIssuer(issuer=ISSUER, audiences=("account-vending-portal",))),
        portal=PortalSettings(
            authorization_endpoint=f"{ISSUER}/authorize",
            token_endpoint=f"{ISSUER}/token",
            scope="openid profile",
        ),
    ),
    request_policy=request_policy.read(ROOT),
)
app.synth()
