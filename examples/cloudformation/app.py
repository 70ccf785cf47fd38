"""A CDK app with accounts as resources (docs/cloudformation.md): `cdk deploy -c serviceToken=ARN`.

Its stack belongs to us-east-1 of the account that vends.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from aws_cdk import App, CfnOutput, CustomResource, Environment, Stack
from constructs import Construct


class Account(Construct):
    """An AWS account; `request` has a request's keys, which `vend schema` lists."""

    def __init__(
        self, scope: Construct, id_: str, *, service_token: str, request: Mapping[str, object]
    ) -> None:
        super().__init__(scope, id_)
        resource = CustomResource(
            self,
            "Resource",
            resource_type="Custom::Account",
            service_token=service_token,
            properties=dict(request),
        )
        self.account_id = resource.get_att_string("AccountId")
        self.request_id = resource.ref


app = App(outdir=os.environ.get("CDK_OUTDIR"), analytics_reporting=False)
stack = Stack(app, "Accounts", env=Environment(region="us-east-1"))
sandbox = Account(
    stack,
    "Sandbox",
    service_token=app.node.get_context("serviceToken"),
    request={
        "account": {"name": "Sandbox", "email": "aws+sandbox@example.com"},
        "organizationalUnit": "/Workloads/Sandbox",
        "tags": {"cost-center": "1234"},
    },
)
CfnOutput(stack, "SandboxAccountId", value=sandbox.account_id)
app.synth()
