"""The functions' surroundings in a test: a ledger, a bus and the embedded organization, in moto.

Handlers run as Lambda runs them. Every request they make is held against botocore's model, and
against the calls that the operation declares.
"""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import dataclass, field, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3

from permissions.reference import prefix_of
from tests.unit.functions.organization import PAGE, Organization, Refusal
from tests.unit.functions.validation import violations
from vending.aws import clients
from vending.creation.slots import creation_slots
from vending.ledger import keys
from vending.ledger.item_types import Row
from vending.ledger.ledger import Ledger
from vending.ledger.table import Table
from vending.queueing.queue import Lease, Queue, Quota
from vending.queueing.slots import Slots
from vending.states import may_follow

TABLE = "ledger"
BUS = "account-vending"
EXECUTION = "arn:aws:states:us-east-1:111111111111:execution:account-vending:first"
OTHER_EXECUTION = EXECUTION.replace("first", "second")
OF_EVENTS = {
    "AnswerCreateAccount",
    "AnswerCustomAccount",
    "AnswerHandshake",
    "DecideApproval",
    "DetectDrift",
    "DiscoverAccount",
    "PublishNotification",
    "ReconcileLedger",
    "RecordExecutionEnd",
    "ServeCustomAccount",
}
UNDISTURBED = {"dynamodb", "events"}
"""Services whose calls no test can refuse, lose or precede."""

SHORTENED = {("REQUESTED", "VENDED")}
"""Of no execution: tests that begin with a vended account leave out how it came to be."""


