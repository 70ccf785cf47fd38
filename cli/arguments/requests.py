"""Commands about requests."""

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
from vending.states import State


def submit(commands: Commands) -> None:
    parser = command(
        commands,
        "submit",
        "cli.commands.submit:run",
        "submit requests and follow them",
        "Submits one request or a list, from JSON or YAML, and follows it to its end. What is "
        "already vended is not vended again; what failed resumes where it stopped.",
    )
    parser.add_argument("file", metavar="FILE", help="request file; - reads standard input")
    local_option(parser)
    wait_option(parser, "follow the requests to their end")
    json_option(parser)
    embedded_options(parser)


def status(commands: Commands) -> None:
    parser = command(
        commands,
        "status",
        "cli.commands.query:status",
        "show where one request stands, or the history of an account",
        "Shows a request's record: what was made, or what went wrong and what to do about it. Of "
        "an account's id, it shows the account's revisions, and its retirement.",
    )
    parser.add_argument(
        "id", metavar="ID", help="the request id, as `vend submit` prints it; or an account's id"
    )
    json_option(parser)


def list_(commands: Commands) -> None:
    parser = command(
        commands,
        "list",
        "cli.commands.query:list_",
        "list the requests, newest change first",
        "Lists the requests in the ledger, the one that changed last first.",
    )
    parser.add_argument(
        "--watch",
        action="store_true",
        help="show them as they change, until Ctrl-C; with --json, each that changes in a line",
    )
    parser.add_argument(
        "--state",
        metavar="STATE",
        type=values.state,
        help=f"only those in one of {', '.join(State)}",
    )
    parser.add_argument(
        "--requester", metavar="NAME", help="only those of this requester of the request policy"
    )
    parser.add_argument(
        "--ou", metavar="PATH", type=values.unit_path, help="only those for this unit or one below"
    )
    json_option(parser)


def resume(commands: Commands) -> None:
    parser = command(
        commands,
        "resume",
        "cli.commands.resume:run",
        "resume a request that failed or stopped",
        "Sends a request again exactly as the ledger keeps it and follows it to its end. It "
        "resumes where it stopped, even after a new version was deployed.",
    )
    parser.add_argument("id", metavar="ID", help="the request id, as `vend list` shows it")
    wait_option(parser, "follow the request to its end")
    json_option(parser)


def cancel(commands: Commands) -> None:
    parser = command(
        commands,
        "cancel",
        "cli.commands.cancel:run",
        "cancel a request for which AWS was not asked for anything yet",
        "Stops a request that was just requested, that waits for approval, or that waits for its "
        "turn. It ends FAILED, with who cancelled it, and can be resumed.",
    )
    parser.add_argument("id", metavar="ID", help="the request id, as `vend list` shows it")
    json_option(parser)


def confirm(commands: Commands) -> None:
    parser = command(
        commands,
        "confirm",
        "cli.commands.confirm:run",
        "give the code that AWS has sent to a root user's new email",
        "Gives a request that changes the email of an account's root user the code that AWS has "
        "sent to the new address, and waits for AWS's answer.",
    )
    parser.add_argument("id", metavar="ID", help="the request id, as `vend list` shows it")
    parser.add_argument(
        "code", metavar="CODE", nargs="?", help="6 letters and digits; - reads standard input"
    )
    parser.add_argument("--resend", action="store_true", help="have AWS send another code instead")
    json_option(parser)


def decisions(commands: Commands) -> None:
    approve = command(
        commands,
        "approve",
        "cli.commands.decide:approve",
        "approve a request that waits for approval",
        "Approves a request, or the retirement of an account, that the request policy has wait for "
        "approval. It goes on once all approvals are given that it needs. Nobody approves what "
        "they asked for themselves.",
    )
    reject = command(
        commands,
        "reject",
        "cli.commands.decide:reject",
        "reject a request that waits for approval",
        "Rejects a request, or the retirement of an account, that waits for approval: it ends, and "
        "nothing was done for it.",
    )
    for each, is_needed in ((approve, False), (reject, True)):
        each.add_argument(
            "id", metavar="ID", help="the request's id as `vend list` shows it; or an account's id"
        )
        each.add_argument(
            "--reason", metavar="TEXT", required=is_needed, help="why, for the record"
        )
        json_option(each)


def redrive(commands: Commands) -> None:
    parser = command(
        commands,
        "redrive",
        "cli.commands.redrive:run",
        "redeliver undeliverable events",
        "Redelivers the events in the dead-letter queue: requests to the bus, events of AWS "
        "services to the functions that they are for. A request that was vended meanwhile is "
        "not vended again. What cannot be redelivered stays in the queue.",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only show what is in the queue and why"
    )
    json_option(parser)
