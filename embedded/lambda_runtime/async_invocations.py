"""Asynchronous invocations: in the background, tried again, dead-lettered.

AWS pages: "Error handling for asynchronous invocation" and "Adding a dead-letter queue". A function
that fails is run twice more, after one and two minutes; then the event goes to its dead-letter
queue, with the credentials of the function's own role.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from embedded.core import role_clients
from embedded.core.context import Context, current
from embedded.core.frozen import frozen
from embedded.core.timers import Signal
from embedded.lambda_runtime.environment import Outcome
from embedded.lambda_runtime.pool import PoolClosedError

_LOG = logging.getLogger(__name__)
_RETRY_AFTER_SECONDS = (60.0, 120.0)

_changed = threading.Condition()
_running = 0
_era = Signal()
"""Set, and replaced, when those that wait for another try are given up."""


@frozen
class Event:
    """What a function was invoked with, and where it is kept when the function fails for good."""

    payload: bytes
    dead_letter_arn: str | None
    role_arn: str


def run(invoke: Callable[[], Outcome], event: Event) -> None:
    """Invoke in the background."""
    context, era = current(), _era
    _count(1)
    threading.Thread(
        target=_try, args=(invoke, event, context, era), name="asynchronous invocation", daemon=True
    ).start()


def settle(timeout: float) -> bool:
    """Give up what waits for another try, and wait for the rest; whether nothing runs any more.

    `timeout` is in real seconds.
    """
    global _era  # noqa: PLW0603
    with _changed:
        _era.set()
        _era = Signal()
        return _changed.wait_for(lambda: _running == 0, timeout)


def _try(invoke: Callable[[], Outcome], event: Event, context: Context, era: Signal) -> None:
    try:
        outcome = invoke()
        for pause in _RETRY_AFTER_SECONDS:
            if not outcome.failed or context.clock.wait(era, pause):
                return
            outcome = invoke()
        if outcome.failed and not era.is_set():
            _dead_letter(event, outcome)
    except PoolClosedError:
        pass  # the embedded AWS is being stopped
    except Exception:
        _LOG.exception("an asynchronous invocation was lost")
    finally:
        _count(-1)


def _dead_letter(event: Event, outcome: Outcome) -> None:
    if event.dead_letter_arn is None:
        return
    region, account_id, name = event.dead_letter_arn.split(":")[3:6]
    try:
        role_clients.client(
            "sqs", role_arn=event.role_arn, region=region, session_name="lambda"
        ).send_message(
            QueueUrl=f"{current().endpoint_url}/{account_id}/{name}",
            MessageBody=event.payload.decode(),
            MessageAttributes={
                "ErrorCode": {"DataType": "Number", "StringValue": "200"},
                "ErrorMessage": {"DataType": "String", "StringValue": _message(outcome)},
            },
        )
    except (BotoCoreError, ClientError):
        _LOG.exception("an event was dropped: its dead-letter queue cannot be reached")


def _message(outcome: Outcome) -> str:
    """The first kilobyte of what the function said."""
    error = json.loads(outcome.payload)
    message = error.get("errorMessage") if isinstance(error, dict) else None
    return str(message or "unknown")[:1024]


def _count(change: int) -> None:
    global _running  # noqa: PLW0603
    with _changed:
        _running += change
        _changed.notify_all()
