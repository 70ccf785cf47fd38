"""`vend confirm`: the code that AWS has sent to a root user's new email, for the request's wait."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.aws.environment import code_of, explained
from cli.aws.ledger_reader import LedgerRow
from cli.aws.stack import Stack
from cli.output.failure import (
    EXIT_INTERRUPTED,
    EXIT_NOT_VENDED,
    EXIT_USAGE,
    EXIT_VENDED,
    CommandError,
)
from cli.output.results import record_text
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe
from vending.ledger import keys
from vending.states import FINAL, State

if TYPE_CHECKING:
    from cli.watch.submission import Record

LOOKS_EVERY = 0.5
"""Seconds between two looks at the request."""

ANSWERED_WITHIN = 180.0
"""Seconds after which an answer of AWS is not waited for any longer."""

_CODE = re.compile(r"[A-Za-z0-9]{6}")
"""AWS Account Management API reference, AcceptPrimaryEmailUpdate: Otp."""

_ENDED = ("InvalidToken", "TaskDoesNotExist", "TaskTimedOut")


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A request that waits for a code, and the token under which it does."""

    stack: Stack
    request_id: str
    token: str
    row: LedgerRow


def run(arguments: argparse.Namespace) -> int:
    """Give the code, or ask for another one; 0 where it was taken, or sent."""
    answer = _answer(arguments)
    try:
        with explained():
            waiting = _waiting(Stack.from_environment(), arguments.id)
            _send(waiting, answer)
            row = _followed(waiting, resent=arguments.resend)
    except KeyboardInterrupt:
        print(f"\nNo longer watching.\nNext  {command('status', arguments.id)}", file=sys.stderr)
        return EXIT_INTERRUPTED
    return _told(row, arguments)


def _answer(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.resend:
        if arguments.code is not None:
            raise CommandError(
                "CODE and --resend exclude each other",
                remedy="Ask for another code first, then give that one",
                exit_code=EXIT_USAGE,
            )
        return {"resend": True}
    if arguments.code is None:
        raise CommandError(
            "the code is missing",
            remedy="Give the code that AWS has sent to the new address; - reads it from standard "
            "input, and --resend has AWS send another one",
            exit_code=EXIT_USAGE,
        )
    code = (sys.stdin.readline() if arguments.code == "-" else arguments.code).strip()
    if not _CODE.fullmatch(code):
        raise CommandError(
            "this is no code: a code has 6 letters and digits",
            remedy="Copy it from AWS's message to the new address",
            exit_code=EXIT_USAGE,
        )
    return {"code": code}


def _waiting(stack: Stack, request_id: str) -> Waiting:
    owned = stack.owned_id(request_id)
    row = stack.ledger.row(owned)
    if row is None:
        raise CommandError(
            f"the ledger has no request {safe(owned)}",
            remedy=f"`{command('list', '--state', State.AWAITING_CODE)}` lists those that wait "
            "for a code",
        )
    token = _token(stack, row)
    if row.attributes["state"] != State.AWAITING_CODE or token is None:
        raise _not_waiting(owned, str(row.attributes["state"]))
    return Waiting(stack=stack, request_id=owned, token=token, row=row)


def _token(stack: Stack, row: LedgerRow) -> str | None:
    """The token under which the row's execution waits, or last waited."""
    pk = keys.token(row.attributes["requestId"])
    kept = stack.ledger.items([pk]).get(pk, {})
    is_its_own = kept.get("executionArn") == row.attributes.get("executionArn")
    return str(kept["taskToken"]) if kept and is_its_own else None


def _not_waiting(request_id: str, state: str) -> CommandError:
    remedies = {
        State.VENDED: "Nothing is left to do",
        State.FAILED: f"`{command('resume', request_id)}` resumes it; AWS then sends a new code",
    }
    return CommandError(
        f"the request {safe(request_id)} is {state} and waits for no code",
        remedy=remedies.get(
            State(state), f"`{command('status', request_id)}` says where it stands"
        ),
    )


def _send(waiting: Waiting, answer: dict[str, Any]) -> None:
    try:
        waiting.stack.client("stepfunctions").send_task_success(
            taskToken=waiting.token, output=json.dumps(answer)
        )
    except ClientError as error:
        if code_of(error) not in _ENDED:
            raise
        row = waiting.stack.ledger.row(waiting.request_id)
        state = str((row or waiting.row).attributes["state"])
        if state != State.AWAITING_CODE:
            raise _not_waiting(waiting.request_id, state) from None
        raise CommandError(
            "another answer was given a moment ago, or the wait has just ended",
            remedy=f"Look with `{command('status', waiting.request_id)}`, then try again",
        ) from None


def _followed(waiting: Waiting, *, resent: bool) -> LedgerRow:
    """The request's row once AWS has answered."""
    before = waiting.row.attributes.get("emailCode", {})
    deadline = time.monotonic() + ANSWERED_WITHIN
    while True:
        row = waiting.stack.ledger.row(waiting.request_id) or waiting.row
        code = row.attributes.get("emailCode", {})
        if row.attributes["state"] in FINAL:
            return row
        refused = not resent and code.get("refusedAt") != before.get("refusedAt")
        if refused and _token(waiting.stack, row) != waiting.token:
            return row  # another code can be given by now
        if resent and code.get("sentAt") != before.get("sentAt"):
            return row
        if time.monotonic() > deadline:
            return row
        time.sleep(LOOKS_EVERY)


def _told(row: LedgerRow, arguments: argparse.Namespace) -> int:
    record: Record = row.record
    state = record["state"]
    done = state == State.VENDED or (arguments.resend and state == State.AWAITING_CODE)
    if arguments.json:
        print(json.dumps(record, indent=2, ensure_ascii=False))
    elif state in FINAL:
        print("\n".join(record_text(record, Terminal.of(sys.stdout))))
    elif arguments.resend:
        print(f"AWS has sent another code.\n\nNext  {command('confirm', arguments.id, 'CODE')}")
    elif "refusedAt" in row.attributes.get("emailCode", {}):
        resend = command("confirm", arguments.id, "--resend")
        print(
            "AWS did not accept the code: it is wrong, was used before, or has expired.\n\n"
            f"Next  {command('confirm', arguments.id, 'CODE')}, or {resend}"
        )
    else:
        print(f"The code was given.\n\nNext  {command('status', arguments.id)}")
    return EXIT_VENDED if done else EXIT_NOT_VENDED
