"""Whether an execution of the state machine can still act for its request."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from vending.errors.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class EndStatus(StrEnum):
    """The statuses of an execution that is over; those of others are RUNNING and their like.

    Step Functions API reference, DescribeExecution.
    """

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


SHOWS_AFTER = 60.0
"""Seconds after which DescribeExecution, which is eventually consistent, shows a start."""


def is_over(status: str | None) -> bool:
    """Whether an execution of this status is over; None where Step Functions knows it no more."""
    return status is None or status in set(EndStatus)


def is_running(execution_arn: str, stepfunctions: SFNClient, *, known_for: float = 0.0) -> bool:
    """Whether it is not over, or may have begun too lately to be shown.

    Step Functions forgets executions 90 days after their end. So an unknown one is over, too, if it
    has been `known_for` (seconds, by what it wrote) long enough.
    """
    with translate_aws_errors():
        try:
            status = stepfunctions.describe_execution(executionArn=execution_arn)["status"]
        except stepfunctions.exceptions.ExecutionDoesNotExist:
            return known_for < SHOWS_AFTER
    return not is_over(status)


def account_id_of(execution_arn: str) -> str:
    """The account that an execution runs in."""
    return execution_arn.split(":")[4]
