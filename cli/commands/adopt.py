"""`vend adopt`: one file for each account of the organization, as it is."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cli.aws.environment import explained
from cli.aws.stack import Stack
from cli.output.failure import (
    EXIT_INTERRUPTED,
    EXIT_NOT_VENDED,
    EXIT_VENDED,
    CommandError,
)
from cli.output.progress import spinning
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe

if TYPE_CHECKING:
    from cli.fleet.adoption import Adoption

_SAID_EVERY = 100
"""Accounts between two lines of progress, where nothing can be redrawn."""


def run(arguments: argparse.Namespace) -> int:
    """Write the files and the ledger; 0 when every account has its own as it is, else 1."""
    from cli.fleet import adoption  # noqa: PLC0415 -- the operations are slow to import

    progress = Terminal.of(sys.stderr)
    folder = Path(arguments.out)
    try:
        with explained():
            stack = Stack.from_environment()
            with spinning(progress, "Reading the organization") as show:

                def report(count: int, of: int) -> None:
                    show(f"Adopting {count:,} of {of:,} accounts")
                    if not progress.live and (count % _SAID_EVERY == 0 or count == of):
                        progress.write(f"{count:,} of {of:,} accounts\n")

                done = adoption.adopt(stack, folder, report=report)
    except KeyboardInterrupt:
        again = command("adopt", "--out", arguments.out)
        progress.write(f"\nStopped; what was written stays.\nNext  {again}\n")
        return EXIT_INTERRUPTED
    except OSError as error:
        raise CommandError(f"{folder} cannot be written: {error}") from None
    if arguments.json:
        print(json.dumps(done.as_dict(), indent=2, ensure_ascii=False))
    else:
        print("\n".join(_text(done, arguments.out)))
    return EXIT_NOT_VENDED if done.problems or done.edited else EXIT_VENDED


def _text(done: Adoption, out: str) -> Iterator[str]:
    yield (
        f"{len(done.written):,} files written, {len(done.updated):,} updated, "
        f"{len(done.unchanged):,} unchanged; {done.recorded:,} revisions recorded"
    )
    if done.resumed:
        yield f"{done.resumed:,} accounts were done by a run that was stopped"
    if not done.are_contacts_known:
        yield (
            "Contacts were not read: they need trusted access for account.amazonaws.com and "
            "account:GetAlternateContact"
        )
    for path, differences in sorted(done.edited.items()):
        yield f"\n{safe(path)} was edited, and is left as it is; the account is another since:"
        yield from (f"    {safe(one)}" for one in differences)
    for account_id, problems in sorted(done.problems.items()):
        yield f"\nThe account {account_id} was not adopted:"
        yield from (f"    {safe(one)}" for one in problems)
    yield f"\nNext  {command('plan', out)}"
