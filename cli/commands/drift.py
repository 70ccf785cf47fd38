"""`vend drift`: which accounts differ from the documents of their last revisions, and how."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator

from cli.aws.drift import Drifted, compared_at, drift_of
from cli.aws.environment import explained
from cli.aws.stack import Stack
from cli.output.failure import EXIT_NOT_VENDED, EXIT_VENDED, CommandError
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe
from vending.reconciliation.drift_words import sentence


def run(arguments: argparse.Namespace) -> int:
    """Print what DetectDrift has found; 0 where no account has drifted, else 1."""
    with explained():
        stack = Stack.from_environment()
        drifted, unknown = drift_of(stack, arguments.accounts)
        compared = compared_at(stack)
    if unknown:
        raise CommandError(
            f"the ledger has no document of {', '.join(unknown)}",
            remedy="Accounts are compared with what was requested for them: "
            f"`{command('list', '--state', 'VENDED')}` lists the requests that were vended",
        )
    if arguments.json:
        print(json.dumps({"comparedAt": compared, "accounts": drifted}, indent=2))
    else:
        terminal = Terminal.of(sys.stdout)
        for one in drifted:
            print("\n".join(_text(one, terminal)))
        print(_summary(len(drifted), compared), file=sys.stderr)
    return EXIT_NOT_VENDED if drifted else EXIT_VENDED


def _summary(count: int, compared: str | None) -> str:
    if compared is None:
        return "No comparison has been completed yet: the first one ends within a day of deployment"
    accounts = {0: "No account has drifted", 1: "1 account has drifted"}
    return f"{accounts.get(count, f'{count} accounts have drifted')} (last compared {compared})"


def _text(drifted: Drifted, terminal: Terminal) -> Iterator[str]:
    account_id = terminal.paint(safe(str(drifted["accountId"])), "bold")
    request_id = safe(str(drifted["requestId"]))
    yield f"{account_id}  {request_id}, revision {drifted['revision']}, since {drifted['since']}"
    for one in drifted["differences"]:
        yield f"  {safe(sentence(one))}"
    yield ""