@dataclass
class World:
    """Calls operations and remembers what they called."""

    now: float = 1_800_000_000.0
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    calls_of: dict[str, set[str]] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    """The request policy; by default, all but what is started by hand is refused."""
    keys: list[tuple[str, str]] = field(default_factory=list)
    """Of every call to AWS's control planes: its operation, and the access key it was made with."""

    def __post_init__(self) -> None:
        self.organization = Organization(lambda: self.now)
        self.refused_entries = 0
        self._last_parameters: dict[str, Any] = {}
        self._states: dict[str, str] = {}
        _watch_clients()
        _current[:] = [self]
        clients.dynamodb().create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("pk", "state", "updatedAt")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "byState",
                    "KeySchema": [
                        {"AttributeName": "state", "KeyType": "HASH"},
                        {"AttributeName": "updatedAt", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        clients.events().create_event_bus(Name=BUS)
        self.calls.clear()

    @property
    def ledger(self) -> Ledger:
        """The ledger as the functions use it."""
        return Ledger(table=Table(client=clients.dynamodb(), name=TABLE, clock=lambda: self.now))

    def row(self, request_id: str) -> Row:
        """A row that must be there."""
        row = self.ledger.get(request_id)
        assert row is not None
        return row

    def token(self, request_id: str) -> str | None:
        """The task token under which the request waits."""
        return self.ledger.tokens.find(self.row(request_id))

    def rows(self) -> list[dict[str, Any]]:
        """Every row of the table but locks and the like, as DynamoDB has them."""
        found = clients.dynamodb().scan(TableName=TABLE)["Items"]
        serving = (
            *(
                "account#",
                "creation#",
                "email#",
                "gate#",
                "organization#",
                "queue#",
                "requester#",
                "token#",
                "unit#",
            ),
            *("record#", "revision#"),
        )
        return [row for row in found if not row["pk"]["S"].startswith(serving)]

    @property
    def queue(self) -> Queue:
        """The creation queue as it is in the table."""
        return self.slots().read()[1]

    def slots(self, **changes: Any) -> Slots:
        """The creation queue as the functions use it."""
        ports: dict[str, Any] = {
            "ledger": self.ledger,
            "stepfunctions": clients.stepfunctions(),
            "quota": Quota(),
            "clock": lambda: self.now,
            "sleep": lambda _: None,
        }
        return creation_slots(**(ports | changes))

    def give_slot(self, request_id: str) -> None:
        """Have the queue's slot come for a request that has no place there."""
        before, slots = len(self.calls), self.slots()
        version, queue = slots.read()
        if request_id not in queue.leases:
            lease = Lease(start_at=self.now, until=self.now + Quota().lease_seconds)
            slots._write(replace(queue, leases={**queue.leases, request_id: lease}), version)
        del self.calls[before:]

    def call(self, operation: str, **payload: Any) -> Any:
        """Run an operation's handler as Lambda does, JSON in and JSON out."""
        module = importlib.import_module(f"{package_of(operation)}.{module_name(operation)}")
        before = len(self.calls)
        try:
            result = module.handler(json.loads(json.dumps(payload)), SimpleNamespace())
        finally:
            made = {name for name, _ in self.calls[before:]}
            self.calls_of.setdefault(operation, set()).update(made)
            undeclared = made - module.CALLS
            assert not undeclared, f"{operation} does not declare {undeclared}"
        return json.loads(json.dumps(result))

    def called(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of every call of an AWS operation."""
        return [parameters for name, parameters in self.calls if name.endswith(f":{operation}")]

    def announced(self) -> list[tuple[str, dict[str, Any]]]:
        """(detail-type, record) of every event put."""
        return [
            (entry["DetailType"], json.loads(entry["Detail"]))
            for parameters in self.called("PutEvents")
            for entry in parameters["Entries"]
        ]

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def end(self) -> None:
        """Leave AWS's clients, and the embedded AWS, to whoever comes next."""
        _current.clear()
        self.organization.end()

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model.service_name
        assert violations(params, model.input_shape) == [], f"{service}:{model.name}"
        self._last_parameters = dict(params)
        for transacted in params.get("TransactItems", ()):
            # Each needs to be allowed as if it were a call of its own.
            self.calls.extend((f"{service}:{kind}Item", part) for kind, part in transacted.items())
        if "TransactItems" not in params:
            self.calls.append((f"{prefix_of(service)}:{model.name}", dict(params)))
        if service == "organizations" and "MaxResults" in _members(model.input_shape):
            params["MaxResults"] = PAGE

    def watch_new_clients(self) -> None:
        """See the clients, too, that an operation makes for itself."""
        boto3.setup_default_session()
        _watch_default_session()

    def _note_state(self, model: Any, http_response: Any, parsed: dict[str, Any]) -> None:
        """Hold every state that a request's row comes to against the table of states."""
        if model.service_model.service_name != "dynamodb" or http_response.status_code >= 300:
            return
        parameters = self._last_parameters
        if model.name == "PutItem":
            written = [parameters["Item"]]
        elif model.name == "UpdateItem":
            written = [parsed["Attributes"]] if "Attributes" in parsed else []
        elif model.name == "TransactWriteItems":
            written = [
                write["Put"]["Item"] if "Put" in write else _updated(write["Update"])
                for write in parameters["TransactItems"]
            ]
        else:
            return
        for item in written:
            pk = item["pk"]["S"]
            if not pk.startswith(keys.REQUEST) or "state" not in item:
                continue
            before, after = self._states.get(pk), item["state"]["S"]
            known = may_follow(before, after) or (before, after) in SHORTENED
            assert known, f"{pk} came from {before} to {after}"
            self._states[pk] = after

    def _answer(self, model: Any, request_signer: Any, **_: Any) -> Any:
        if model.service_model.service_name == "events" and self.refused_entries:
            self.refused_entries -= 1
            entries = [{"ErrorCode": "InternalException"}]
            return SimpleNamespace(status_code=200), {"FailedEntryCount": 1, "Entries": entries}
        access_key = request_signer._credentials.access_key
        self.organization.act_as(access_key)
        if model.service_model.service_name in UNDISTURBED:
            return None
        self.keys.append((model.name, access_key))
        try:
            answer = self.organization.answer(
                model.service_model.service_name, model.name, self.calls[-1][1]
            )
            return None if answer is None else (SimpleNamespace(status_code=200), answer)
        except Refusal as refusal:
            refused: dict[str, Any] = {
                "Error": {"Code": refusal.code, "Message": refusal.message},
                "ResponseMetadata": {"HTTPStatusCode": refusal.status},
            }
            if refusal.reason:
                refused["Reason"] = refusal.reason
            return SimpleNamespace(status_code=refusal.status), refused

    def _disturb(self, model: Any, http_response: Any, parsed: dict[str, Any]) -> None:
        if model.service_model.service_name in UNDISTURBED or http_response.status_code >= 300:
            return
        self.organization.lose(model.name)
        if model.service_model.service_name == "organizations":
            self.organization.put_an_empty_page_in_front(model, self._last_parameters, parsed)


def _updated(update: dict[str, Any]) -> dict[str, Any]:
    """The key, and the state where it is set."""
    state = update["ExpressionAttributeValues"].get(":state")
    item: dict[str, Any] = update["Key"] | ({"state": state} if state else {})
    return item


_current: list[World] = []
"""The world of the running test; clients are slow to make, so they live as long as the process."""


@cache
def _watch_clients() -> None:
    boto3.setup_default_session()
    _watch_default_session()
    for client in vars(clients).values():
        if hasattr(client, "cache_clear"):
            client.cache_clear()
            _ = client()._made  # now: the next test's default session does not know the hooks


def _watch_default_session() -> None:
    assert boto3.DEFAULT_SESSION is not None
    hooks = boto3.DEFAULT_SESSION.events
    hooks.register_first(
        "before-parameter-build", lambda **seen: _current[0]._note(**seen) if _current else None
    )
    hooks.register_first(
        "before-call", lambda **seen: _current[0]._answer(**seen) if _current else None
    )
    hooks.register_first(
        "after-call.dynamodb",
        lambda **seen: _current[0]._note_state(**_only(seen)) if _current else None,
    )
    hooks.register_first(
        "after-call", lambda **seen: _current[0]._disturb(**_only(seen)) if _current else None
    )


def _members(shape: Any) -> Any:
    return shape.members if shape else ()


def _only(seen: dict[str, Any]) -> dict[str, Any]:
    return {name: seen[name] for name in ("model", "http_response", "parsed")}


def package_of(operation: str) -> str:
    """Where the module of an operation or of another entrance is."""
    return "events" if operation in OF_EVENTS else "operations"


def module_name(operation: str) -> str:
    """CreateAccount -> create_account, EnableAWSServiceAccess -> enable_aws_service_access."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", operation).lower()


def stop_clock(world: World) -> SimpleNamespace:
    """What `vending.aws.clock` takes for the time module."""
    return SimpleNamespace(time=lambda: world.now, sleep=world.later)
