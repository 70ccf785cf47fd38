"""A deployed stack that plays a script instead of running one."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import botocore.session
from botocore.exceptions import ClientError

from cli.aws.ledger_reader import LedgerRow
from cli.output.terminal import Terminal
from cli.watch.submission import Submission
from statemachines import definitions
from vending.ledger.item_types import AccountRecord

PROJECT = Path(__file__).resolve().parents[3]
DEFINITION = definitions.text("account_vending")
MACHINE = "arn:aws:states:us-east-1:111111111111:stateMachine:account-vending"
FIRST, SECOND = (
    f"arn:aws:states:us-east-1:111111111111:execution:account-vending:{name}"
    for name in ("first", "second")
)


def a_submission(name: str = "Sandbox", **changes: Any) -> Submission:
    """A submission with sensible values."""
    values: dict[str, Any] = {
        "label": "file",
        "request_id": f"r-{name.lower()}",
        "fingerprint": "f1",
        "name": name,
        "email": f"{name.lower()}@example.com",
        "detail": {
            "requestId": f"r-{name.lower()}",
            "account": {"name": name, "email": f"{name.lower()}@example.com"},
        },
    }
    values |= changes
    return Submission(**{"content": values["detail"], **values})


def a_record(
    state: str = "VENDED", *, request_id: str = "r-sandbox", **changes: Any
) -> dict[str, Any]:
    """A record with sensible values."""
    return {
        "requestId": request_id,
        "state": state,
        "accountName": "Sandbox",
        "accountId": "123456789012" if state == "VENDED" else None,
        "organizationalUnitId": "ou-ab12-11111111" if state == "VENDED" else None,
        "executionArn": FIRST,
        "error": None,
        "requestedAt": "2026-11-20T12:00:00.000Z",
        "updatedAt": "2026-11-20T12:00:09.000Z",
        "request": {
            "requestId": request_id,
            "account": {"name": "Sandbox", "email": "sandbox@example.com"},
            "organizationalUnit": "/Workloads/Sandbox",
            "tags": {"team": "a"},
            "serviceAccess": ["account.amazonaws.com"],
            "rootAccess": ["RootSessions"],
        },
        **changes,
    }


def an_error(**changes: Any) -> dict[str, Any]:
    """A record's error."""
    return {
        "code": "AccountCreationFailed",
        "reason": "EMAIL_ALREADY_EXISTS",
        "message": "The email belongs to another account.",
        "remedy": "Choose another email.",
        **changes,
    }


def denied(operation: str) -> ClientError:
    """What boto3 raises when the caller lacks a permission."""
    error = {"Code": "AccessDeniedException", "Message": f"not authorized to perform {operation}"}
    return ClientError({"Error": error}, operation)  # type: ignore[typeddict-item]


