"""What the API starts: executions, whose input is an event in form, with the caller as its sender.

With an idempotency key an execution's name is made of the key, the caller and the route: Step
Functions takes a name once, for 90 days after its execution's end (API reference, StartExecution).
So the same key cannot start anything twice, and the first execution's input says whether the same
was asked.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from vending.api.caller import Caller
from vending.authorization.sender import API_SOURCE, Sender
from vending.aws.clock import Clock, now, timestamp
from vending.entrances.starts import REQUESTED, RETIREMENT_REQUESTED, start
from vending.errors.aws_errors import translate_aws_errors
from vending.errors.exceptions import RequestConflict, RequestInvalid, ServiceUnavailable
from vending.frozen import frozen

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

KEY_MAX = 255


@frozen
class Starts:
    """Starts executions of the state machines that vend and that retire."""

    stepfunctions: SFNClient
    vending_machine_arn: str
    retirement_machine_arn: str
    clock: Clock = now

    def request(
        self, detail: dict[str, Any], caller: Caller, *, route: str, key: str | None
    ) -> dict[str, Any]:
        """Start vending what `detail` asks for; as `_start`."""
        return self._start(
            self.vending_machine_arn, REQUESTED, detail, caller, route=route, key=key
        )

    def retirement(
        self, detail: dict[str, Any], caller: Caller, *, route: str, key: str | None
    ) -> dict[str, Any]:
        """Start retiring or restoring an account; as `_start`."""
        return self._start(
            self.retirement_machine_arn, RETIREMENT_REQUESTED, detail, caller, route=route, key=key
        )

    def _start(
        self,
        machine_arn: str,
        detail_type: str,
        detail: dict[str, Any],
        caller: Caller,
        *,
        route: str,
        key: str | None,
    ) -> dict[str, Any]:
        """{executionArn, startedAt} of the execution; of the first one where the key is repeated.

        Raises:
            RequestInvalid: the key is none.
            RequestConflict: the key was used for something else.
            ServiceUnavailable: the first execution does not show yet.
        """
        name = _name(caller, route, key)
        detail = {**detail, "requestedBy": caller.name}
        sender = Sender(
            account=caller.account,
            source=API_SOURCE,
            event_id=name,
            sent_at=timestamp(self.clock()),
            principal=caller.principal,
        )
        started = start(
            self.stepfunctions,
            machine_arn,
            name=name,
            detail_type=detail_type,
            detail=detail,
            sender=sender,
        )
        if started.at is None:
            return self._first(started.execution_arn, detail)
        return _shown(started.execution_arn, started.at)

    def _first(self, execution_arn: str, detail: dict[str, Any]) -> dict[str, Any]:
        with translate_aws_errors():
            try:
                first = self.stepfunctions.describe_execution(executionArn=execution_arn)
            except self.stepfunctions.exceptions.ExecutionDoesNotExist:
                raise ServiceUnavailable(
                    "The first request with this idempotency key does not show yet.",
                    remedy="Send the request again in a few seconds, with the same key.",
                ) from None
        if json.loads(first["input"])["detail"] != detail:
            raise RequestConflict(
                "Idempotency-Key: was used for a request with another body.",
                code="IdempotencyKeyReused",
                remedy="Use a new key for each request, and the same one only to repeat it.",
            )
        return _shown(execution_arn, first["startDate"])


def _name(caller: Caller, route: str, key: str | None) -> str:
    if key is None:
        return f"api-{uuid.uuid4().hex}"
    if not (1 <= len(key) <= KEY_MAX and key.isascii() and key.isprintable()):
        raise RequestInvalid([f"Idempotency-Key: must have 1 to {KEY_MAX} ASCII characters"])
    known = json.dumps([caller.principal, caller.token_subject, route, key])
    return f"api-{hashlib.sha256(known.encode()).hexdigest()}"


def _shown(execution_arn: str, at: datetime) -> dict[str, Any]:
    return {"executionArn": execution_arn, "startedAt": timestamp(at.timestamp())}
