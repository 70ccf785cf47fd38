"""boto3 clients, made when first used and kept for the life of the process.

AWS_ENDPOINT_URL and the other AWS_* variables act by themselves.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_stepfunctions import SFNClient

_CONNECT_TIMEOUT = 5
_READ_TIMEOUT = 20


def _config(*, attempts: int) -> Config:
    return Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )


@cache
def organizations() -> OrganizationsClient:
    """For everything but CreateAccount: each of these calls is safe to repeat."""
    return boto3.client("organizations", config=_config(attempts=3))


@cache
def organizations_once() -> OrganizationsClient:
    """For CreateAccount, which has no client token: one call is one request, never repeated."""
    return boto3.client("organizations", config=_config(attempts=1))


@cache
def iam() -> IAMClient:
    """Central root access lives in IAM."""
    return boto3.client("iam", config=_config(attempts=3))


@cache
def dynamodb() -> DynamoDBClient:
    """The ledger."""
    return boto3.client("dynamodb", config=_config(attempts=3))


@cache
def events() -> EventBridgeClient:
    """The announcements."""
    return boto3.client("events", config=_config(attempts=3))


@cache
def stepfunctions() -> SFNClient:
    """Whether another execution still runs."""
    return boto3.client("stepfunctions", config=_config(attempts=3))
