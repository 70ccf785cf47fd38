"""`vend cancel`: stop a request for which AWS was not asked for anything yet."""

from __future__ import annotations

import argparse
import json
import sys
import time

from cli.aws.environment import explained
from cli.aws.ledger_reader import LedgerRow
from cli.aws.stack import Stack
from cli.output.failure import EXIT_INTERRUPTED, EXIT_NOT_VENDED, EXIT_VENDED, CommandError
from cli.output.results import record_text
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe
from vending.states import FINAL

LOOKS_EVERY = 0.5
"""Seconds between two looks at the request."""

ENDS_WITHIN = 60.0
"""Seconds after which its end is not waited for any longer."""


def run(arguments: argparse.Namespace) -> int:
    """Cancel the request; 0 where it has ended by that, else 1."""
    try:
        with explained():
            stack = Stack.from_environment()
            row = _row(stack, arguments.id)
            _stop(stack, row)
            row = _ended(stack, row)
    except KeyboardInterrupt:
        print(f"\nNo longer watching.\nNext  {command('status', arguments.id)}", file=sys.stderr)
        return EXIT_INTERRUPTED
    record = row.record
    if arguments.json:
        print(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        print("\n".join(record_text(record, Terminal.of(sys.stdout))))
    return EXIT_VENDED if record["state"] == "FAILED" else EXIT_NOT_VENDED


def _row(stack: Stack, request_id: str) -> LedgerRow:
    row = stack.ledger.row(request_id)
    if row is None:
        raise CommandError(
            f"the ledger has no request {safe(request_id)}",
            remedy=f"`{command('list')}` lists every request; `{command('restore', 'ACCOUNT')}` "
            "takes back an account's retirement",
        )
    return row


def _stop(stack: Stack, row: LedgerRow) -> None:
    """Stop its execution.

    Raises:
        CommandError: it has ended, or AWS was asked for something.
    """
    from vending.entrances import requests  # noqa: PLC0415 -- pydantic is slow to import
    from vending.errors.exceptions import StateConflict  # noqa: PLC0415

    try:
        requests.ensure_cancellable(row.attributes)
    except StateConflict as refused:
        raise CommandError(refused.message, remedy=refused.remedy) from None
    stack.stop(
        row.attributes["executionArn"],
        error=requests.CANCELLED,
        cause=requests.cancelled_by(stack.caller),
    )


def _ended(stack: Stack, row: LedgerRow) -> LedgerRow:
    """The row once its end is written down; as it is where that takes longer."""
    request_id = row.record["requestId"]
    deadline = time.monotonic() + ENDS_WITHIN
    while row.record["state"] not in FINAL and time.monotonic() < deadline:
        time.sleep(LOOKS_EVERY)
        row = stack.ledger.row(request_id) or row
    return row
