"""Commands that end an account, or put it back."""

from __future__ import annotations

from cli.arguments import values
from cli.arguments.parsers import Commands, command, json_option, wait_option

WAIT = "follow until the account is suspended, or restored"


def retire(commands: Commands) -> None:
    parser = command(
        commands,
        "retire",
        "cli.commands.retire:retire",
        "end an account: suspend it, and close it after a grace period",
        "Moves an account to the unit for retired accounts and denies it everything. After the "
        "grace period AWS is asked to close it, in turn and within the quota; until then "
        "`vend restore` puts it back as it was.",
    )
    parser.add_argument("account", metavar="ACCOUNT", type=values.account, help="the account's id")
    parser.add_argument(
        "--reason", metavar="TEXT", required=True, help="why, for whoever finds it suspended"
    )
    parser.add_argument(
        "--deregister-delegated-administrator",
        action="store_true",
        help="also where the account administers services for the organization",
    )
    wait_option(parser, WAIT)
    json_option(parser)


def restore(commands: Commands) -> None:
    parser = command(
        commands,
        "restore",
        "cli.commands.retire:restore",
        "put a retired account back as it was",
        "Moves an account that is in its grace period back to where it was and takes off what "
        "suspended it. Once AWS was asked to close it, only AWS Support can reopen it.",
    )
    parser.add_argument("account", metavar="ACCOUNT", type=values.account, help="the account's id")
    wait_option(parser, WAIT)
    json_option(parser)
