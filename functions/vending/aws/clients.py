"""boto3 clients, made when first used and kept for the life of the process.

AWS_ENDPOINT_URL and the other AWS_* variables act by themselves.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

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


C = TypeVar("C", bound=BaseClient)


def _naming_actions(client: C) -> C:
    """The client, whose errors carry the IAM action that was refused: `Error.Action`.

    The name that a service signs with is the prefix of its actions. A message that the service's
    model calls sensitive, because it may quote what was sent, is left out. Calls that are repeated,
    and those that AWS refuses as too many, are counted; each is in the trace.
    """
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


def _config(*, attempts: int) -> Config:
    return Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )


@cache
def organizations() -> OrganizationsClient:
    """For everything that is safe to repeat."""
    return _naming_actions(boto3.client("organizations", config=_config(attempts=3)))


@cache
def organizations_once() -> OrganizationsClient:
    """For what has no client token: one call is one request, never repeated."""
    return _naming_actions(boto3.client("organizations", config=_config(attempts=1)))


def organizations_as(account_id: str, role_name: str, external_id: str) -> OrganizationsClient:
    """Of another account, by a role there that this function may assume with this external id.

    Made anew each time, because such credentials expire, and able to accept a handshake only.
    """
    session = sts().assume_role(
        RoleArn=f"arn:{sts().meta.partition}:iam::{account_id}:role/{role_name}",
        RoleSessionName="account-vending",
        ExternalId=external_id,
        DurationSeconds=_SHORTEST_SESSION,
        Policy=json.dumps({"Version": "2012-10-17", "Statement": _ACCEPTING}),
    )["Credentials"]
    return _naming_actions(
        boto3.client(
            "organizations",
            config=_config(attempts=3),
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )
    )


@cache
def sts() -> STSClient:
    """Roles in accounts outside the organization."""
    return _naming_actions(boto3.client("sts", config=_config(attempts=3)))


@cache
def iam() -> IAMClient:
    """Central root access lives in IAM."""
    return _naming_actions(boto3.client("iam", config=_config(attempts=3)))


@cache
def account() -> AccountClient:
    """Contacts of member accounts, through Account Management."""
    return _naming_actions(boto3.client("account", config=_config(attempts=3)))


@cache
def dynamodb() -> DynamoDBClient:
    """The ledger."""
    return _naming_actions(boto3.client("dynamodb", config=_config(attempts=3)))


@cache
def events() -> EventBridgeClient:
    """The event bus."""
    return _naming_actions(boto3.client("events", config=_config(attempts=3)))


@cache
def service_quotas() -> BaseClient:
    """How much of everything AWS allows."""
    client: BaseClient = boto3.client("service-quotas", config=_config(attempts=3))
    return _naming_actions(client)


@cache
def stepfunctions() -> SFNClient:
    """Whether another execution still runs, and word to those that wait."""
    return _naming_actions(boto3.client("stepfunctions", config=_config(attempts=3)))


@cache
def sns() -> SNSClient:
    """The topics of notifications."""
    return _naming_actions(boto3.client("sns", config=_config(attempts=3)))


@cache
def cloudformation() -> CloudFormationClient:
    """The stacks whose custom resources are accounts."""
    return _naming_actions(boto3.client("cloudformation", config=_config(attempts=3)))


@cache
def s3() -> S3Client:
    """The audit trail's bucket."""
    return _naming_actions(boto3.client("s3", config=_config(attempts=3)))
