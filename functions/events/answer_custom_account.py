"""AnswerCustomAccount: resumes a custom resource whose request's execution has ended.

The event only ends the wait; how the execution ended says Step Functions, to the step that follows.
So an event that comes twice, late, or never changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from vending.aws import clients
from vending.aws.observability import logger
from vending.aws.task_tokens import end_wait
from vending.errors.catalogue import explain
from vending.errors.exceptions import ExecutionEnded
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.ledger.waiting_tokens import WaitingTokens
from vending.model import Model

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

CALLS = {"dynamodb:GetItem", "states:SendTaskFailure"}


class Detail(Model):
    """The event's detail."""

    execution_arn: str


class AnswerCustomAccount(Model):
    """A "Step Functions Execution Status Change", as far as it matters here."""

    detail: Detail


def run(
    payload: AnswerCustomAccount,
    *,
    tokens: WaitingTokens,
    states: SFNClient,
    sleep: Callable[[float], None] = time.sleep,
) -> Json:
    """{outcome: IGNORED | ANSWERED | LATE}.

    IGNORED: nothing waits for this execution yet; what begins to wait for it looks first. LATE: the
    wait is over.
    """
    execution_arn = payload.detail.execution_arn
    words = explain("ExecutionEnded")
    outcome = end_wait(
        lambda: tokens.of_execution(execution_arn),
        states,
        ExecutionEnded(words.what, remedy=words.remedy),
        sleep,
    )
    return {"outcome": outcome}


@operation(AnswerCustomAccount)
def handler(payload: AnswerCustomAccount) -> Json:
    """The Lambda entrance."""
    result = run(
        payload, tokens=WaitingTokens(table=wiring.table()), states=clients.stepfunctions()
    )
    logger.info("an execution has ended", extra=result)
    return result
