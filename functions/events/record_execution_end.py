"""RecordExecutionEnd: what the ledger learns when an execution ends outside of its definition.

Whatever fails within the definition, RecordFailure records. An execution that is stopped by hand,
that runs out of time, or whose RecordFailure could not write or announce, reports nothing: Step
Functions' event does. It comes at least once, late, and in any order with a resubmission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.aws import clients
from vending.aws.executions import EndStatus
from vending.aws.measurements import measure_failure
from vending.aws.observability import log_request_id, logger
from vending.creation.release import RELEASE_CALLS
from vending.errors.exceptions import REJECTIONS, RequestInvalid
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.model import Model
from vending.reconciliation.execution_end import CODES, EndRecorder, ExecutionEnd
from vending.request import bounds
from vending.states import State

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from vending.authorization.request_policy import RequestPolicy


CALLS = RELEASE_CALLS | {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "states:DescribeExecution",
}


class Detail(Model):
    """The event's detail.

    Step Functions leaves out an input that is too large for an event and, where a customer's key
    encrypts the execution, error and cause as well.
    """

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
    execution had written and perhaps not announced. REJECTED where the input is nested deeper than
    anything reads. NOTHING_TO_TELL: the execution ended well, recorded its end itself, had no
    request that can be named, or its request was taken over.
    """
    detail = payload.detail
    if detail.status not in CODES:
        return {"outcome": "NOTHING_TO_TELL"}
    full = detail if detail.input else _described(detail, stepfunctions)
    execution_input, is_too_deep = bounds.read(full.input or "")
    end = ExecutionEnd(
        execution_arn=detail.execution_arn,
        status=detail.status,
        error=full.error,
        cause=full.cause,
    )
    if is_too_deep and end.status == EndStatus.FAILED and end.error not in REJECTIONS:
        # JSONata or Lambda could not read it, and its execution may say so in any words.
        end = end.refused(RequestInvalid([bounds.TOO_DEEP]))
    row = recorder.record_unclaimed(execution_input, end, policy)
    if row is None:
        return {"outcome": "NOTHING_TO_TELL"}
    log_request_id(row["requestId"])
    if row["state"] == State.FAILED:
        measure_failure(row.get("error") or {})
    logger.warning("an execution ended unrecorded", extra={"execution": detail.execution_arn})
    return {"outcome": "RECORDED", "requestId": row["requestId"], "state": row["state"]}


def _described(detail: Detail, stepfunctions: SFNClient) -> Detail:
    """The detail with what the event leaves out."""
    try:
        described = stepfunctions.describe_execution(executionArn=detail.execution_arn)
    except stepfunctions.exceptions.ExecutionDoesNotExist:
        return detail
    return Detail.model_construct(
        execution_arn=detail.execution_arn,
        status=detail.status,
        input=described.get("input"),
        error=detail.error or described.get("error"),
        cause=detail.cause or described.get("cause"),
    )


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
