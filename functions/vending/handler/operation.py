"""What every handler shares: events become payloads, exceptions become ours, all is observed."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from pydantic import ValidationError

from vending.aws.measurements import measure, write_measured
from vending.aws.observability import log_request_id, logger, tracer
from vending.errors.aws_errors import translate_aws_errors
from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused, TransientError, VendingError
from vending.model import Model
from vending.request.fields import RequestId
from vending.request.validation_messages import problems_in

Json = dict[str, Any]
Handler = Callable[[Json, Any], Json]


class Payload(Model):
    """What a step of the workflow passes to its function."""

    request_id: RequestId


P = TypeVar("P", bound=Model)


def operation(model: type[P]) -> Callable[[Callable[[P], Json]], Handler]:
    """Make a Lambda handler of a function that takes a payload and returns JSON.

    Whatever AWS refuses leaves the handler as an error of `vending.errors.exceptions`, whose class
    name is what the state machine retries or catches by.
    """
    step = model.__name__

    def decorate(enter: Callable[[P], Json]) -> Handler:
        # Those that events start have no step, and ReconcileLedger's hourly run shall cost nothing.
        is_step = enter.__module__.partition(".")[0] == "operations"

        @tracer.capture_lambda_handler(capture_response=False, capture_error=False)
        @wraps(enter)
        def handler(event: Json, _context: Any) -> Json:
            began = time.perf_counter()
            # Until a payload is read, its execution is all that says whose line it is.
            logger.append_keys(step=step, execution=event.get("executionArn"))
            try:
                payload = _payload(event, model)
                log_request_id(getattr(payload, "request_id", None))
                with translate_aws_errors():
                    result = enter(payload)
            except VendingError as error:
                kind = type(error).__name__
                logger.warning(
                    "not done",
                    extra={"error": kind, **_loggable(error), "duration_ms": _since(began)},
                )
                if isinstance(error, TransientError):
                    measure("Retries")
                raise
            else:
                logger.info("done", extra={"duration_ms": _since(began)})
                return result
            finally:
                if is_step:
                    measure("StepDuration", _since(began), step=step)
                write_measured()
                logger.remove_keys(["step", "execution", "request_id"])

        entrance: Handler = handler
        return entrance

    return decorate


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)


def _payload(event: Json, model: type[P]) -> P:
    try:
        # Functions change in place, executions keep their definition for up to 47 days: a key more,
        # by an older definition or another version of a step before, must not fail a request.
        # What a requester wrote is raw at this point, and checked for unknown keys by its parser.
        return model.model_validate(event, extra="ignore")
    except ValidationError as error:
        problems = "; ".join(problems_in(error, model))
    words = explain("InvalidPayload")
    raise OperationRefused(f"{words.what} {problems}", code="InvalidPayload", remedy=words.remedy)


def _loggable(error: VendingError) -> dict[str, str | None]:
    """Without the message, in which AWS may quote an email address."""
    return {"code": error.code, "reason": error.reason}
