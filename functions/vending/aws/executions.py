"""Whether an execution of the state machine can still act for its request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.errors.aws_errors import translating

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

ENDINGS = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


SHOWS_AFTER = 60.0
"""Seconds after which DescribeExecution, which is eventually consistent, surely shows a start."""


def is_running(execution_arn: str, executions: SFNClient, *, known_for: float = 0.0) -> bool:
    """Whether it is not over, or may have begun too lately to be shown.

    Step Functions forgets executions 90 days after their end. So an unknown one is over, too, if it
    has been `known_for` (seconds, by what it wrote) long enough.
    """
    with translating():
        try:
            status = executions.describe_execution(executionArn=execution_arn)["status"]
        except executions.exceptions.ExecutionDoesNotExist:
            return known_for < SHOWS_AFTER
    return status not in ENDINGS
