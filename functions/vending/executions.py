"""Whether an execution of the state machine can still act for its request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.translation import translating

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

ENDINGS = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


def is_running(execution_arn: str, executions: SFNClient) -> bool:
    """Step Functions forgets executions 90 days after their end: an unknown one is over too."""
    with translating():
        try:
            status = executions.describe_execution(executionArn=execution_arn)["status"]
        except executions.exceptions.ExecutionDoesNotExist:
            return False
    return status not in ENDINGS
