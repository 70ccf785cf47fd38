"""Commands about accounts, one or a directory of them."""

from __future__ import annotations

import argparse

from cli.arguments import values
from cli.arguments.parsers import (
    Commands,
    command,
    embedded_options,
    json_option,
    local_option,
    wait_option,
)


def adopt(commands: Commands) -> None:
    parser = command(
        commands,
        "adopt",
        "cli.commands.adopt:run",
        "write a file for each account of the organization, as it is",
        "Writes one file for each active account, with its name, email, unit, tags, policies and "
        "contacts, and a revision of it in the ledger, by your own permissions. Nothing is done to "
        "any account. Run again, it changes only the files of accounts that changed, and none that "
        "a person has edited; a run that was stopped is gone on with.",
    )
    parser.add_argument(
        "--out", metavar="DIR", default="accounts", help="where the files go (%(default)s)"
    )
    json_option(parser)


def plan(commands: Commands) -> None:
    parser = command(
        commands,
        "plan",
        "cli.commands.plan:run",
        "show what files of accounts, a request or an organization's document would change",
        "Shows what submitting a request or setting up an organization would change, without "
        "changing anything. Several files, or a directory with one for each account, are compared "
        "with the ledger and the organization together. Reads with your own credentials.",
    )
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="a file as for submit or setup, - for standard input; or several, or a directory",
    )
    local_option(parser)
    only_option(parser)
    merged_option(parser)
    parser.add_argument("--out", metavar="PLAN", help="save the plan for `vend apply PLAN`")
    parser.add_argument(
        "--detailed-exitcode",
        action="store_true",
        help="end with 0 where nothing differs, 2 where something does, 1 for any failure",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--markdown", action="store_true", help="print Markdown, for a comment of a pull request"
    )
    form.add_argument("--json", action="store_true", help="print JSON, for scripts")
    embedded_options(parser)


def apply(commands: Commands) -> None:
    parser = command(
        commands,
        "apply",
        "cli.commands.apply:run",
        "carry out what files of accounts say",
        "Shows the plan of the files, and carries it out once you agree: new accounts are vended, "
        "changed ones changed, those with lifecycle retired are retired, each by itself, and those "
        "that do not differ are left alone. Run again, it goes on where it stopped. A saved plan "
        "is carried out exactly, or refused where the organization or the ledger has moved on.",
    )
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="files of accounts, a directory with them, or a plan that was saved",
    )
    only_option(parser)
    merged_option(parser)
    parser.add_argument("--yes", action="store_true", help="carry it out unasked")
    parser.add_argument(
        "--max-changes",
        metavar="N",
        type=values.count,
        default=50,
        help="do nothing if more accounts than this differ (%(default)s)",
    )
    wait_option(parser, "follow the accounts to their end")
    json_option(parser)


def only_option(to: argparse.ArgumentParser) -> None:
    to.add_argument("--only", metavar="GLOB", help="only the files whose name or path is like this")


def merged_option(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--merged",
        action="store_true",
        help="as the pipeline that carries out reviewed changes, which the request policy knows by "
        "a source of its own",
    )


def accounts(commands: Commands) -> None:
    parser = command(
        commands,
        "accounts",
        "cli.commands.accounts:run",
        "list the accounts",
        "Lists the accounts that the ledger knows, each once, whichever requests it came by: those "
        "that were vended, adopted, recorded when they came, or retired.",
    )
    parser.add_argument(
        "--state",
        metavar="STATE",
        type=values.account_state,
        help=f"only those in one of {', '.join(values.ACCOUNT_STATES)}",
    )
    parser.add_argument(
        "--ou", metavar="PATH", type=values.unit_path, help="only those in this unit or below it"
    )
    parser.add_argument(
        "--owner", metavar="GLOB", help="only those that were asked for by such a person or team"
    )
    parser.add_argument("--name", metavar="GLOB", help="only those with such a name")
    parser.add_argument(
        "--drifted", action="store_true", help="only those that others have changed"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="print CSV, with a header")
    form.add_argument("--json", action="store_true", help="print JSON, for scripts")


def drift(commands: Commands) -> None:
    parser = command(
        commands,
        "drift",
        "cli.commands.drift:run",
        "show which accounts differ from their documents",
        "Shows what others have changed in accounts since their last revision, as the stack's "
        "daily comparison has found it. Exit status 1 where an account has drifted.",
    )
    parser.add_argument(
        "accounts",
        metavar="ACCOUNT",
        nargs="*",
        type=values.account,
        help="only these accounts, by their ids",
    )
    json_option(parser)
