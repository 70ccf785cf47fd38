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

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_s3 import S3Client
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

    The name that a service signs with is the prefix of its actions.
    """
    client.meta.events.register("after-call", _name_action)
    return client


def _name_action(parsed: dict[str, Any], model: Any, **_: Any) -> None:
    if "Error" in parsed:
        parsed["Error"]["Action"] = f"{model.service_model.signing_name}:{model.name}"


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


def organizations_as(account_id: str, role_name: str) -> OrganizationsClient:
    """Of another account, by a role there that lets this function in.

    Made anew each time, because such credentials expire, and able to accept a handshake only.
    """
    session = sts().assume_role(
        RoleArn=f"arn:{sts().meta.partition}:iam::{account_id}:role/{role_name}",
        RoleSessionName="account-vending",
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
def dynamodb() -> DynamoDBClient:
    """The ledger."""
    return _naming_actions(boto3.client("dynamodb", config=_config(attempts=3)))


@cache
def events() -> EventBridgeClient:
    """The event bus."""
    return _naming_actions(boto3.client("events", config=_config(attempts=3)))


@cache
def stepfunctions() -> SFNClient:
    """Whether another execution still runs, and word to those that wait."""
    return _naming_actions(boto3.client("stepfunctions", config=_config(attempts=3)))


@cache
def s3() -> S3Client:
    """The audit trail's bucket."""
    return _naming_actions(boto3.client("s3", config=_config(attempts=3)))
