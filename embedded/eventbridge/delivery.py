"""Delivery of one event to one target: in the background, tried again, dead-lettered.

Implements "How EventBridge retries delivering events" and "Using dead-letter queues" of the user
guide. Errors that trying again cannot mend go to the dead-letter queue at once. A Step Functions
target is started with the credentials of the rule target's role; queues, topics and functions are
reached by EventBridge itself, where their resource policy lets it. A dead-letter queue that does
not let it in gets nothing: the event is dropped, and the log says so.
"""

from __future__ import annotations

import copy
import logging
import random
import threading
import time
import uuid
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from embedded.core import role_clients
from embedded.core.context import Context, current
from embedded.core.frozen import frozen
from embedded.eventbridge.inputs import InvalidInput, Occasion, compact, target_input
from embedded.eventbridge.permissions import may_invoke, may_publish, may_send
from embedded.policies.service_roles import may_assume

_LOG = logging.getLogger(__name__)
_ATTEMPTS = 185
_AGE = 86_400.0
_SHORTEST_BACKOFF, _LONGEST_BACKOFF = 1.0, 600.0

_PERMISSION = {"AccessDeniedException", "AccessDenied", "UnrecognizedClientException"}
_MISSING = {
    "NotFound",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
}
_GONE_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"
_PARAMETER = {"InvalidArn", "InvalidName", "InvalidExecutionInput", "ValidationException"}
_THROTTLED = {"ThrottlingException", "TooManyRequestsException", "ExecutionLimitExceeded"}

_under_way = 0
_changed = threading.Condition()


@frozen
class Failure:
    """Why a target was not reached, in the words of a dead-lettered message's attributes."""

    code: str
    message: str
    final: bool


@frozen
class Delivery:
    """An event on its way to a target."""

    event: dict[str, Any]
    target: dict[str, Any]
    rule: Any
    trace_header: str | None = None

    def start(self) -> None:
        """Deliver in the background."""
        _count(1)
        try:
            threading.Thread(target=self._run, name="event delivery", daemon=True).start()
        except BaseException:
            _count(-1)
            raise

    def _run(self) -> None:
        try:
            context = current()
            with context.clock.computing():
                self._deliver(context)
        except Exception:
            _LOG.exception("an event was lost on its way to %s", self.target["Arn"])
        finally:
            _count(-1)

    def _deliver(self, context: Context) -> None:
        policy = self.target.get("RetryPolicy") or {}
        most = int(policy.get("MaximumRetryAttempts", _ATTEMPTS))
        oldest = float(policy.get("MaximumEventAgeInSeconds", _AGE))
        began = context.clock.now()
        retries = 0
        while True:
            failure = self._attempt()
            if failure is None:
                return
            exhausted = None
            backoff = _backoff(retries)
            if retries >= most:
                exhausted = "MaximumRetryAttempts"
            elif context.clock.now() + backoff - began > oldest:
                exhausted = "MaximumEventAge"
            if failure.final or exhausted:
                self._dead_letter(failure, None if failure.final else exhausted, retries)
                return
            context.clock.sleep(backoff)
            retries += 1
            if current() is not context:
                return

    def _attempt(self) -> Failure | None:
        try:
            occasion = Occasion(
                rule_arn=self.rule.arn, rule_name=self.rule.name, ingestion_time=self.event["time"]
            )
            self._invoke(target_input(self.target, self.event, occasion))
        except InvalidInput as error:
            return Failure(code="INVALID_JSON", message=str(error), final=True)
        except _NotLetIn as error:
            return Failure(code=error.code, message=str(error), final=True)
        except ClientError as error:
            return _refusal(error)
        except ReadTimeoutError as error:
            return Failure(code="TIMEOUT", message=str(error), final=False)
        except (BotoCoreError, ConnectionError) as error:
            return Failure(code="CONNECTION_FAILURE", message=str(error), final=False)
        return None

    def _invoke(self, text: str) -> None:
        arn = self.target["Arn"]
        service, region = arn.split(":")[2:4]
        if service == "states":
            self._start_execution(arn, region, text)
        elif service == "sqs":
            self._send_message(arn, text)
        elif service == "sns":
            if not may_publish(arn, source_arn=self.rule.arn):
                raise _NotPermitted(f"the policy of {arn} does not let the rule publish to it")
            role_clients.client("sns", region=region, session_name="events").publish(
                TopicArn=arn, Message=text
            )
        elif service == "lambda":
            if not may_invoke(arn, source_arn=self.rule.arn):
                raise _NotPermitted(f"the resource policy of {arn} does not let the rule invoke it")
            role_clients.client("lambda", region=region, session_name="events").invoke(
                FunctionName=arn, InvocationType="Event", Payload=text.encode()
            )
        else:
            self._leave_to_moto()

    def _start_execution(self, arn: str, region: str, text: str) -> None:
        role_arn = self.target.get("RoleArn")
        if not role_arn:
            raise _RoleRefused("the target has no RoleArn")
        if not may_assume(role_arn, "events", region=region, source_arn=self.rule.arn):
            raise _RoleRefused(f"{role_arn} does not exist or does not trust events.amazonaws.com")
        try:
            states = role_clients.client(
                "stepfunctions", role_arn=role_arn, region=region, session_name="EventBridge"
            )
        except ValueError as error:
            raise _RoleRefused(str(error)) from error
        name = f"{self.event['id']}_{uuid.uuid4()}"
        traced = {"traceHeader": self.trace_header} if self.trace_header else {}
        states.start_execution(stateMachineArn=arn, name=name, input=text, **traced)

    def _send_message(self, arn: str, text: str) -> None:
        if not may_send(arn, source_arn=self.rule.arn):
            raise _NotPermitted(f"the policy of {arn} does not let the rule send to it")
        region, account_id, name = arn.split(":")[3:6]
        group = (self.target.get("SqsParameters") or {}).get("MessageGroupId")
        role_clients.client("sqs", region=region, session_name="events").send_message(
            QueueUrl=_queue_url(account_id, name),
            MessageBody=text,
            **({"MessageGroupId": group} if group else {}),
        )

    def _leave_to_moto(self) -> None:
        # Log groups, other buses, archives and API destinations are moto's business.
        alone = copy.copy(self.rule)
        alone.targets = [self.target]
        seconds = time.time()
        alone.send_to_targets(
            {**self.event, "time": seconds, "ingestion-time": seconds},
            transform_input=bool(self.target.get("InputTransformer")),
        )

    def _dead_letter(self, failure: Failure, exhausted: str | None, retries: int) -> None:
        arn = (self.target.get("DeadLetterConfig") or {}).get("Arn")
        if not arn:
            _LOG.warning("an event was dropped: %s %s", failure.code, failure.message)
            return
        if not may_send(arn, source_arn=self.rule.arn):
            _LOG.warning("an event was dropped: the policy of %s does not let the rule in", arn)
            return
        attributes = {
            "RULE_ARN": self.rule.arn,
            "TARGET_ARN": self.target["Arn"],
            "ERROR_CODE": failure.code,
            "ERROR_MESSAGE": failure.message,
        }
        if exhausted:
            attributes["EXHAUSTED_RETRY_CONDITION"] = exhausted
            attributes["RETRY_ATTEMPTS"] = str(retries)
        region, account_id, name = arn.split(":")[3:6]
        try:
            role_clients.client("sqs", region=region, session_name="events").send_message(
                QueueUrl=_queue_url(account_id, name),
                MessageBody=compact(self.event),
                MessageAttributes={
                    key: {"DataType": "String", "StringValue": value or " "}
                    for key, value in attributes.items()
                },
            )
        except (ClientError, BotoCoreError):
            _LOG.exception("an event was dropped: its dead-letter queue cannot be reached")