class FakeTime:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.on_sleep: list[Callable[[], None]] = []

    def clock(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Time passes; the next thing of the script happens."""
        self.now += seconds
        if self.on_sleep:
            self.on_sleep.pop(0)()


class Organizations:
    """AWS Organizations, of which nothing is known but one account, wherever it is asked for.

    Args:
        state: the account's; None where it is no member.
        parent_id: the root or the unit that it is in.
        error: what every call raises.
    """

    def __init__(
        self,
        *,
        state: str | None = "ACTIVE",
        parent_id: str = "ou-ab12-11111111",
        error: ClientError | None = None,
    ) -> None:
        self.exceptions: Any = _exceptions()
        self.state = state
        self.parent_id = parent_id
        self.error = error
        self.asked: list[str] = []

    def describe_account(self, **parameters: str) -> dict[str, Any]:
        """The account."""
        self.asked.append(parameters["AccountId"])
        if self.error is not None:
            raise self.error
        if self.state is None:
            gone = {"Error": {"Code": "AccountNotFoundException", "Message": "No such account."}}
            raise self.exceptions.AccountNotFoundException(gone, "DescribeAccount")
        return {"Account": {"Id": parameters["AccountId"], "State": self.state}}

    def get_paginator(self, operation: str) -> Any:
        """One page of the account's parents."""
        assert operation == "list_parents"
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        """As `get_paginator` says."""
        return [{"Parents": [{"Id": self.parent_id}]}]


@functools.cache
def _exceptions() -> Any:
    session = botocore.session.get_session()
    return session.create_client("organizations", region_name="us-east-1").exceptions


class FakeLedger:
    """What `cli.aws.ledger_reader.LedgerReader` is to the commands, in memory."""

    def __init__(self) -> None:
        self.requests: dict[str, LedgerRow] = {}
        self.account_records: dict[str, AccountRecord] = {}
        self.kept: dict[str, dict[str, Any]] = {}
        """Items beside these."""

    def rows(self, request_ids: Sequence[str]) -> dict[str, LedgerRow]:
        """Rows that exist."""
        return {one: self.requests[one] for one in request_ids if one in self.requests}

    def accounts(
        self, rows: Mapping[str, LedgerRow], contents: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, AccountRecord]:
        """The records of accounts, by the requests that are about them."""
        return {one: self.account_records[one] for one in contents if one in self.account_records}

    def items(self, pks: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Items beside the requests' rows."""
        return {pk: self.kept[pk] for pk in pks if pk in self.kept}

    def items_in(self, state: str) -> list[dict[str, Any]]:
        """As the index has them."""
        rows = [
            {**one.attributes, "pk": f"request#{request_id}"}
            for request_id, one in self.requests.items()
        ]
        return [one for one in (*rows, *self.kept.values()) if one.get("state") == state]

    def row(self, request_id: str) -> LedgerRow | None:
        """One row."""
        return self.requests.get(request_id)

    def records(self, state: str | None = None) -> list[dict[str, Any]]:
        """All records."""
        return [
            row.record for row in self.requests.values() if state in (None, row.record["state"])
        ]


class FakeStack:
    """What `cli.aws.stack.Stack` is to the commands, in memory."""

    region = "us-east-1"
    account_id = "111111111111"
    state_machine_arn = MACHINE
    dead_letter_queue_url = "https://sqs.us-east-1.amazonaws.com/111111111111/dead-letters"

    def __init__(self, *, on_this_machine: bool = True) -> None:
        self.is_on_this_machine = on_this_machine
        self.endpoint_url = (
            "http://127.0.0.1:5111" if on_this_machine else "https://states.us-east-1.amazonaws.com"
        )
        self.clients: dict[str, Any] = {"organizations": Organizations()}
        self.ledger = FakeLedger()
        self.histories: dict[str, list[dict[str, Any]]] = {}
        self.statuses: dict[str, str] = {}
        self.published: list[Mapping[str, Any]] = []
        self.refusals: dict[str, str] = {}
        self.on_publish: Callable[[Mapping[str, Any]], None] = lambda _detail: None
        self.on_history: Callable[[], None] = lambda: None
        self.history_error: ClientError | None = None
        self.stopped: list[tuple[str, str, str]] = []
        self.on_stop: Callable[[], None] = lambda: None

    def put(self, record: dict[str, Any], fingerprint: str = "f1") -> None:
        """Write a row."""
        row: Any = {**record, "fingerprint": fingerprint}
        self.ledger.requests[record["requestId"]] = LedgerRow(attributes=row)

    authorization = None
    caller = "arn:aws:iam::111111111111:user/ann"

    def stop(self, execution_arn: str, *, error: str, cause: str) -> None:
        """Note it."""
        self.stopped.append((execution_arn, error, cause))
        self.on_stop()

    def owned_id(self, request_id: str) -> str:
        """An administrator's."""
        return request_id

    def client(self, service: str) -> Any:
        """As scripted."""
        return self.clients[service]

    def definition(self) -> str:
        """The real definition."""
        return DEFINITION

    def publish(self, details: Sequence[Mapping[str, Any]]) -> list[str]:
        """Take the events, or refuse those that are to be refused."""
        for detail in details:
            json.dumps(detail)
            if detail["requestId"] not in self.refusals:
                self.published.append(detail)
                self.on_publish(detail)
        return [self.refusals.get(detail["requestId"], "") for detail in details]

    def execution_status(self, execution_arn: str) -> str | None:
        """As scripted."""
        return self.statuses.get(execution_arn)

    def history(self, execution_arn: str, *, after: int) -> list[dict[str, Any]]:
        """As scripted."""
        if self.history_error is not None:
            raise self.history_error
        self.on_history()
        return [e for e in self.histories.get(execution_arn, []) if e["id"] > after]


class FakeStream(io.StringIO):
    """Standard error or output of a given kind."""

    def __init__(self, *, tty: bool = False, encoding: str = "utf-8") -> None:
        super().__init__()
        self._tty = tty
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding the stream claims to have."""
        return self._encoding

    def isatty(self) -> bool:
        """Whether it claims to be a terminal."""
        return self._tty


def a_terminal(*, live: bool = False, colour: bool = False, unicode: bool = True) -> Terminal:
    """A terminal that writes into memory."""
    return Terminal(stream=FakeStream(tty=live), live=live, colour=colour, unicode=unicode)


def written(terminal: Terminal) -> str:
    """What was written to a terminal made by `a_terminal`."""
    assert isinstance(terminal.stream, FakeStream)
    return terminal.stream.getvalue()
