"""Executions that an entrance starts itself, with an input in the form of an event.

Step Functions takes the name of an execution once, for 90 days after its end (API reference,
StartExecution), so that whoever makes the name of what was asked starts nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vending.authorization.sender import Sender, enveloped
from vending.errors.aws_errors import translate_aws_errors
from vending.frozen import frozen

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

REQUESTED = "AccountRequested"
RETIREMENT_REQUESTED = "AccountRetirementRequested"


@frozen
class Started:
    """An execution; `at` is None for one that had the name before."""

    execution_arn: str
    at: datetime | None


def start(
    stepfunctions: SFNClient,
    machine_arn: str,
    *,
    name: str,
    detail_type: str,
    detail: Mapping[str, Any],
    sender: Sender,
) -> Started:
    """Start the machine with an event in form, unless an execution has had the name."""
    event = enveloped(sender, detail_type, detail)
    with translate_aws_errors():
        try:
            answer = stepfunctions.start_execution(
                stateMachineArn=machine_arn,
                name=name,
                input=json.dumps(event, ensure_ascii=False),
            )
        except stepfunctions.exceptions.ExecutionAlreadyExists:
            arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
            return Started(execution_arn=arn, at=None)
    return Started(execution_arn=answer["executionArn"], at=answer["startDate"])
