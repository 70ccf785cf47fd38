"""`vend status` and `vend list`: what the ledger says."""

from __future__ import annotations

import argparse
import json
import sys

from cli.aws.environment import explained
from cli.aws.retirements import Retirements
from cli.aws.stack import Stack
from cli.commands.retire import Record
from cli.commands.retire import record_text as retirement_text
from cli.output.failure import EXIT_VENDED, CommandError
from cli.output.records import listing
from cli.output.results import record_text
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe


def status(arguments: argparse.Namespace) -> int:
    """Print one request's record; 0 when there is one, whatever its state."""
    with explained():
        stack = Stack.from_environment()
        row = stack.row(arguments.id)
        retirement = _retirement(stack, arguments.id) if row is None else None
    if retirement is not None:
        _print_retirement(retirement, as_json=arguments.json)
        return EXIT_VENDED
    if row is None:
        raise CommandError(
            f"the ledger has no request {safe(arguments.id)}",
            remedy=f"`{command('list')}` lists every request; an event that could not start "
            "the state machine is in the dead-letter queue",
        )
    if arguments.json:
        print(json.dumps(row.record, indent=2, ensure_ascii=False))
    else:
        print("\n".join(record_text(row.record, Terminal.of(sys.stdout))))
    return EXIT_VENDED


def _retirement(stack: Stack, account_id: str) -> Record | None:
    """The retirement of the account of this id, where it is one and the stack retires accounts."""
    is_account = len(account_id) == 12 and account_id.isdigit()  # noqa: PLR2004
    if not is_account or not stack.retirement_machine_arn:
        return None
    return Retirements.of(stack).record(account_id)


def _print_retirement(record: Record, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        print("\n".join(retirement_text(record, Terminal.of(sys.stdout))))


def list_(arguments: argparse.Namespace) -> int:
    """Print the records, newest change first; 0 also when there is none."""
    with explained():
        records = Stack.from_environment().records(arguments.state)
    if arguments.json:
        print(json.dumps(records, indent=2, ensure_ascii=False))
    elif records:
        print("\n".join(listing(records, Terminal.of(sys.stdout))))
    else:
        kind = f"no {arguments.state} request" if arguments.state else "no request yet"
        print(f"The ledger has {kind}", file=sys.stderr)
    return EXIT_VENDED
