"""How the execution of a custom resource's request ended, or that it goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from vending.aws.executions import EndStatus
from vending.errors.aws_errors import translate_aws_errors
from vending.errors.catalogue import explain
from vending.errors.exceptions import VendingError
from vending.frozen import frozen
from vending.ledger.rows import current_error
from vending.reconciliation.execution_end import ExecutionEnd

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

Outcome = Literal["RUNNING", "DUPLICATE", "SETTLED", "FAILED"]

DATA = {
    "AccountId": "accountId",
    "AccountName": "accountName",
    "GovCloudAccountId": "govCloudAccountId",
    "OrganizationalUnitId": "organizationalUnitId",
    "RequestId": "requestId",
    "Revision": "revision",
}
"""What Fn::GetAtt shows, by the record's keys."""


@frozen
class Seen:
    """What was seen of an execution.

    RUNNING: it goes on. DUPLICATE: the execution `execution_arn` vends the request. SETTLED: all is
    as asked, `output` says what there is. FAILED: `error` says why.
    """

    outcome: Outcome
    output: Mapping[str, Any] = field(default_factory=dict)
    execution_arn: str | None = None
    error: Mapping[str, Any] | None = None


def look(execution_arn: str, stepfunctions: SFNClient) -> Seen:
    """Ask Step Functions."""
    with translate_aws_errors():
        try:
            described = stepfunctions.describe_execution(executionArn=execution_arn)
        except stepfunctions.exceptions.ExecutionDoesNotExist:
            # DescribeExecution is eventually consistent; whether it goes on for too long, the
            # definition decides.
            return Seen(outcome="RUNNING")
    status = described["status"]
    if status not in set(EndStatus):
        return Seen(outcome="RUNNING")
    if status == EndStatus.SUCCEEDED:
        return _succeeded(json.loads(described.get("output") or "{}"))
    end = ExecutionEnd(
        execution_arn=execution_arn,
        status=status,
        error=described.get("error"),
        cause=described.get("cause"),
    )
    return Seen(outcome="FAILED", error=_error(end))


def _succeeded(output: Mapping[str, Any]) -> Seen:
    record = output.get("record", output)
    match output.get("outcome"):
        case "DUPLICATE":
            return Seen(outcome="DUPLICATE", execution_arn=record.get("executionArn"))
        case "SUPERSEDED":
            return Seen(outcome="FAILED", error=explained("RequestSuperseded"))
    return Seen(outcome="SETTLED", output=record)


def _error(end: ExecutionEnd) -> dict[str, Any]:
    if end.was_announced:
        return dict(current_error(json.loads(end.cause or "{}")))
    return end.as_error()


def explained(code: str, detail: str = "") -> dict[str, Any]:
    """An error by the catalogue, with the detail of this case."""
    words = explain(code)
    return VendingError(f"{words.what} {detail}".strip(), code=code, remedy=words.remedy).as_dict()
