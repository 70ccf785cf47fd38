"""The events that could not be delivered: what they are, why, and the way back.

EventBridge keeps an event as it was, with the reason in the message's attributes (user guide,
"Using dead-letter queues"); Lambda keeps what it invoked a function with (developer guide, "Adding
a dead-letter queue"), which here is an event, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cli.aws import retirements
from cli.aws.stack import DETAIL_TYPE, STACK_NAME, Stack

HIDDEN_SECONDS = 600
"""How long a message that was read is kept from other readers, unless it is given back before."""
MOST = 1000
"""Messages of one run."""
_PER_CALL = 10
_INPUT_BYTES = 262_144
"""Of a Standard execution's input (StartExecution, API reference); an event's envelope is in it."""
_RESHAPED = ("Input", "InputPath", "InputTransformer")


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """One message: `problem` says why it cannot go back, `event` is None where it is no event."""

    message_id: str
    receipt_handle: str
    sent_at: str
    event: dict[str, Any] | None
    problem: str
    why: str
    """Why it could not be delivered: code and message."""

    @property
    def detail_type(self) -> str:
        """What kind of event it is."""
        return str((self.event or {}).get("detail-type", "-"))

    @property
    def source(self) -> str:
        """Who sent the event."""
        return str((self.event or {}).get("source", "-"))

    @property
    def detail(self) -> dict[str, Any]:
        """What the event says."""
        detail = (self.event or {}).get("detail")
        return detail if isinstance(detail, dict) else {}

    @property
    def is_of_aws(self) -> bool:
        """Whether a service of AWS sent it, whose name nobody else may use."""
        return self.source.lower().startswith("aws.")

    def order(self) -> str:
        """Sorts by age."""
        return self.sent_at


class DeadLetters:
    """The stack's dead-letter queue."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._url = stack.dead_letter_queue_url
        self._sqs = stack.client("sqs")
        self._events = stack.client("events")
        self._lambda = stack.client("lambda")
        self._states = stack.client("stepfunctions")

    def take(self) -> list[DeadLetter]:
        """All messages, oldest first, hidden from others until they are removed or given back."""
        found: dict[str, DeadLetter] = {}
        while len(found) < MOST:
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=_PER_CALL,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=1,
                AttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            if not messages:
                break
            found |= {message["MessageId"]: _dead_letter(message) for message in messages}
        return sorted(found.values(), key=DeadLetter.order)

    def give_back(self, letters: Sequence[DeadLetter]) -> None:
        """Let everybody see these messages again."""
        for batch in _batches(letters):
            self._sqs.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(n), "ReceiptHandle": one.receipt_handle, "VisibilityTimeout": 0}
                    for n, one in enumerate(batch)
                ],
            )

    def remove(self, letter: DeadLetter) -> None:
        """Take the message out of the queue for good."""
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt_handle)

    def put_back(self, letter: DeadLetter) -> str:
        """Deliver the event again; returns why that was refused, empty where it was accepted."""
        if letter.is_of_aws:
            return self._invoke(letter, "default")
        machines = {
            DETAIL_TYPE: self._stack.state_machine_arn,
            retirements.DETAIL_TYPE: self._stack.retirement_machine_arn,
        }
        if machine_arn := machines.get(letter.detail_type):
            return self._start(letter, machine_arn)
        return self._invoke(letter, self._stack.event_bus_name)

    def _start(self, letter: DeadLetter, machine_arn: str) -> str:
        """As the rule of the bus does it: put on the bus again, it would be the caller's event."""
        self._states.start_execution(
            stateMachineArn=machine_arn,
            input=json.dumps(letter.event, ensure_ascii=False),
        )
        return ""

    def _invoke(self, letter: DeadLetter, bus_name: str) -> str:
        """As the rules of the bus do it: nobody can put an event there that is AWS's or ours."""
        targets = list(self._targets(json.dumps(letter.event), bus_name))
        if not targets:
            return f"no rule of the stack matches {letter.detail_type}"
        for target in targets:
            if target["Arn"].split(":")[2] != "lambda" or any(k in target for k in _RESHAPED):
                return f"only a rule can deliver it to {target['Arn']}"
        for target in targets:
            self._lambda.invoke(
                FunctionName=target["Arn"],
                InvocationType="Event",
                Payload=json.dumps(letter.event).encode(),
            )
        return ""

    def _targets(self, event: str, bus_name: str) -> Iterator[dict[str, Any]]:
        for rule in self.rules(bus_name):
            pattern = rule.get("EventPattern")
            if (
                pattern
                and self._events.test_event_pattern(EventPattern=pattern, Event=event)["Result"]
            ):
                answer = self._events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus_name)
                yield from answer["Targets"]

    def rules(self, bus_name: str) -> Iterator[dict[str, Any]]:
        """The stack's rules on a bus; CloudFormation names them after the stack."""
        token: dict[str, str] = {}
        while True:
            answer = self._events.list_rules(
                NamePrefix=f"{STACK_NAME}-", EventBusName=bus_name, **token
            )
            yield from answer["Rules"]
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}


