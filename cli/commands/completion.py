"""`vend completion SHELL`: what a shell completes of the command line, as a script of the shell."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import shtab

from cli.arguments import values
from cli.arguments.vend import parser
from cli.output.failure import EXIT_VENDED
from vending.errors import catalogue
from vending.states import State

_PATHS = {"FILE": shtab.FILE, "PLAN": shtab.FILE, "DIR": shtab.DIRECTORY}
"""What is completed as a path, by what help calls it."""


def run(arguments: argparse.Namespace) -> int:
    """Print the script."""
    top = parser()
    for action in _actions(top):
        metavar = action.metavar if isinstance(action.metavar, str) else ""
        if metavar in _PATHS:
            action.complete = _PATHS[metavar]  # type: ignore[attr-defined]
        elif action.type is values.state:
            action.choices = list(State)
        elif action.type is values.account_state:
            action.choices = values.ACCOUNT_STATES
        elif metavar.startswith("CODE["):
            action.choices = sorted(catalogue.codes())
    sys.stdout.write(f"{shtab.complete(top, arguments.shell).rstrip()}\n")
    return EXIT_VENDED


def _actions(top: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of all commands."""
    for action in top._actions:  # noqa: SLF001 - no public name
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - likewise
            for each in action.choices.values():
                yield from _actions(each)
