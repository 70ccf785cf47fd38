"""boto3 clients, made when first used and kept for the life of the process.

AWS_ENDPOINT_URL and the other AWS_* variables act by themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from vending.aws.measurements import measure
from vending.aws.observability import logger, traces
from vending.errors.aws_errors import DENIALS, RETRYABLE
from vending.errors.exceptions import Throttled

if TYPE_CHECKING:
    from mypy_boto3_account import AccountClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient

_CONNECT_TIMEOUT = 5
_READ_TIMEOUT = 20
_SHORTEST_SESSION = 900

_ACCEPTING = [
    {"Effect": "Allow", "Action": "organizations:AcceptHandshake", "Resource": "*"},
    # AcceptHandshake makes this role. Service Authorization Reference, its dependent actions.
    {
        "Effect": "Allow",
        "Action": "iam:CreateServiceLinkedRole",
        "Resource": "arn:*:iam::*:role/aws-service-role/organizations.amazonaws.com/*",
    },
]
"""All that an invited account's role is used for, whatever else it may do."""


class _Lazy:
    """A client that is made when something of it is first used: many events need few of them."""

    def __init__(self, make: Callable[[], BaseClient]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> BaseClient:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


def _client(service: str, *, attempts: int = 3, **credentials: Any) -> Any:
    """A client of the service, with these credentials or the function's own."""
    return _Lazy(lambda: _made_client(service, attempts, credentials))


def _made_client(service: str, attempts: int, credentials: Mapping[str, Any]) -> BaseClient:
    """A client whose errors carry the IAM action that was refused: `Error.Action`.

    The name that a service signs with is the prefix of its actions. A message that the service's
    model calls sensitive, because it may quote what was sent, is left out. Calls that are repeated,
    and those that AWS refuses as too many, are counted; each is in the trace.
    """
    config = Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    client: BaseClient = cast("Any", boto3).client(service, config=config, **credentials)
    client.meta.events.register("after-call", _name_action)
    client.meta.events.register("needs-retry", _count_attempt)
    traces.follow(client)
    return client


def _count_attempt(attempts: int, response: tuple[Any, dict[str, Any]] | None, **_: Any) -> None:
    """After each attempt; that None is returned leaves the SDK's own decision as it is."""
    if attempts > 1:
        measure("Retries")
    code: str = response[1].get("Error", {}).get("Code", "") if response else ""
    if RETRYABLE.get((code, None)) is Throttled:
        measure("Throttled")


def _name_action(parsed: dict[str, Any], model: Any, **_: Any) -> None:
    if "Error" not in parsed:
        return
    error = parsed["Error"]
    error["Action"] = action = f"{model.service_model.signing_name}:{model.name}"
    shape = next((one for one in model.error_shapes if one.error_code == error.get("Code")), None)
    members = shape.members.items() if shape else ()
    if any(name.lower() == "message" and one.metadata.get("sensitive") for name, one in members):
        error["Message"] = ""
    if error.get("Code") in DENIALS:
        logger.warning("denied", extra={"action": action, "code": error["Code"]})


@cache
def organizations() -> OrganizationsClient:
    """For everything that is safe to repeat."""
    client: OrganizationsClient = _client("organizations")
    return client


@cache
def organizations_once() -> OrganizationsClient:
    """For what has no client token: one call is one request, never repeated."""
    client: OrganizationsClient = _client("organizations", attempts=1)
    return client


def organizations_as(account_id: str, role_name: str, external_id: str) -> OrganizationsClient:
    """Of another account, by a role there that this function may assume with this external id.

    Made anew each time, because such credentials expire, and able to accept a handshake only.
    """
    issued = sts().assume_role(
        RoleArn=f"arn:{sts().meta.partition}:iam::{account_id}:role/{role_name}",
        RoleSessionName="account-vending",
        ExternalId=external_id,
        DurationSeconds=_SHORTEST_SESSION,
        Policy=json.dumps({"Version": "2012-10-17", "Statement": _ACCEPTING}),
    )["Credentials"]
    client: OrganizationsClient = _client(
        "organizations",
        aws_access_key_id=issued["AccessKeyId"],
        aws_secret_access_key=issued["SecretAccessKey"],
        aws_session_token=issued["SessionToken"],
    )
    return client


@cache
def sts() -> STSClient:
    """Roles in accounts outside the organization."""
    client: STSClient = _client("sts")
    return client


@cache
def iam() -> IAMClient:
    """Central root access lives in IAM."""
    client: IAMClient = _client("iam")
    return client


@cache
def account() -> AccountClient:
    """Contacts of member accounts, through Account Management."""
    client: AccountClient = _client("account")
    return client


@cache
def dynamodb() -> DynamoDBClient:
    """The ledger."""
    client: DynamoDBClient = _client("dynamodb")
    return client


@cache
def events() -> EventBridgeClient:
    """The event bus."""
    client: EventBridgeClient = _client("events")
    return client


@cache
def service_quotas() -> BaseClient:
    """How much of everything AWS allows."""
    client: BaseClient = _client("service-quotas")
    return client


@cache
def stepfunctions() -> SFNClient:
    """Whether another execution still runs, and word to those that wait."""
    client: SFNClient = _client("stepfunctions")
    return client


@cache
def sns() -> SNSClient:
    """The topics of notifications."""
    client: SNSClient = _client("sns")
    return client


@cache
def cloudformation() -> CloudFormationClient:
    """The stacks whose custom resources are accounts."""
    client: CloudFormationClient = _client("cloudformation")
    return client


@cache
def s3() -> S3Client:
    """The audit trail's bucket."""
    client: S3Client = _client("s3")
    return client
