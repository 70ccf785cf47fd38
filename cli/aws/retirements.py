"""Retirements on the deployed stack: the event that asks, the execution it starts, the record."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from cli.aws.stack import Stack
from cli.output.failure import CommandError
from vending.ledger import keys

DETAIL_TYPE = "AccountRetirementRequested"
NEWEST = 100
"""Executions among which the one of an event is looked for: the event has just been sent."""


@dataclass(frozen=True, kw_only=True)
class Started:
    """The execution that an event started."""

    execution_arn: str


@dataclass(frozen=True, kw_only=True)
class End:
    """How an execution stands: its status, and what came of it where it is over."""

    status: str | None
    output: dict[str, Any]
    error: dict[str, Any]


@dataclass(kw_only=True)
class Retirements:
    """What the command does about them."""

    stack: Stack
    machine_arn: str
    states: Any
    _seen: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, stack: Stack) -> Retirements:
        """Those of a stack.

        Raises:
            CommandError: an earlier version is deployed, which retires no accounts.
        """
        if not stack.retirement_machine_arn:
            raise CommandError(
                "the deployed version cannot retire accounts",
                remedy="Run `make deploy` with this version",
            )
        return cls(
            stack=stack,
            machine_arn=stack.retirement_machine_arn,
            states=stack.client("stepfunctions"),
        )

    def send(self, detail: dict[str, Any]) -> str:
        """Put the event on the bus; its id.

        Raises:
            CommandError: EventBridge did not take it.
        """
        return self.stack.put_event(DETAIL_TYPE, detail)

    def started_by(self, event_id: str) -> Started | None:
        """The execution that the event has started; None as long as there is none."""
        listed = self.states.list_executions(stateMachineArn=self.machine_arn, maxResults=NEWEST)
        for one in listed["executions"]:
            arn = str(one["executionArn"])
            if arn in self._seen:
                continue
            text = self.states.describe_execution(executionArn=arn).get("input") or "{}"
            self._seen.add(arn)
            given = json.loads(text)
            if isinstance(given, dict) and given.get("id") == event_id:
                return Started(execution_arn=arn)
        return None

    def end_of(self, started: Started) -> End:
        """How the execution stands."""
        execution = self.stack.execution(started.execution_arn)
        return End(
            status=execution["status"],
            output=_object(execution.get("output")),
            error=_error_of(execution),
        )

    def record(self, account_id: str) -> dict[str, Any] | None:
        """The account's retirement; None where there is none."""
        # Imported late: pydantic, which comes with it, is slow to import.
        from vending.retirement.rows import record_of  # noqa: PLC0415

        pk = keys.retirement(account_id)
        item = self.stack.ledger.items([pk]).get(pk)
        return record_of(item) if item else None  # type: ignore[arg-type]


def _error_of(execution: dict[str, Any]) -> dict[str, Any]:
    error = _object(execution.get("cause"))
    if "code" in error:
        return error
    return {
        "code": execution.get("error") or execution["status"],
        "reason": None,
        "message": execution.get("cause") or f"the execution ended as {execution['status']}",
        "remedy": "Run the command again: it goes on where it stopped",
    }


def _object(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
