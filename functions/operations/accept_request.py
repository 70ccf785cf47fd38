"""AcceptRequest: validates the request and claims it in the ledger with one conditional write.

The claim is inside the workflow, so a request is vended once however it comes in and however often
it is delivered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from vending import aws, ports
from vending.errors import ExecutionSuperseded, RequestConflict
from vending.ledger import ENDED, Ledger, Row, record_of
from vending.observability import metrics
from vending.operation import Json, operation
from vending.request import AccountRequest, Model, parse

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from vending.announcements import Announcements

CALLS = {
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "states:DescribeExecution",
}

Outcome = Literal["ACCEPTED", "DUPLICATE", "FINISHED"]


class AcceptRequest(Model):
    """The raw request: anything that JSON can say."""

    request: Any = None
    execution_arn: str


def run(
    payload: AcceptRequest,
    *,
    ledger: Ledger,
    executions: SFNClient,
    announcements: Announcements,
) -> Json:
    """{outcome, record, request}; RequestInvalid, RequestConflict.

    ACCEPTED: this execution vends the request, from the start or from where an earlier one failed.
    DUPLICATE: the execution that the record names is vending it. FINISHED: it was vended before.
    """
    request = parse(payload.request)
    row, claimed = ledger.claim(request, payload.execution_arn)
    outcome: Outcome = "ACCEPTED"
    if not claimed:
        outcome = _outcome(row, request, payload.execution_arn, executions)
        if outcome == "ACCEPTED" and _to_be_taken_over(row, payload.execution_arn):
            row = ledger.take_over(row, request, payload.execution_arn)
    if outcome == "ACCEPTED":
        announcements.state_changed(record_of(row))
    metrics.add_metric(name=f"Request{outcome.capitalize()}", unit="Count", value=1)
    return {"outcome": outcome, "record": record_of(row), "request": request.normalised()}


def _outcome(
    row: Row, request: AccountRequest, execution_arn: str, executions: SFNClient
) -> Outcome:
    state = row["state"]
    # Refused before, or an account made elsewhere that nobody has asked anything for yet.
    if state == "REJECTED" or "executionArn" not in row:
        return "ACCEPTED"
    if row.get("fingerprint", request.fingerprint()) != request.fingerprint():
        raise _conflict(row)
    if state == "VENDED":
        return "FINISHED"
    if _was_stopped(row, execution_arn, executions):
        raise ExecutionSuperseded(
            "The execution was stopped before it could claim the request.",
            remedy="Nothing to do here: the request is FAILED and can be resumed.",
        )
    if row.get("executionArn") == execution_arn or state in ENDED:
        return "ACCEPTED"
    return "DUPLICATE" if _is_running(row["executionArn"], executions) else "ACCEPTED"


def _was_stopped(row: Row, execution_arn: str, executions: SFNClient) -> bool:
    """Whether this very execution's end is in the ledger already, and it is the end."""
    mine = row["state"] == "FAILED" and row.get("executionArn") == execution_arn
    return mine and not _is_running(execution_arn, executions)


def _to_be_taken_over(row: Row, execution_arn: str) -> bool:
    return row.get("executionArn") != execution_arn or row["state"] in ENDED


def _is_running(execution_arn: str, executions: SFNClient) -> bool:
    try:
        status = executions.describe_execution(executionArn=execution_arn)["status"]
    except executions.exceptions.ExecutionDoesNotExist:
        return False
    return status not in ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


def _conflict(row: Row) -> RequestConflict:
    account_id = row.get("accountId")
    known = f" Its account is {account_id}." if account_id else ""
    return RequestConflict(
        f"requestId: '{row['requestId']}' already stands for a request with different content, "
        f"which is {row['state']}.{known}",
        remedy=(
            "Submit the changed request under a new requestId. If its account exists already, use "
            "source existing with its accountId."
        ),
    )


@operation(AcceptRequest)
def handler(payload: AcceptRequest) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=ports.ledger(),
        executions=aws.stepfunctions(),
        announcements=ports.announcements(),
    )
