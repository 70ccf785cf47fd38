"""ServeCustomAccount: takes what CloudFormation asks of a resource of the type Custom::Account.

CloudFormation invokes it with the credentials of whoever deploys the stack, so that their IAM
policy says who may. It starts an execution, which answers in up to an hour: a function lasts 15
minutes at most. The execution is named after the delivery, so that a repetition starts nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from vending.aws import clients
from vending.aws.observability import logger
from vending.custom_resource.event import CustomResourceEvent, request_in, seconds_to_answer
from vending.errors.aws_errors import translate_aws_errors
from vending.handler import settings
from vending.handler.operation import Json, operation
from vending.request import bounds, validators

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

CALLS = {"states:StartExecution"}


class ServeCustomAccount(CustomResourceEvent):
    """A request of CloudFormation, whose properties may be anything that JSON can say."""


def run(payload: ServeCustomAccount, *, stepfunctions: SFNClient, machine_arn: str) -> Json:
    """{executionArn} of the execution that answers; of the first one where it is repeated.

    Properties that are too large or too deep for an execution are not passed on; what is wrong with
    them is.
    """
    properties: dict[str, Any] = payload.resource_properties
    problems = bounds.problems(properties)
    if not problems:
        problems = validators.size(request_in(properties))
    given = payload.model_dump(by_alias=True, exclude_none=True)
    if problems:
        given["ResourceProperties"] = {}
    execution_input = {
        "event": given,
        "problems": problems,
        "answerWithinSeconds": seconds_to_answer(properties),
    }
    name = payload.delivery_id
    with translate_aws_errors():
        try:
            started = stepfunctions.start_execution(
                stateMachineArn=machine_arn,
                name=name,
                input=json.dumps(execution_input, ensure_ascii=False),
            )
        except stepfunctions.exceptions.ExecutionAlreadyExists:
            arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
            return {"executionArn": arn}
    return {"executionArn": started["executionArn"]}


@operation(ServeCustomAccount)
def handler(payload: ServeCustomAccount) -> Json:
    """The Lambda entrance."""
    result = run(
        payload,
        stepfunctions=clients.stepfunctions(),
        machine_arn=settings.read(settings.ExecutionSettings).state_machine_arn,
    )
    logger.info("taken", extra={"stack": payload.stack_id, "asked": payload.request_type, **result})
    return result
