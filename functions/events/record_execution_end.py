"""RecordExecutionEnd: what the ledger learns when an execution ends outside of its definition.

Whatever fails inside of the definition, RecordFailure tells. An execution that is stopped by hand,
that runs out of time, or whose RecordFailure could not write or announce, tells nobody: Step
Functions' event does. It comes at least once, late, and in any order with a resubmission.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from vending.authorization.request_policy import RequestPolicy
from vending.aws import clients
from vending.aws.observability import logger, metrics
from vending.creation.release import RELEASE_CALLS
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.model import Model
from vending.reconciliation.execution_end import CODES, EndRecorder, ExecutionEnd

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


CALLS = RELEASE_CALLS | {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "states:DescribeExecution",
}


class Detail(Model):
    """The event's detail; Step Functions leaves out an input that is too large for an event."""

    execution_arn: str
    status: str
    input: str | None = None
    error: str | None = None
    cause: str | None = None


class RecordExecutionEnd(Model):
    """A "Step Functions Execution Status Change", as far as it matters here."""

    detail: Detail


def run(
    payload: RecordExecutionEnd,
    *,
    recorder: EndRecorder,
    stepfunctions: SFNClient,
    policy: RequestPolicy,
) -> Json:
    """{outcome: RECORDED, requestId, state} or {outcome: NOTHING_TO_TELL}.

    RECORDED: the ledger says how the request ended and an event said so: FAILED, or what the
    execution had written and perhaps not announced. NOTHING_TO_TELL: the execution ended well, told
    its end itself, had no request that can be named, or its request was taken over.
    """
    detail = payload.detail
    if detail.status not in CODES:
        return {"outcome": "NOTHING_TO_TELL"}
    end = ExecutionEnd(
        execution_arn=detail.execution_arn,
        status=detail.status,
        error=detail.error,
        cause=detail.cause,
    )
    execution_input = (
        _decoded(detail.input) if detail.input else _input(detail.execution_arn, stepfunctions)
    )
    row = recorder.record_unclaimed(execution_input, end, policy)
    if row is None:
        return {"outcome": "NOTHING_TO_TELL"}
    metrics.add_metric(name=end.code, unit="Count", value=1)
    logger.warning("an execution ended unheard", extra={"execution": detail.execution_arn})
    return {"outcome": "RECORDED", "requestId": row["requestId"], "state": row["state"]}


def _input(execution_arn: str, stepfunctions: SFNClient) -> Any:
    try:
        described = stepfunctions.describe_execution(executionArn=execution_arn)
    except stepfunctions.exceptions.ExecutionDoesNotExist:
        return None
    return _decoded(described.get("input", ""))


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


@operation(RecordExecutionEnd)
def handler(payload: RecordExecutionEnd) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        recorder=EndRecorder(
            ledger=wiring.ledger(),
            slots=wiring.slots(),
            publisher=wiring.event_publisher(),
        ),
        stepfunctions=clients.stepfunctions(),
        policy=wiring.request_policy(),
    )
