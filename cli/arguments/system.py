"""Commands about the organization, the system and its errors."""

from __future__ import annotations

from cli.arguments import values
from cli.arguments.parsers import (
    Commands,
    command,
    embedded_options,
    json_option,
    local_option,
    wait_option,
)


def setup(commands: Commands) -> None:
    parser = command(
        commands,
        "setup",
        "cli.commands.setup:run",
        "prepare the organization",
        "Brings the organization to what its document says: all features, policy types, trusted "
        "access, central root access, organizational units, policies. What exists is "
        "left unchanged, so it is safe to run at any time.",
    )
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        default="organization.yaml",
        help="the organization's document (%(default)s); - reads standard input",
    )
    local_option(parser)
    wait_option(parser, "follow the setup to its end")
    json_option(parser)
    embedded_options(parser)


def audit(commands: Commands) -> None:
    parser = command(
        commands,
        "audit",
        "cli.commands.audit:run",
        "show who asked for what, and what was done when",
        "Shows the audit trail, oldest entry first: every change of a request, from immutable "
        "objects. With --json one entry per line, with the whole row, for export.",
    )
    parser.add_argument("--request", metavar="ID", help="only this request's")
    parser.add_argument(
        "--since",
        metavar="MOMENT",
        type=values.moment,
        help="only from this day or moment on, such as 2026-11-28 or 2026-11-28T09:30Z",
    )
    json_option(parser)


def doctor(commands: Commands) -> None:
    parser = command(
        commands,
        "doctor",
        "cli.commands.doctor:run",
        "check prerequisites and find what is wrong",
        "Checks credentials, organization, stack, events and requests, and changes nothing. Each "
        "line with a problem says what to do about it.",
    )
    kind = parser.add_mutually_exclusive_group()
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
    json_option(parser)


def explain(commands: Commands) -> None:
    parser = command(
        commands,
        "explain",
        "cli.commands.explain:run",
        "explain an error",
        "Explains an error: what it means, who must act, and what to do. Needs no AWS.",
    )
    parser.add_argument(
        "error",
        metavar="CODE[/REASON]",
        nargs="?",
        help="as a record or AWS gives it; without it, all are listed",
    )
    json_option(parser)


def schema(commands: Commands) -> None:
    parser = command(
        commands,
        "schema",
        "cli.commands.explain:schema",
        "print the JSON Schema of a request",
        "Prints the JSON Schema of a request, generated from the model that checks it.",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--account-file",
        action="store_true",
        help="of an account's file, which `vend apply` carries out",
    )
    which.add_argument(
        "--request-policy",
        action="store_true",
        help="of the request policy, which says who may request what",
    )
    which.add_argument("--api", action="store_true", help="the API's OpenAPI 3.1 document instead")


def completion(commands: Commands) -> None:
    parser = command(
        commands,
        "completion",
        "cli.commands.completion:run",
        "print a script by which a shell completes this command",
        "Prints a script by which a shell completes commands, options, states, error codes and "
        "paths. Needs no AWS.",
    )
    parser.add_argument("shell", metavar="SHELL", choices=values.SHELLS, help="%(choices)s")


def local(commands: Commands) -> None:
    parser = command(
        commands,
        "local",
        "cli.commands.local:run",
        "run the embedded AWS for any AWS client",
        "Serves the embedded AWS on 127.0.0.1, with this stack deployed, until Ctrl-C. Prints the "
        "exports to use, then a line that begins with `ready`.",
    )
    parser.add_argument(
        "--port",
        metavar="N",
        type=values.port,
        default=values.DEFAULT_PORT,
        help="TCP port (%(default)s); 0 for any free one",
    )
    parser.add_argument(
        "--second-organization",
        action="store_true",
        help="with another organization, which has an account to invite",
    )
    parser.add_argument(
        "--portal",
        action="store_true",
        help="with the page for people, who are the demo's; `make portal` builds it",
    )
    parser.add_argument(
        "--samples",
        action="store_true",
        help="with --portal: begin with requests in every state that lasts",
    )
    parser.add_argument(
        "--calls-kept",
        metavar="N",
        type=values.at_least_one,
        help="keep the latest N calls in the log of calls (100000)",
    )
    embedded_options(parser)


def portal(commands: Commands) -> None:
    command(
        commands,
        "portal",
        "cli.commands.portal:run",
        "publish the page of the deployed portal",
        "Puts the page's files, which `make page` builds, into the bucket of the deployed stack's "
        "portal, and prints the page's address. Safe to repeat.",
    )
