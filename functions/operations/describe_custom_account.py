"""DescribeCustomAccount: how far the request of a custom resource is, by its execution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.aws import clients
from vending.custom_resource.ends import DATA, Seen, explained, look
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.ledger.ledger import Ledger
from vending.model import Model
from vending.request.fields import AccountId
from vending.retirement.rows import Retirements

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

CALLS = {"dynamodb:GetItem", "states:DescribeExecution"}


class DescribeCustomAccount(Model):
    """What was started for the resource.

    Attributes:
        execution_arn: of the execution to look at.
        physical_resource_id: the request's id.
        account_id: of an account that is being retired; None where one is vended.
        is_overdue: whether CloudFormation must be answered now, whatever goes on.
    """

    execution_arn: str
    physical_resource_id: str
    account_id: AccountId | None = None
    is_overdue: bool = False


def run(
    payload: DescribeCustomAccount,
    *,
    stepfunctions: SFNClient,
    ledger: Ledger,
    retirements: Retirements,
) -> Json:
    """{outcome, executionArn, physicalResourceId, data, error}.

    RUNNING. DUPLICATE: executionArn is the one that vends the request. SETTLED: `data` is what
    Fn::GetAtt shows. FAILED: `error` says why. OVERDUE: so does it; it goes on, and comes to its
    end without CloudFormation.
    """
    seen = look(payload.execution_arn, stepfunctions)
    if payload.account_id is not None:
        seen = _of_retirement(payload.account_id, payload.execution_arn, seen, retirements)
    answer = {
        "outcome": seen.outcome,
        "executionArn": seen.execution_arn or payload.execution_arn,
        "physicalResourceId": payload.physical_resource_id,
        "data": None,
        "error": None if seen.error is None else dict(seen.error),
    }
    if seen.outcome == "SETTLED" and payload.account_id is None:
        answer["data"] = {name: seen.output.get(key) for name, key in DATA.items()}
        # Which may be another one where the account has been vended before.
        answer["physicalResourceId"] = seen.output.get("requestId") or payload.physical_resource_id
    if payload.is_overdue and seen.outcome in ("RUNNING", "DUPLICATE"):
        said = _state(payload, ledger, retirements)
        return {**answer, "outcome": "OVERDUE", "error": explained("AccountStillInProgress", said)}
    return answer


def _of_retirement(
    account_id: str, execution_arn: str, seen: Seen, retirements: Retirements
) -> Seen:
    """A retirement is as asked once the grace period has begun, at whose end it is closed."""
    row = retirements.get(account_id)
    if row is not None and row["executionArn"] == execution_arn and "closesAt" in row:
        return Seen(outcome="SETTLED")
    # Another retirement of the account goes on, or it is closed: what is asked for.
    return Seen(outcome="SETTLED") if seen.outcome == "DUPLICATE" else seen


def _state(payload: DescribeCustomAccount, ledger: Ledger, retirements: Retirements) -> str:
    """How far the request is, or the retirement, in a sentence."""
    if payload.account_id is not None:
        retirement = retirements.get(payload.account_id)
        state = retirement["state"] if retirement else "REQUESTED"
        return f"The retirement of the account {payload.account_id} is {state}."
    row = ledger.get(payload.physical_resource_id)
    return (
        f"The request '{payload.physical_resource_id}' is {row['state'] if row else 'REQUESTED'}."
    )


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return str(result["outcome"])


@operation(DescribeCustomAccount)
def handler(payload: DescribeCustomAccount) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        stepfunctions=clients.stepfunctions(),
        ledger=wiring.ledger(),
        retirements=wiring.retirements(),
    )
