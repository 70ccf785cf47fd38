"""RespondToCloudFormation: tells CloudFormation what became of a custom resource."""

from __future__ import annotations

from typing import Any

from vending.aws.observability import logger
from vending.custom_resource.event import CustomResourceEvent
from vending.custom_resource.response import Send, body_of, put, send
from vending.errors.caught_error import CaughtError, from_catch
from vending.handler import settings
from vending.handler.operation import Json, operation
from vending.model import Model

CALLS: set[str] = set()


class RespondToCloudFormation(Model):
    """What is answered.

    Attributes:
        event: the request of CloudFormation; its properties may be left out.
        physical_resource_id: None where nothing is known by any id.
        data: what Fn::GetAtt shows.
        error: why it failed, as the record has it.
        failure: what was caught where a step of this workflow failed.
    """

    event: CustomResourceEvent
    physical_resource_id: str | None = None
    data: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    failure: CaughtError | None = None


def run(payload: RespondToCloudFormation, *, endpoint: str | None, send: Send) -> Json:
    """{status: SUCCESS or FAILED}, which CloudFormation has.

    A failed creation gets a physical id of its own, by which its deletion changes nothing; else a
    resource keeps the one that it has.

    Raises:
        ServiceUnavailable: S3 gave no answer.
        OperationRefused: it is too late, or the URL is not S3's.
    """
    event, error = payload.event, payload.error
    if payload.failure is not None:
        error = from_catch(payload.failure)
    known = payload.physical_resource_id
    body = body_of(
        event,
        physical_resource_id=event.failed_id if error or not known else known,
        data=payload.data,
        error=error,
    )
    put(event.response_url, body, endpoint=endpoint, send=send)
    return {"status": "SUCCESS" if error is None else "FAILED"}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return str(result["status"])


@operation(RespondToCloudFormation)
def handler(payload: RespondToCloudFormation) -> Json:
    """The Lambda entrance."""
    endpoint = settings.read(settings.EndpointSettings).url
    result = run(payload, endpoint=endpoint, send=send)
    logger.info("answered", extra={"stack": payload.event.stack_id, **result})
    return result
