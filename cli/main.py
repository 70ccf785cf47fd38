"""The entry point: what the command understands, and how it ends.

Only what a command needs is imported, so that help and explanations come at once.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import math
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO

from cli.output.failure import EXIT_INTERRUPTED, EXIT_NOT_VENDED, EXIT_USAGE, CommandError
from cli.signals import TERMINATION_SIGNALS
from vending.states import State

DESCRIPTION = "Vends AWS accounts: exactly one account per request."
EPILOG = """\
examples:
  vend submit examples/requests/sandbox.yaml --local   on this machine, no AWS account needed
  vend submit examples/requests/sandbox.yaml           in the account of AWS_PROFILE
  vend status r-2f1c06e3a54b7d9810aa                   where one request stands
  vend list --state FAILED                             what needs attention
  vend accounts --ou /Workloads                        the accounts below a unit
  vend status 123456789012                             what was changed in one, by whom
  vend resume r-2f1c06e3a54b7d9810aa                   resume it where it stopped
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
  vend local                                           the embedded AWS for any AWS client

exit status: 0 vended, 1 not vended, 2 bad input or usage
"""
DEFAULT_PORT, MAX_PORT = 5111, 65535
ACCOUNT_DIGITS = 12
ACCOUNT_STATES = ("ACTIVE", "RETIRING", "CLOSING", "CLOSED", "DEPARTED")
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


class _Parser(argparse.ArgumentParser):
    """argparse, but its errors look like all others and point to the command's own help."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(message, remedy=f"See `{self.prog} --help`", exit_code=EXIT_USAGE)


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status.

    Without `words`, which are those of this program then, its process may end here.
    """
    status = _status(words)
    if words is None and "embedded.cloud" in sys.modules:
        _leave(status)
    return status


def _status(words: Sequence[str] | None) -> int:
    if threading.current_thread() is threading.main_thread():
        for each in TERMINATION_SIGNALS:
            # Who starts a command with nohup wants it to outlive the terminal.
            if signal.getsignal(each) is not signal.SIG_IGN:
                signal.signal(each, _terminated)
    try:
        return _run(words)
    except CommandError as failure:
        return _failed(failure)
    except KeyboardInterrupt:
        _write_error("\nStopped.\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader has what it wanted
        _discard(sys.stdout)
        _discard(sys.stderr)
        return EXIT_NOT_VENDED
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        _discard(sys.stdout)
        return _failed(CommandError(f"cannot write output: {error.strerror}"))


def _run(words: Sequence[str] | None) -> int:
    try:
        arguments = parser().parse_args(words)
        module, function = arguments.run.split(":")
        return int(getattr(importlib.import_module(module), function)(arguments))
    finally:
        # What is still in the buffer can fail to be written as well; after help, too.
        if sys.stdout is not None:
            sys.stdout.flush()


def _leave(status: int) -> NoReturn:
    """End at once: taking an embedded AWS apart that has ended already takes Python seconds."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.flush()
    os._exit(status)


