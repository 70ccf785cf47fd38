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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vending.api.caller import Caller
from vending.authorization.sender import API_SOURCE, DETAIL_TYPE
from vending.aws.clock import Clock, now, timestamp
from vending.errors.aws_errors import translate_aws_errors
from vending.errors.exceptions import RequestConflict, RequestInvalid, ServiceUnavailable

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

REQUESTED = "AccountRequested"
RETIREMENT_REQUESTED = "AccountRetirementRequested"
KEY_MAX = 255


@dataclass(frozen=True, kw_only=True)
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
        given = {
            "version": "0",
            "id": name,
            DETAIL_TYPE: detail_type,
            "source": API_SOURCE,
            "account": caller.account,
            "time": timestamp(self.clock()),
            "principal": caller.principal,
            "detail": detail,
        }
        with translate_aws_errors():
            try:
                answer = self.stepfunctions.start_execution(
                    stateMachineArn=machine_arn,
                    name=name,
                    input=json.dumps(given, ensure_ascii=False),
                )
            except self.stepfunctions.exceptions.ExecutionAlreadyExists:
                return self._first(machine_arn, name, detail)
        return _started(answer["executionArn"], answer["startDate"])

    def _first(self, machine_arn: str, name: str, detail: dict[str, Any]) -> dict[str, Any]:
        execution_arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
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
        return _started(execution_arn, first["startDate"])


def _name(caller: Caller, route: str, key: str | None) -> str:
    if key is None:
        return f"api-{uuid.uuid4().hex}"
    if not (1 <= len(key) <= KEY_MAX and key.isascii() and key.isprintable()):
        raise RequestInvalid([f"Idempotency-Key: must have 1 to {KEY_MAX} ASCII characters"])
    known = json.dumps([caller.principal, caller.token_subject, route, key])
    return f"api-{hashlib.sha256(known.encode()).hexdigest()}"


def _started(execution_arn: str, at: datetime) -> dict[str, Any]:
    return {"executionArn": execution_arn, "startedAt": timestamp(at.timestamp())}
