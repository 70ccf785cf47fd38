"""`vend retire` and `vend restore`: end an account, or put it back while there is time."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from typing import Any

from cli.aws.environment import explained
from cli.aws.retirements import Retirements, Started
from cli.aws.stack import Stack
from cli.output.failure import EXIT_INTERRUPTED, EXIT_NOT_VENDED, EXIT_VENDED
from cli.output.records import aligned, approval_words, error_fields, why
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe
from vending.aws.executions import EndStatus, is_over
from vending.ledger.approval_records import is_pending

Record = dict[str, Any]

LOOKS_EVERY = 0.5
"""Seconds between two looks."""

BEGINS_WITHIN = 120.0
"""Seconds after which an event that started no execution is not waited for any longer."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How it went: the account's record, `done` where it is as was wanted, and a word on it."""

    record: Record
    done: bool
    headline: str


def retire(arguments: argparse.Namespace) -> int:
    """Retire the account; 0 when it is suspended, or closed already, else 1."""
    detail: Record = {"accountId": arguments.account, "reason": arguments.reason}
    if arguments.deregister_delegated_administrator:
        detail["deregisterDelegatedAdministrator"] = True
    return _carried_out(arguments, detail, "Retiring")


def restore(arguments: argparse.Namespace) -> int:
    """Put the account back as it was; 0 when it is, else 1."""
    return _carried_out(
        arguments, {"accountId": arguments.account, "action": "restore"}, "Restoring"
    )


def _carried_out(arguments: argparse.Namespace, detail: Record, doing: str) -> int:
    progress = Terminal.of(sys.stderr)
    try:
        with explained():
            stack = Stack.from_environment()
            retirements = Retirements.of(stack)
            progress.write(f"{progress.paint(f'{doing} {arguments.account}', 'bold')}\n")
            event_id = retirements.send(detail)
            if not arguments.wait:
                return _sent(arguments, event_id)
            outcome = followed(retirements, detail, event_id)
    except KeyboardInterrupt:
        status = command("status", arguments.account)
        progress.write(f"\nNo longer watching. It goes on in AWS.\nNext  {status}\n")
        return EXIT_INTERRUPTED
    if arguments.json:
        print(json.dumps(outcome.record, indent=2, ensure_ascii=False))
    else:
        print("\n".join(outcome_text(outcome, Terminal.of(sys.stdout))))
    return EXIT_VENDED if outcome.done else EXIT_NOT_VENDED


def followed(retirements: Retirements, detail: Record, event_id: str) -> Outcome:
    """Wait until it is known what became of the event."""
    account_id, is_restoration = str(detail["accountId"]), detail.get("action") == "restore"
    deadline = time.monotonic() + BEGINS_WITHIN
    started: Started | None = None
    while True:
        started = started or retirements.started_by(event_id)
        if started is not None:
            ended = retirements.end_of(started)
            record = retirements.record(account_id) or {}
            if is_over(ended.status):
                return _of_end(ended.status, ended.output, ended.error, record, is_restoration)
            mine = record.get("executionArn") == started.execution_arn
            if mine and not is_restoration and is_pending(record.get("approval")):
                return Outcome(record=record, done=False, headline="Waits for approval")
            if mine and not is_restoration and record.get("closesAt"):
                return Outcome(record=record, done=True, headline="Suspended")
        elif time.monotonic() > deadline:
            unanswered = {
                "code": "EventNotHeard",
                "message": "The event was sent, and no execution has begun by it.",
                "remedy": f"`{command('redrive', '--dry-run')}` shows events that could not be "
                "delivered.",
            }
            record = {"accountId": account_id, "error": unanswered}
            return Outcome(record=record, done=False, headline="Not begun")
        time.sleep(LOOKS_EVERY)


def _of_end(
    status: str | None, output: Record, error: Record, record: Record, is_restoration: bool
) -> Outcome:
    if status != EndStatus.SUCCEEDED:
        failed = {**record, "error": error}
        verb = "restored" if is_restoration else "retired"
        return Outcome(record=failed, done=False, headline=f"Not {verb}")
    outcome = output.get("outcome")
    if outcome == "SUPERSEDED":
        return Outcome(
            record=record,
            done=False,
            headline="A newer retirement or restoration of this account was accepted",
        )
    state = record.get("state")
    if is_restoration:
        done = state == "ACTIVE"
        return Outcome(
            record=record, done=done, headline="Restored" if done else f"The account is {state}"
        )
    done = state in ("RETIRING", "CLOSING", "CLOSED")
    words = {"RETIRING": "Suspended", "CLOSING": "Closing", "CLOSED": "Closed"}
    return Outcome(
        record=record, done=done, headline=words.get(str(state), f"The account is {state}")
    )


def _sent(arguments: argparse.Namespace, event_id: str) -> int:
    if arguments.json:
        print(json.dumps({"accountId": arguments.account, "eventId": event_id}, indent=2))
    else:
        print(f"Sent  {event_id}\n\nNext  {command('status', arguments.account)}")
    return EXIT_VENDED


def record_text(record: Record, terminal: Terminal) -> list[str]:
    """An account's retirement for people."""
    before = record.get("before") or {}
    known = (
        ("account", record.get("accountId")),
        ("name", record.get("accountName")),
        ("state", record.get("state")),
        ("reason", record.get("reason")),
        ("sender", (record.get("sender") or {}).get("requester")),
        ("was in", before.get("organizationalUnit")),
        ("can be restored until", record.get("closesAt")),
        ("closed", record.get("closedAt")),
        ("restored", record.get("restoredAt")),
        ("approval", "\n".join(approval_words(record.get("approval") or {}))),
        ("execution", record.get("executionArn")),
        *(("warning", warning) for warning in record.get("warnings") or ()),
    )
    fields = [(label, safe(str(value))) for label, value in known if value]
    return aligned([*fields, *error_fields(record)], terminal, min(110, terminal.size()[0]))


def outcome_text(outcome: Outcome, terminal: Terminal) -> list[str]:
    record = outcome.record
    colour = "green" if outcome.done else "red"
    lines = [
        terminal.paint(outcome.headline, "bold", colour),
        "",
        *record_text(record, terminal),
        "",
    ]
    words: tuple[str, ...] = ("status", str(record.get("accountId")))
    if outcome.done and record.get("state") == "RETIRING":
        words = ("restore", str(record.get("accountId")))
    elif is_pending(record.get("approval")):
        words = ("approve", str(record.get("accountId")))
    elif not outcome.done and (reason := why(record)):
        words = ("explain", reason)
    return [*lines, f"Next  {terminal.paint(command(*words), 'bold')}"]