class _NotLetIn(Exception):
    """The target cannot be reached as things are configured."""

    code: str


class _NotPermitted(_NotLetIn):
    """The target's resource policy does not let EventBridge in."""

    code = "NO_PERMISSIONS"


class _RoleRefused(_NotLetIn):
    """There is no role to act with."""

    code = "FAILED_TO_ASSUME_ROLE"


def _queue_url(account_id: str, name: str) -> str:
    return f"{current().endpoint_url}/{account_id}/{name}"


def _refusal(error: ClientError) -> Failure:
    code = str(error.response.get("Error", {}).get("Code", "UNKNOWN"))
    message = str(error.response.get("Error", {}).get("Message", "") or code)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    if code in _PERMISSION:
        return Failure(code="NO_PERMISSIONS", message=message, final=True)
    if code in _MISSING or code == _GONE_QUEUE:
        return Failure(code="NO_RESOURCE", message=message, final=True)
    if code in _PARAMETER:
        return Failure(code="INVALID_PARAMETER", message=message, final=True)
    if code == "ExecutionAlreadyExists":
        return Failure(code="RESOURCE_ALREADY_EXISTS", message=message, final=True)
    if code in _THROTTLED:
        return Failure(code="THROTTLING", message=message, final=False)
    server_side = status >= 500  # noqa: PLR2004
    return Failure(
        code="ERROR_FROM_TARGET" if server_side else "SDK_CLIENT_ERROR",
        message=message,
        final=not server_side,
    )


def _backoff(retries: int) -> float:
    """Virtual seconds before the next try: exponential, with jitter."""
    ceiling = min(_LONGEST_BACKOFF, _SHORTEST_BACKOFF * 2.0 ** min(retries, 30))
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311


def _count(change: int) -> None:
    global _under_way  # noqa: PLW0603
    with _changed:
        _under_way += change
        _changed.notify_all()


def drain(timeout: float) -> bool:
    """Wait until no delivery is under way, at most `timeout` real seconds; whether none is."""
    with _changed:
        return _changed.wait_for(lambda: _under_way == 0, timeout)
