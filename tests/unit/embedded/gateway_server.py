"""The gateway before moto on loopback, with one organization, for tests that use boto3."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from moto.core.base_backend import BackendDict

from embedded import REGION, control_planes, organizations
from embedded.core.clock import Clock
from embedded.core.context import Context, activate
from embedded.core.credentials import Credentials, RoleCredentials
from embedded.core.faults import Faults
from embedded.gateway.gateway import serve
from embedded.gateway.server import Server as HttpServer
from tests.unit.embedded.cloudformation_template import trust

_SPEED = 200.0
_NUMBERS = itertools.count(1)

Keys = tuple[str, str, str]
"""Access key id, secret access key, session token."""


class Server:
    """The running server and what is behind it."""

    def __init__(self, http: HttpServer) -> None:
        self.url = f"http://127.0.0.1:{http.server_port}"
        self.app = http.app
        self.last_role = ""
        self._clients: dict[Any, Any] = {}
        self.again()

    def again(self) -> None:
        """Forget everything, and found an organization that is not throttled."""
        BackendDict.reset()
        self.context = Context(
            clock=Clock(_SPEED),
            faults=Faults.none(),
            credentials=Credentials(),
            endpoint_url=self.url,
        )
        activate(self.context)
        organizations.reset_organization(organizations.OrganizationSettings(throttled=False))

    def client(self, service: str, keys: RoleCredentials | Keys | None = None) -> Any:
        """A client that does not retry; the administrator's unless given a session."""
        if isinstance(keys, RoleCredentials):
            keys = (keys.access_key_id, keys.secret_access_key, keys.session_token)
        known = self._clients.get((service, keys))
        if known is None:
            access_key_id, secret_access_key, session_token = keys or ("test", "test", None)
            known = self._clients[service, keys] = boto3.session.Session().client(
                service,  # type: ignore[call-overload]
                region_name=REGION,
                endpoint_url=self.url,
                aws_access_key_id=access_key_id,
                aws_secret_access_key=secret_access_key,
                aws_session_token=session_token,
                config=Config(retries={"total_max_attempts": 1}),
            )
        return known

    def role(self, *statements: dict[str, Any]) -> RoleCredentials:
        """A session of a new role of the management account with a policy of these statements."""
        self.last_role = f"Role{next(_NUMBERS)}"
        iam = self.client("iam")
        role = iam.create_role(
            RoleName=self.last_role,
            AssumeRolePolicyDocument=json.dumps(trust("lambda.amazonaws.com")),
        )["Role"]
        if statements:
            document = {"Version": "2012-10-17", "Statement": list(statements)}
            iam.put_role_policy(
                RoleName=self.last_role, PolicyName="limits", PolicyDocument=json.dumps(document)
            )
        return self.context.credentials.issue(role["Arn"], "session")

    def errors(self, operation: str) -> list[str | None]:
        """The error of each recorded call of an operation."""
        return [call.error for call in self.context.calls if call.operation == operation]


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server that serves until the end of the block."""
    control_planes.install()
    http = serve()
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield Server(http)
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
        BackendDict.reset()