def _dead_letter(message: dict[str, Any]) -> DeadLetter:
    attributes = {
        name: str(value.get("StringValue", ""))
        for name, value in message.get("MessageAttributes", {}).items()
    }
    code = attributes.get("ERROR_CODE") or attributes.get("ErrorCode", "")
    error_message = attributes.get("ERROR_MESSAGE") or attributes.get("ErrorMessage", "")
    event, problem = _event(message["Body"])
    sent = int(message.get("Attributes", {}).get("SentTimestamp", 0)) / 1000
    moment = datetime.fromtimestamp(sent, UTC).isoformat(timespec="milliseconds")
    return DeadLetter(
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        sent_at=moment.replace("+00:00", "Z"),
        event=event,
        problem=problem,
        why=": ".join(text for text in (code, error_message) if text.strip()),
    )


def _event(body: str) -> tuple[dict[str, Any] | None, str]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        is_deep = isinstance(error, RecursionError)
        return None, "it is nested too deep to be read" if is_deep else "it is not JSON"
    if not isinstance(value, dict):
        return None, "it is not an event"
    if isinstance(changes := value.get("DDBStreamBatchInfo"), dict):
        return None, _missing_from_trail(value, changes)
    for name, kind in (("source", str), ("detail-type", str), ("detail", dict)):
        if not isinstance(value.get(name), kind) or (kind is str and not value[name]):
            return None, f"it is not an event: it has no {name}"
    return value, _too_large(value)


def _too_large(event: dict[str, Any]) -> str:
    """Why no execution can start with it, empty where one can."""
    size = len(json.dumps(event, ensure_ascii=False).encode(errors="surrogatepass"))
    if event["detail-type"] != DETAIL_TYPE or size <= _INPUT_BYTES:
        return ""
    return (
        f"it has {size:,} bytes, an execution's input may have {_INPUT_BYTES:,}: have its sender "
        "ask for less in one request"
    )


def _missing_from_trail(record: dict[str, Any], changes: dict[str, Any]) -> str:
    """What Lambda discarded of the ledger's stream ("Retaining discarded batches", its guide)."""
    condition = (record.get("requestContext") or {}).get("condition", "given up")
    return (
        f"{changes.get('batchSize')} changes of the ledger are missing from the audit trail "
        f"({condition}): written {changes.get('approximateArrivalOfFirstRecord')} to "
        f"{changes.get('approximateArrivalOfLastRecord')}; the ledger has the rows as they are now"
    )


def _batches(letters: Sequence[DeadLetter]) -> Iterator[Sequence[DeadLetter]]:
    for start in range(0, len(letters), _PER_CALL):
        yield letters[start : start + _PER_CALL]