def _discard(stream: TextIO | None) -> None:
    """Have Python not complain again when it flushes the stream at exit."""
    if stream is not None:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def parser() -> argparse.ArgumentParser:
    """Everything the command understands."""
    top = _Parser(
        prog="vend",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action=_Version, help="print the version and exit")
    commands = top.add_subparsers(metavar="COMMAND", required=True, title="commands")

    submit = _command(
        commands,
        "submit",
        "cli.commands.submit:run",
        "submit requests and follow them",
        "Submits one request or a list, from JSON or YAML, and follows it to its end. What is "
        "already vended is not vended again; what failed resumes where it stopped.",
    )
    submit.add_argument("file", metavar="FILE", help="request file; - reads standard input")
    submit.add_argument(
        "--local",
        action="store_true",
        help="vend on an embedded AWS that runs in this process",
    )
    submit.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="follow the requests to their end (the default)",
    )
    _json_option(submit)
    _embedded_options(submit)

    setup = _command(
        commands,
        "setup",
        "cli.commands.setup:run",
        "prepare the organization",
        "Brings the organization to what its document says: all features, policy types, trusted "
        "access, central root access, organizational units, policies. What exists is "
        "left unchanged, so it is safe to run at any time.",
    )
    setup.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        default="organization.yaml",
        help="the organization's document (%(default)s); - reads standard input",
    )
    setup.add_argument(
        "--local",
        action="store_true",
        help="on an embedded AWS that runs in this process",
    )
    setup.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="follow the setup to its end (the default)",
    )
    _json_option(setup)
    _embedded_options(setup)

    _adopt(commands)
    _plan(commands)
    _apply(commands)

    status = _command(
        commands,
        "status",
        "cli.commands.query:status",
        "show where one request stands, or the history of an account",
        "Shows a request's record: what was made, or what went wrong and what to do about it. Of "
        "an account's id, it shows the account's revisions, and its retirement.",
    )
    status.add_argument(
        "id", metavar="ID", help="the request id, as `vend submit` prints it; or an account's id"
    )
    _json_option(status)

    listing = _command(
        commands,
        "list",
        "cli.commands.query:list_",
        "list the requests, newest change first",
        "Lists the requests in the ledger, the one that changed last first.",
    )
    listing.add_argument(
        "--state", metavar="STATE", type=_state, help=f"only those in one of {', '.join(State)}"
    )
    _json_option(listing)

    _accounts(commands)
    _resume(commands)

    _retirement(commands)

    _confirm(commands)

    _drift(commands)

    _redrive(commands)

    audit = _command(
        commands,
        "audit",
        "cli.commands.audit:run",
        "show who asked for what, and what was done when",
        "Shows the audit trail, oldest entry first: every change of a request, from immutable "
        "objects. With --json one entry per line, with the whole row, for export.",
    )
    audit.add_argument("--request", metavar="ID", help="only this request's")
    audit.add_argument(
        "--since",
        metavar="MOMENT",
        type=_moment,
        help="only from this day or moment on, such as 2026-11-28 or 2026-11-28T09:30Z",
    )
    _json_option(audit)

    doctor = _command(
        commands,
        "doctor",
        "cli.commands.doctor:run",
        "check prerequisites and find what is wrong",
        "Checks credentials, organization, stack, events and requests, and changes nothing. Each "
        "line with a problem says what to do about it.",
    )
    kind = doctor.add_mutually_exclusive_group()
    kind.add_argument(
        "--before-deploy",
        action="store_true",
        help="check what a deployment needs, in the account of your credentials",
    )
    kind.add_argument(
        "--smoke",
        action="store_true",
        help="send a request that must be refused through the deployed stack; creates nothing",
    )
    _json_option(doctor)

    explain = _command(
        commands,
        "explain",
        "cli.commands.explain:run",
        "explain an error",
        "Explains an error: what it means, who must act, and what to do. Needs no AWS.",
    )
    explain.add_argument("error", metavar="CODE[/REASON]", help="as a record or AWS gives it")
    _json_option(explain)

    _schema(commands)

    _local(commands)

    _command(
        commands,
        "portal",
        "cli.commands.portal:run",
        "publish the page of the deployed portal",
        "Puts the page's files, which `make page` builds, into the bucket of the deployed stack's "
        "portal, and prints the page's address. Safe to repeat.",
    )
    return top


def _local(commands: argparse._SubParsersAction[_Parser]) -> None:
    local = _command(
        commands,
        "local",
        "cli.commands.local:run",
        "run the embedded AWS for any AWS client",
        "Serves the embedded AWS on 127.0.0.1, with this stack deployed, until Ctrl-C. Prints the "
        "exports to use, then a line that begins with `ready`.",
    )
    local.add_argument(
        "--port",
        metavar="N",
        type=_port,
        default=DEFAULT_PORT,
        help="TCP port (%(default)s); 0 for any free one",
    )
    local.add_argument(
        "--second-organization",
        action="store_true",
        help="with another organization, which has an account to invite",
    )
    local.add_argument(
        "--portal",
        action="store_true",
        help="with the page for people, who are the demo's; `make portal` builds it",
    )
    local.add_argument(
        "--samples",
        action="store_true",
        help="with --portal: begin with requests in every state",
    )
    _embedded_options(local)


def _plan(commands: argparse._SubParsersAction[_Parser]) -> None:
    plan = _command(
        commands,
        "plan",
        "cli.commands.plan:run",
        "show what files of accounts, a request or an organization's document would change",
        "Shows what submitting a request or setting up an organization would change, without "
        "changing anything. Several files, or a directory with one for each account, are compared "
        "with the ledger and the organization together. Reads with your own credentials.",
    )
    plan.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="a file as for submit or setup, - for standard input; or several, or a directory",
    )
    plan.add_argument(
        "--local",
        action="store_true",
        help="on an embedded AWS that runs in this process",
    )
    _only_option(plan)
    plan.add_argument("--out", metavar="PLAN", help="save the plan for `vend apply PLAN`")
    plan.add_argument(
        "--detailed-exitcode",
        action="store_true",
        help="end with 0 where nothing differs, 2 where something does, 1 for any failure",
    )
    form = plan.add_mutually_exclusive_group()
    form.add_argument(
        "--markdown", action="store_true", help="print Markdown, for a comment of a pull request"
    )
    form.add_argument("--json", action="store_true", help="print JSON, for scripts")
    _embedded_options(plan)


