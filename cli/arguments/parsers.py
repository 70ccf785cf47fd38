"""What parsers of commands have in common."""

from __future__ import annotations

import argparse
from typing import NoReturn, TypeAlias

from cli.arguments import values
from cli.output.failure import EXIT_USAGE, CommandError


class Parser(argparse.ArgumentParser):
    """argparse, but its errors look like all others and point to the command's own help."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(message, remedy=f"See `{self.prog} --help`", exit_code=EXIT_USAGE)


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001 - no public name


def command(
    commands: Commands,
    name: str,
    run: str,
    help: str,  # noqa: A002
    description: str,
) -> argparse.ArgumentParser:
    """A command, which `run`, a module and its function, carries out."""
    made = commands.add_parser(name, help=help, description=description, allow_abbrev=False)
    made.set_defaults(run=run)
    return made


def json_option(to: argparse.ArgumentParser) -> None:
    to.add_argument("--json", action="store_true", help="print JSON, for scripts")


def wait_option(to: argparse.ArgumentParser, what: str) -> None:
    to.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help=f"{what} (the default)",
    )


def local_option(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--local",
        action="store_true",
        help="on an embedded AWS that runs in this process",
    )


def embedded_options(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--faults", metavar="FILE", help="JSON list of faults to inject into the embedded AWS"
    )
    to.add_argument(
        "--speed",
        metavar="N",
        type=values.speed,
        help="run time on the embedded AWS N times as fast (1)",
    )
