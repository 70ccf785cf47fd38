"""Custom::… and AWS::CloudFormation::CustomResource: resources that a function makes.

AWS CloudFormation User Guide, "Custom resources", "Custom resource request objects" and "Custom
resource response objects". The function is invoked asynchronously with the stack's role, or as
whoever deploys, and answers by putting a document to a signed URL of Amazon S3; here that is this
process's own S3. Topics as service tokens are refused.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from functools import cache
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from moto.s3.models import s3_backends

from embedded.authorization.authorization import Authorization
from embedded.authorization.required_permission import RequiredPermission
from embedded.cloudformation.resource import Properties, Refused, Resource, generated_name
from embedded.core import role_clients
from embedded.core.context import current
from embedded.core.principal import caller
from embedded.protocols.protocols import ApiCall

NAMES = ("Custom::", "AWS::CloudFormation::CustomResource")
"""What the names of these types begin with."""

RESPONSE_MAX = 4096
SERVICE_TIMEOUT_MAX = 3600

_FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?")
_URL_LASTS = 7200
_PAUSE = 0.02
"""Seconds of real time between two looks for an answer."""


class CustomResource(Resource):
    """What the function of its service token says that it is."""

    type: ClassVar[str] = "AWS::CloudFormation::CustomResource"
    understood = frozenset()
    is_free_form = True
    is_deleted_unmade = True

    def create(self) -> None:
        try:
            answer = self._ask("Create")
        except Failed as failed:
            self.physical_resource_id = failed.physical_resource_id
            raise
        self._take(answer)

    def change(self, properties: Properties) -> None:
        """Update it; where that fails, a rollback asks for the way back."""
        before, self.properties = self.properties, properties
        self.update(before)

    def update(self, before: Properties) -> None:
        if before["ServiceToken"] != self.properties["ServiceToken"]:
            raise Refused("Modifying service token is not allowed.")
        known = self.physical_resource_id
        answer = self._ask("Update", OldResourceProperties=_as_texts(before))
        if answer["PhysicalResourceId"] != known:
            raise Refused("the embedded AWS replaces no custom resource whose physical id changes")
        self._take(answer)

    def delete(self) -> None:
        self._ask("Delete")

    def _take(self, answer: dict[str, Any]) -> None:
        self.physical_resource_id = answer["PhysicalResourceId"]
        self.attributes = dict(answer.get("Data") or {})

    def _ask(self, kind: str, **more: Any) -> dict[str, Any]:
        """The answer to a request; Refused where it says FAILED, is none, or does not come."""
        token, seconds = self._settings()
        s3 = s3_backends[self.place.account_id][self.place.partition]
        bucket = f"cloudformation-custom-resource-response-{self.place.region.replace('-', '')}"
        if bucket not in s3.buckets:
            s3.create_bucket(bucket, self.place.region)
        delivery = str(uuid.uuid4())
        url = _s3_client().generate_presigned_url(
            "put_object", Params={"Bucket": bucket, "Key": delivery}, ExpiresIn=_URL_LASTS
        )
        event = {
            "RequestType": kind,
            "ServiceToken": token,
            "ResponseURL": url,
            "StackId": self.place.stack_id,
            "RequestId": delivery,
            "LogicalResourceId": self.logical_resource_id,
            "ResourceType": self.type,
            "ResourceProperties": _as_texts(self.properties),
            **more,
        }
        if kind != "Create":
            event["PhysicalResourceId"] = self.physical_resource_id
        deadline = current().clock.now() + seconds
        self._invoke(token, event)
        if not self.physical_resource_id:
            # By which it is deleted where the function names it by nothing else.
            self.physical_resource_id = generated_name(
                self.place.stack_name, self.logical_resource_id, length=128
            )
        while (found := s3.buckets[bucket].keys.get(delivery)) is None:
            if current().clock.now() > deadline:
                raise Refused(
                    "CloudFormation did not receive a response from your Custom Resource. Please "
                    f"check your logs for requestId [{delivery}]."
                )
            time.sleep(_PAUSE)
        body = bytes(found.value)
        s3.buckets[bucket].keys.pop(delivery)
        return self._read(body, event)

    def _settings(self) -> tuple[str, int]:
        token = str(self.properties.get("ServiceToken", ""))
        if not _FUNCTION.fullmatch(token):
            raise Refused("Invalid service token: the embedded AWS takes a function's ARN.")
        given = str(self.properties.get("ServiceTimeout", SERVICE_TIMEOUT_MAX))
        if not given.isdecimal() or not 1 <= int(given) <= SERVICE_TIMEOUT_MAX:
            raise Refused(f"ServiceTimeout must be from 1 to {SERVICE_TIMEOUT_MAX}")
        return token, int(given)

    def _invoke(self, token: str, event: dict[str, Any]) -> None:
        """As the stack's role; without one, as the caller of CloudFormation."""
        principal, role_arn = caller.get(), self.place.role_arn
        if role_arn is None and not principal.is_administrator:
            call = ApiCall(
                service="lambda",
                operation="Invoke",
                region=self.place.region,
                access_key_id="",
                protocol="rest-json",
            )
            needed = [RequiredPermission(action="lambda:InvokeFunction", resource=token)]
            denial = Authorization().refusal(principal, needed, call, current().clock.now())
            if denial is not None:
                raise Refused(denial.message)
        awslambda = role_clients.client(
            "lambda",
            role_arn=role_arn,
            region=self.place.region,
            session_name="AWSCloudFormation",
        )
        try:
            awslambda.invoke(
                FunctionName=token, InvocationType="Event", Payload=json.dumps(event).encode()
            )
        except ClientError as refused:
            raise Refused(str(refused)) from refused

    @staticmethod
    def _read(body: bytes, event: dict[str, Any]) -> dict[str, Any]:
        if len(body) > RESPONSE_MAX:
            raise Refused(f"Response object is too long: {len(body)} bytes.")
        try:
            answer: dict[str, Any] = json.loads(body)
        except ValueError:
            raise Refused("Invalid Response object: Expected valid JSON.") from None
        same = all(answer.get(k) == event[k] for k in ("StackId", "RequestId", "LogicalResourceId"))
        physical = answer.get("PhysicalResourceId")
        if not same or not isinstance(physical, str) or not 1 <= len(physical) <= 1024:  # noqa: PLR2004
            raise Refused("Invalid Response object.")
        if answer.get("Status") != "SUCCESS":
            raise Failed(
                f"Received response status [{answer.get('Status')}] from custom resource. Message "
                f"returned: {answer.get('Reason')} (RequestId: {event['RequestId']})",
                physical,
            )
        return answer


class Failed(Refused):
    """What the function says of its failure, and by which id the resource is deleted."""

    def __init__(self, reason: str, physical_resource_id: str) -> None:
        super().__init__(reason)
        self.physical_resource_id = physical_resource_id


@cache
def kind_of(name: str) -> type[CustomResource]:
    """The class of a type such as Custom::Account."""
    return type(name, (CustomResource,), {"type": name})


def _s3_client() -> Any:
    return role_clients.client("s3", session_name="cloudformation")


def _as_texts(value: Any) -> Any:
    """Every number and boolean as the text that CloudFormation sends."""
    if isinstance(value, dict):
        return {key: _as_texts(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_texts(each) for each in value]
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None else str(value)