def _adopt(commands: argparse._SubParsersAction[_Parser]) -> None:
    adopt = _command(
        commands,
        "adopt",
        "cli.commands.adopt:run",
        "write a file for each account of the organization, as it is",
        "Writes one file for each active account, with its name, email, unit, tags, policies and "
        "contacts, and a revision of it in the ledger, by your own permissions. Nothing is done to "
        "any account. Run again, it changes only the files of accounts that changed, and none that "
        "a person has edited; a run that was stopped is gone on with.",
    )
    adopt.add_argument(
        "--out", metavar="DIR", default="accounts", help="where the files go (%(default)s)"
    )
    _json_option(adopt)


def _apply(commands: argparse._SubParsersAction[_Parser]) -> None:
    apply = _command(
        commands,
        "apply",
        "cli.commands.apply:run",
        "carry out what files of accounts say",
        "Shows the plan of the files, and carries it out once you agree: new accounts are vended, "
        "changed ones changed, those with lifecycle retired are retired, each by itself, and those "
        "that do not differ are left alone. Run again, it goes on where it stopped. A saved plan "
        "is carried out exactly, or refused where the organization or the ledger has moved on.",
    )
    apply.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="files of accounts, a directory with them, or a plan that was saved",
    )
    _only_option(apply)
    apply.add_argument("--yes", action="store_true", help="carry it out unasked")
    apply.add_argument(
        "--max-changes",
        metavar="N",
        type=_count,
        default=50,
        help="do nothing if more accounts than this differ (%(default)s)",
    )
    apply.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="follow the accounts to their end (the default)",
    )
    _json_option(apply)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError("must be a number, 0 or more")
    return int(text)


def _only_option(to: argparse.ArgumentParser) -> None:
    to.add_argument("--only", metavar="GLOB", help="only the files whose name or path is like this")


def _accounts(commands: argparse._SubParsersAction[_Parser]) -> None:
    accounts = _command(
        commands,
        "accounts",
        "cli.commands.accounts:run",
        "list the accounts",
        "Lists the accounts that the ledger knows, each once, whichever requests it came by: those "
        "that were vended, adopted, recorded when they came, or retired.",
    )
    accounts.add_argument(
        "--state",
        metavar="STATE",
        type=_account_state,
        help=f"only those in one of {', '.join(ACCOUNT_STATES)}",
    )
    accounts.add_argument(
        "--ou", metavar="PATH", type=_unit_path, help="only those in this unit or below it"
    )
    accounts.add_argument(
        "--owner", metavar="GLOB", help="only those that were asked for by such a person or team"
    )
    accounts.add_argument("--name", metavar="GLOB", help="only those with such a name")
    accounts.add_argument(
        "--drifted", action="store_true", help="only those that others have changed"
    )
    form = accounts.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="print CSV, with a header")
    form.add_argument("--json", action="store_true", help="print JSON, for scripts")


def _redrive(commands: argparse._SubParsersAction[_Parser]) -> None:
    redrive = _command(
        commands,
        "redrive",
        "cli.commands.redrive:run",
        "redeliver undeliverable events",
        "Redelivers the events in the dead-letter queue: requests to the bus, events of AWS "
        "services to the functions that they are for. A request that was vended meanwhile is "
        "not vended again. What cannot be redelivered stays in the queue.",
    )
    redrive.add_argument(
        "--dry-run", action="store_true", help="only show what is in the queue and why"
    )
    _json_option(redrive)


def _resume(commands: argparse._SubParsersAction[_Parser]) -> None:
    resume = _command(
        commands,
        "resume",
        "cli.commands.resume:run",
        "resume a request that failed or stopped",
        "Sends a request again exactly as the ledger keeps it and follows it to its end. It "
        "resumes where it stopped, even after a new version was deployed.",
    )
    resume.add_argument("id", metavar="ID", help="the request id, as `vend list` shows it")
    resume.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="follow the request to its end (the default)",
    )
    _json_option(resume)


def _confirm(commands: argparse._SubParsersAction[_Parser]) -> None:
    confirm = _command(
        commands,
        "confirm",
        "cli.commands.confirm:run",
        "give the code that AWS has sent to a root user's new email",
        "Gives a request that changes the email of an account's root user the code that AWS has "
        "sent to the new address, and waits for AWS's answer.",
    )
    confirm.add_argument("id", metavar="ID", help="the request id, as `vend list` shows it")
    confirm.add_argument(
        "code", metavar="CODE", nargs="?", help="6 letters and digits; - reads standard input"
    )
    confirm.add_argument("--resend", action="store_true", help="have AWS send another code instead")
    _json_option(confirm)


