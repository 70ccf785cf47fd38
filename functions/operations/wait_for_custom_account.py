"""WaitForCustomAccount: keeps the token under which a custom resource waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from vending.aws import clients
from vending.custom_resource.ends import look
from vending.errors.catalogue import explain
from vending.errors.exceptions import ExecutionEnded
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.ledger.waiting_tokens import WaitingTokens
from vending.model import Model

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

CALLS = {"dynamodb:PutItem", "states:DescribeExecution"}


class WaitForCustomAccount(Model):
    """The execution whose end is waited for, and the token of the step that waits."""

    execution_arn: str
    task_token: Annotated[str, Field(min_length=1, max_length=2048)]


def run(payload: WaitForCustomAccount, *, tokens: WaitingTokens, stepfunctions: SFNClient) -> Json:
    """{outcome: RUNNING}, and the step waits; ExecutionEnded where there is nothing to wait for.

    The token is kept before it is looked, so that no end is missed between both.
    """
    tokens.save_for_execution(payload.execution_arn, payload.task_token)
    seen = look(payload.execution_arn, stepfunctions)
    if seen.outcome != "RUNNING":
        words = explain("ExecutionEnded")
        raise ExecutionEnded(words.what, remedy=words.remedy)
    return {"outcome": seen.outcome}


def progress(_result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return ""


@operation(WaitForCustomAccount)
def handler(payload: WaitForCustomAccount) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        tokens=WaitingTokens(table=wiring.table()),
        stepfunctions=clients.stepfunctions(),
    )
