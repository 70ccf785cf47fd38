"""The whole command line: the commands in the order in which help lists them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from cli.arguments import fleet, requests, retirement, system
from cli.arguments.parsers import Parser

DESCRIPTION = "Vends AWS accounts: exactly one account per request."
EPILOG = """\
examples:
  vend submit examples/requests/sandbox.yaml --local   on this machine, no AWS account needed
  vend submit examples/requests/sandbox.yaml           in the account of AWS_PROFILE
  vend status r-2f1c06e3a54b7d9810aa                   where one request stands
  vend list --state FAILED                             what needs attention
  vend list --watch                                    all of them, as they change
  vend accounts --ou /Workloads                        the accounts below a unit
  vend status 123456789012                             what was changed in one, by whom
  vend resume r-2f1c06e3a54b7d9810aa                   resume it where it stopped
  vend cancel portal.sandbox-1                         before AWS is asked for anything
  vend approve portal.sandbox-1                        what waits for an approval goes on
  vend retire 123456789012 --reason "project over"     suspend it, close it after 14 days
  vend restore 123456789012                            put it back as it was
  vend drift                                           which accounts others have changed
  vend audit --since 2026-11-28                        who asked, what was done
  vend doctor                                          what is missing or stuck
  vend plan examples/organization.yaml                 what it would change, changing nothing
  vend adopt                                           one file for each account, as it is
  vend plan accounts/                                  the same of a directory of accounts
  vend apply accounts/                                 carry that out, account by account
  vend setup examples/organization.yaml                prepare the organization
  vend explain ACCOUNT_NUMBER_LIMIT_EXCEEDED           what an error means, what to do
  vend completion bash                                 what bash completes, for `source`
  vend local                                           the embedded AWS for any AWS client

exit status: 0 vended, 1 not vended, 2 bad input or usage
"""
COMMANDS = (
    requests.submit,
    system.setup,
    fleet.adopt,
    fleet.plan,
    fleet.apply,
    requests.status,
    requests.list_,
    fleet.accounts,
    requests.resume,
    requests.cancel,
    retirement.retire,
    retirement.restore,
    requests.confirm,
    requests.decisions,
    fleet.drift,
    requests.redrive,
    system.audit,
    system.doctor,
    system.explain,
    system.schema,
    system.completion,
    system.local,
    system.portal,
)


def parser() -> argparse.ArgumentParser:
    """Everything the command understands."""
    top = Parser(
        prog="vend",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action=_Version, help="print the version and exit")
    commands = top.add_subparsers(metavar="COMMAND", required=True, title="commands")
    for add in COMMANDS:
        add(commands)
    return top


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help with room for the longest command, whose indentation argparse does not count."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._action_max_length = max(len(add.__name__) for add in COMMANDS) + 4


class _Version(argparse.Action):
    """--version, looked up only when asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:  # noqa: A002
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"vend {_version()}")
        parser.exit()


def _version() -> str:
    import tomllib  # noqa: PLC0415
    from importlib import metadata  # noqa: PLC0415

    try:
        return metadata.version("account-vending")
    except metadata.PackageNotFoundError:
        project = Path(__file__).resolve().parents[2] / "pyproject.toml"
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
