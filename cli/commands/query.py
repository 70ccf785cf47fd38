"""`vend status` and `vend list`: what the ledger says."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from cli.aws.environment import explained
from cli.aws.inventory import KnownAccount, known_account, revisions
from cli.aws.stack import Stack
from cli.commands import watch
from cli.commands.accounts import history_text
from cli.commands.retire import record_text as retirement_text
from cli.output.failure import EXIT_VENDED, CommandError
from cli.output.records import listing
from cli.output.results import record_text
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe


def status(arguments: argparse.Namespace) -> int:
    """Print one request's record, or an account's history; 0 when there is one, in any state."""
    with explained():
        stack = Stack.from_environment()
        row = stack.ledger.row(arguments.id)
        account = (
            known_account(stack, arguments.id)
            if row is None and _is_account(arguments.id)
            else None
        )
        history = revisions(stack, account) if account else []
    terminal = Terminal.of(sys.stdout)
    if account is not None:
        shown = _account(account, history)
        lines = _account_text(account, history, terminal)
    elif row is not None:
        shown, lines = row.record, record_text(row.record, terminal)
    else:
        raise CommandError(
            f"the ledger has no request or account {safe(arguments.id)}",
            remedy=f"`{command('list')}` lists every request and `{command('accounts')}` every "
            "account; an event that could not start the state machine is in the dead-letter queue",
        )
    if arguments.json:
        print(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        print("\n".join(lines))
    return EXIT_VENDED


def _is_account(text: str) -> bool:
    return len(text) == 12 and text.isascii() and text.isdigit()  # noqa: PLR2004


def _account(account: KnownAccount, history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """{the account as `vend accounts` has it, revisions, retirement: null unless it is retired}."""
    from vending.retirement.rows import record_of  # noqa: PLC0415 -- pydantic is slow to import

    retirement: Any = account.retirement
    return {
        **account.as_dict(),
        "revisions": list(history),
        "retirement": record_of(retirement) if retirement else None,
    }


def _account_text(
    account: KnownAccount, history: Sequence[Mapping[str, Any]], terminal: Terminal
) -> list[str]:
    lines = history_text(account, history, terminal)
    retirement = _account(account, ())["retirement"]
    if retirement is None:
        return lines
    return [
        *lines,
        "",
        terminal.paint("Retirement", "bold"),
        *retirement_text(retirement, terminal),
    ]


def list_(arguments: argparse.Namespace) -> int:
    """Print the records, newest change first; 0 also when there is none."""
    if arguments.watch:
        return watch.run(arguments)
    with explained():
        records = watch.fitting(Stack.from_environment(), arguments)
    if arguments.json:
        print(json.dumps(records, indent=2, ensure_ascii=False))
    elif records:
        print("\n".join(listing(records, Terminal.of(sys.stdout))))
    else:
        is_filtered = arguments.state or arguments.requester or arguments.ou
        print(
            f"The ledger has {'no such request' if is_filtered else 'no request yet'}",
            file=sys.stderr,
        )
    return EXIT_VENDED
