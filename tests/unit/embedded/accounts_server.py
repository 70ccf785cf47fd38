"""The embedded AWS with its gateway on loopback, for tests that act in several accounts."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict

from embedded import ACCOUNT_ID, REGION, control_planes, organizations
from embedded.core.clock import Clock
from embedded.core.context import Context, activate
from embedded.core.credentials import Credentials
from embedded.core.faults import Faults
from embedded.gateway.gateway import serve

Keys = dict[str, str]
_SESSION = boto3.session.Session()
"""One for all clients: each session reads AWS's endpoints anew."""
NOBODY: Keys = {"AccessKeyId": "any", "SecretAccessKey": "any"}


@dataclass(kw_only=True)
class Accounts:
    """The server, as the holders of various keys see it."""

    url: str
    context: Context

    def client(self, service: str, keys: Keys = NOBODY, region: str = REGION) -> Any:
        return _SESSION.client(  # type: ignore[call-overload]
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )

    def assume(self, role_arn: str, keys: Keys = NOBODY, region: str = REGION, **more: Any) -> Any:
        sts = self.client("sts", keys, region)
        request = {"RoleArn": role_arn, "RoleSessionName": "visit", **more}
        return sts.assume_role(**request)["Credentials"]

    def owner(self, account_id: str) -> Keys:
        issued = organizations.owner_credentials(account_id)
        return {
            "AccessKeyId": issued.access_key_id,
            "SecretAccessKey": issued.secret_access_key,
            "SessionToken": issued.session_token,
        }

    def role(
        self, name: str, trust: Any, *allowed: str, keys: Keys = NOBODY, region: str = REGION
    ) -> str:
        """The ARN of a new role, in the account of `keys`, that may do `allowed` everywhere."""
        iam = self.client("iam", keys, region)
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        if allowed:
            statement = {"Effect": "Allow", "Action": list(allowed), "Resource": "*"}
            iam.put_role_policy(
                RoleName=name,
                PolicyName="allowed",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
            )
        return str(arn)

    def member(self, email: str = "member@example.com") -> str:
        """The id of a new account of the organization."""
        before = organizations.create_standalone_account(email, "Member")
        client = self.client("organizations")
        handshake = client.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": before})[
            "Handshake"
        ]
        theirs = self.client("organizations", self.owner(before))
        theirs.accept_handshake(HandshakeId=handshake["Id"])
        return before


UNKNOWN_KEYS = (
    ("organizations", "list_roots", ("UnrecognizedClientException", 400)),
    ("lambda", "list_functions", ("UnrecognizedClientException", 403)),
    ("iam", "list_roles", ("InvalidClientTokenId", 403)),
    ("sts", "get_caller_identity", ("InvalidClientTokenId", 403)),
)
"""(service, operation, refusal) of a call with keys that nobody knows, one a protocol."""


def trusting(principal: Any, **more: Any) -> dict[str, Any]:
    """A statement of a trust policy."""
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **more}


def member_role(account_id: str, partition: str = "aws") -> str:
    return f"arn:{partition}:iam::{account_id}:role/OrganizationAccountAccessRole"


def refusal(call: Any, **request: Any) -> tuple[str, int]:
    """Code and HTTP status of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@contextlib.contextmanager
def accounts(**settings: Any) -> Iterator[Accounts]:
    """A server with fresh backends and one organization."""
    BackendDict.reset()
    context = Context(clock=Clock(200.0), faults=Faults.none(), credentials=Credentials())
    control_planes.install()
    server = serve()
    context.endpoint_url = f"http://127.0.0.1:{server.server_port}"
    activate(context)
    organizations.reset_organization(
        organizations.OrganizationSettings(throttled=False, **settings)
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield Accounts(url=context.endpoint_url, context=context)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        BackendDict.reset()


__all__ = ["ACCOUNT_ID", "Accounts", "accounts", "member_role", "refusal", "trusting"]
