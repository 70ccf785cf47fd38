"""`vend status` and `vend list`: what the ledger says."""

from __future__ import annotations

import argparse
import json
import sys

from cli.aws.environment import explained
from cli.aws.stack import Stack
from cli.output.failure import EXIT_VENDED, CommandError
from cli.output.records import listing
from cli.output.results import record_text
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe


def status(arguments: argparse.Namespace) -> int:
    """Print one request's record; 0 when there is one, whatever its state."""
    with explained():
        row = Stack.from_environment().row(arguments.id)
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
