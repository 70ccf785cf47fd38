"""A gateway before moto on loopback, with one organization, for tests that talk to it by boto3."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from moto.core.base_backend import BackendDict

from embedded import REGION, organizations, root_access
from embedded.clock import Clock
from embedded.context import Context, activate
from embedded.credentials import Credentials, RoleCredentials
from embedded.faults import Faults
from embedded.gateway import serve

SPEED = 200.0

LAMBDA_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@dataclass(kw_only=True)
class Server:
    """The running server and what is behind it."""

    url: str
    context: Context

    def client(self, service: str, credentials: RoleCredentials | None = None) -> Any:
        """A client that does not retry; the administrator's unless given a session."""
        keys: dict[str, Any] = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        if credentials:
            keys = {
                "aws_access_key_id": credentials.access_key_id,
                "aws_secret_access_key": credentials.secret_access_key,
                "aws_session_token": credentials.session_token,
            }
        return boto3.session.Session().client(
            service,  # type: ignore[call-overload]
            region_name=REGION,
            endpoint_url=self.url,
            config=Config(retries={"total_max_attempts": 1}),
            **keys,
        )

    def role(self, name: str, *statements: dict[str, Any]) -> RoleCredentials:
        """A session of a new role of the management account with these statements."""
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(LAMBDA_TRUST))
        if statements:
            document = {"Version": "2012-10-17", "Statement": list(statements)}
            iam.put_role_policy(
                RoleName=name, PolicyName="limits", PolicyDocument=json.dumps(document)
            )
        return self.context.credentials.issue(arn["Role"]["Arn"], "session")

    def errors(self, operation: str) -> list[str | None]:
        """The error of each recorded call of an operation."""
        return [call.error for call in self.context.calls if call.operation == operation]


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server with fresh backends; whatever context was active before is so again after."""
    BackendDict.reset()
    context = Context(clock=Clock(SPEED), faults=Faults.none(), credentials=Credentials())
    organizations.install()
    root_access.install()
    server = serve()
    context.endpoint_url = f"http://127.0.0.1:{server.server_port}"
    activate(context)
    organizations.found(organizations.OrganizationSettings(throttled=False))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Server(url=context.endpoint_url, context=context)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        BackendDict.reset()
