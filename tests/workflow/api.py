"""A client of the API on the embedded AWS, which signs its requests."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded.cloud import EmbeddedAws

ADMINISTRATOR = Credentials("local", "local")
_LOOKS_EVERY = 0.1
_LONGEST_SESSION = 43_200
"""Seconds; the time of the embedded AWS may pass faster."""
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, kw_only=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, kw_only=True)
class ApiClient:
    """Calls with these credentials; None: unsigned."""

    url: str
    credentials: Credentials | None = ADMINISTRATOR
    region: str = "us-east-1"
    service: str = "execute-api"

    @classmethod
    def of_role(cls, aws: EmbeddedAws, role: str, allowed: list[str], **more: Any) -> ApiClient:
        """Of a session of a role, made anew, that may invoke these routes, `GET/requests`."""
        iam = aws.client("iam")
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        made = iam.create_role(
            RoleName=role, AssumeRolePolicyDocument=document, MaxSessionDuration=_LONGEST_SESSION
        )
        arn = made["Role"]["Arn"]
        api_id = aws.outputs["ApiEndpoint"].rpartition("/")[2]
        routes = [
            f"arn:aws:execute-api:us-east-1:111111111111:{api_id}/$default/{one}" for one in allowed
        ]
        if routes:
            allow = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": routes}
            iam.put_role_policy(
                RoleName=role,
                PolicyName="invoke",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
            )
        given = aws.client("sts").assume_role(
            RoleArn=arn, RoleSessionName="ann", DurationSeconds=_LONGEST_SESSION
        )["Credentials"]
        keys = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return cls(url=aws.outputs["ApiEndpoint"], credentials=Credentials(*keys), **more)

    def __call__(self, route: str, body: Any = None, **headers: str) -> Response:
        method, _, path = route.partition(" ")
        data = None if body is None else json.dumps(body).encode()
        signed = AWSRequest(
            method=method,
            url=f"{self.url}{path}",
            data=data,
            headers={
                "content-type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        if self.credentials is not None:
            SigV4Auth(self.credentials, self.service, self.region).add_auth(signed)
        request = urllib.request.Request(
            str(signed.url), data=data, headers=dict(signed.headers), method=method
        )
        try:
            with OPENER.open(request) as answer:
                return _response(answer)
        except urllib.error.HTTPError as refused:
            return _response(refused)


def until(look: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What `look` finds once it finds something; AssertionError where it does not."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come to this in time"
        time.sleep(_LOOKS_EVERY)
    return found


def _response(answer: Any) -> Response:
    return Response(
        status=answer.status, headers=dict(answer.headers), body=json.loads(answer.read())
    )