def _drift(commands: argparse._SubParsersAction[_Parser]) -> None:
    drift = _command(
        commands,
        "drift",
        "cli.commands.drift:run",
        "show which accounts differ from their documents",
        "Shows what others have changed in accounts since their last revision, as the stack's "
        "daily comparison has found it. Exit status 1 where an account has drifted.",
    )
    drift.add_argument(
        "accounts",
        metavar="ACCOUNT",
        nargs="*",
        type=_account,
        help="only these accounts, by their ids",
    )
    _json_option(drift)


def _retirement(commands: argparse._SubParsersAction[_Parser]) -> None:
    retire = _command(
        commands,
        "retire",
        "cli.commands.retire:retire",
        "end an account: suspend it, and close it after a grace period",
        "Moves an account to the unit for retired accounts and denies it everything. After the "
        "grace period AWS is asked to close it, in turn and within the quota; until then "
        "`vend restore` puts it back as it was.",
    )
    retire.add_argument("account", metavar="ACCOUNT", type=_account, help="the account's id")
    retire.add_argument(
        "--reason", metavar="TEXT", required=True, help="why, for whoever finds it suspended"
    )
    retire.add_argument(
        "--deregister-delegated-administrator",
        action="store_true",
        help="also where the account administers services for the organization",
    )
    restore = _command(
        commands,
        "restore",
        "cli.commands.retire:restore",
        "put a retired account back as it was",
        "Moves an account that is in its grace period back to where it was and takes off what "
        "suspended it. Once AWS was asked to close it, only AWS Support can reopen it.",
    )
    restore.add_argument("account", metavar="ACCOUNT", type=_account, help="the account's id")
    for each in (retire, restore):
        each.add_argument(
            "--wait",
            action=argparse.BooleanOptionalAction,
            default=True,
            help="follow until the account is suspended, or restored (the default)",
        )
        _json_option(each)


def _schema(commands: argparse._SubParsersAction[_Parser]) -> None:
    schema = _command(
        commands,
        "schema",
        "cli.commands.explain:schema",
        "print the JSON Schema of a request",
        "Prints the JSON Schema of a request, generated from the model that checks it.",
    )
    schema.add_argument(
        "--request-policy",
        action="store_true",
        help="of the request policy, which says who may request what",
    )


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
        project = Path(__file__).resolve().parent.parent / "pyproject.toml"
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


def _command(
    commands: argparse._SubParsersAction[_Parser],
    name: str,
    run: str,
    help: str,  # noqa: A002
    description: str,
) -> argparse.ArgumentParser:
    made = commands.add_parser(name, help=help, description=description, allow_abbrev=False)
    made.set_defaults(run=run)
    return made


def _json_option(to: argparse.ArgumentParser) -> None:
    to.add_argument("--json", action="store_true", help="print JSON, for scripts")


def _embedded_options(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--faults", metavar="FILE", help="JSON list of faults to inject into the embedded AWS"
    )
    to.add_argument(
        "--speed",
        metavar="N",
        type=_speed,
        help="run time on the embedded AWS N times as fast (1)",
    )


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not (math.isfinite(speed) and speed > 0):
        raise argparse.ArgumentTypeError("must be a number above 0")
    return speed


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else -1
    if not 0 <= port <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"must be 0 to {MAX_PORT}")
    return port


def _account(text: str) -> str:
    if not (len(text) == ACCOUNT_DIGITS and text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError("must be an account's id, which has 12 digits")
    return text


def _moment(text: str) -> str:
    from vending.aws.clock import timestamp  # noqa: PLC0415

    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise argparse.ArgumentTypeError("must be a day or moment such as 2026-11-28") from None
    return timestamp((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _account_state(text: str) -> str:
    if text.upper() not in ACCOUNT_STATES:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(ACCOUNT_STATES)}")
    return text.upper()


def _unit_path(text: str) -> str:
    from vending.request import ou_paths  # noqa: PLC0415

    try:
        ou_paths.split(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _state(text: str) -> str:
    if text.upper() not in set(State):
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(State)}")
    return text.upper()


def _failed(failure: CommandError) -> int:
    from cli.output.terminal import Terminal  # noqa: PLC0415

    terminal = Terminal.of(sys.stderr)
    text = f"{terminal.paint('Error:', 'bold', 'red')} {failure.what}\n"
    if failure.remedy:
        text += f"{failure.remedy}\n"
    _write_error(text)
    return failure.exit_code


def _write_error(text: str) -> None:
    """Write to the standard error output, if it is there: a terminal can be gone."""
    from cli.output.terminal import Terminal  # noqa: PLC0415

    try:
        Terminal.of(sys.stderr).write(text)
    except OSError:
        _discard(sys.stderr)


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    """End as on Ctrl-C, so that what was started is stopped."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
