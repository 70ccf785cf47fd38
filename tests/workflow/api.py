"""A client of the API on the embedded AWS, which signs its requests."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.cloud import EmbeddedAws

ADMINISTRATOR = Credentials("local", "local")
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
        iam, name = aws.client("iam"), f"api-{role}"
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        api_id = aws.outputs["ApiEndpoint"].rpartition("/")[2]
        routes = [
            f"arn:aws:execute-api:us-east-1:111111111111:{api_id}/$default/{one}" for one in allowed
        ]
        if routes:
            allow = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": routes}
            iam.put_role_policy(
                RoleName=name,
                PolicyName="invoke",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
            )
        given = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="ann")["Credentials"]
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


def _response(answer: Any) -> Response:
    return Response(
        status=answer.status, headers=dict(answer.headers), body=json.loads(answer.read())
    )
