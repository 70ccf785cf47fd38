"""`vend doctor`: everything that vending needs, and what is wrong, in one table."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.aws.environment import explained, is_denied, session_of_environment
from cli.aws.stack import REGION, Stack
from cli.checks.before_deploy import BEFORE_DEPLOY
from cli.checks.checks import CHECKS, Check, Place, Result
from cli.checks.smoke import SMOKE
from cli.output.failure import EXIT_NOT_VENDED, EXIT_VENDED, CommandError
from cli.output.terminal import Terminal, pad, safe

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
_SIGNS = {"ok": ("✓", "ok"), "warn": ("!", "!"), "fail": ("✗", "x")}
_CONFIG = Config(
    connect_timeout=10, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 8}
)


def run(arguments: argparse.Namespace) -> int:
    """Print the checks; 0 unless one failed. Without credentials there is nothing to check."""
    checks = CHECKS
    if arguments.before_deploy:
        checks = BEFORE_DEPLOY
    elif arguments.smoke:
        checks = SMOKE
    results = list(examined(session_of_environment(), checks))
    if arguments.json:
        print(json.dumps([dataclasses.asdict(each) for each in results], indent=2))
    else:
        print("\n".join(_text(results, Terminal.of(sys.stdout))))
    failed = any(each.level == "fail" for each in results)
    return EXIT_NOT_VENDED if failed else EXIT_VENDED


def examined(
    session: boto3.session.Session, checks: Mapping[str, Check] = CHECKS
) -> Iterator[Result]:
    """Every check's results.

    Raises:
        CommandError: there are no credentials, or AWS does not accept them.
    """
    region = session.region_name or REGION
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            clients[service] = session.client(service, region_name=region, config=_CONFIG)  # type: ignore[call-overload]
        return clients[service]

    with explained():
        account_id = client("sts").get_caller_identity()["Account"]
    yield Result(check="credentials", level="ok", what=f"account {account_id}")
    place = Place(client=client, region=region, account_id=account_id, stack=_stack(session))
    for name, check in checks.items():
        yield from _checked(name, check, place)


def _stack(session: boto3.session.Session) -> Stack | None:
    try:
        with explained():
            return Stack(session)
    except CommandError:
        return None


def _checked(name: str, check: Check, place: Place) -> Iterator[Result]:
    try:
        yield from check(place)
    except ClientError as error:
        needs = f"the permission for {error.operation_name}" if is_denied(error) else str(error)
        yield Result(
            check=name,
            level="warn",
            what=f"cannot be checked: {needs}",
            remedy="Use a role that may read it" if is_denied(error) else "Try again later",
        )
    except BotoCoreError as error:
        yield Result(check=name, level="warn", what=f"cannot be checked: {error}")


def _text(results: Sequence[Result], terminal: Terminal) -> list[str]:
    room = max(len(each.check) for each in results)
    lines = []
    for each in results:
        sign = pad(terminal.sign(*_SIGNS[each.level]), 2)
        label = terminal.paint(f"{sign} {pad(each.check, room)}", _COLOURS[each.level])
        lines.append(f"{label}  {safe(each.what)}")
        if each.remedy and each.level != "ok":
            lines.append(f"{' ' * (room + 3)}  {terminal.paint(safe(each.remedy), 'dim')}")
    counts = [(level, sum(each.level == level for each in results)) for level in _COLOURS]
    words = {"ok": "right", "warn": "to know about", "fail": "wrong"}
    summary = ", ".join(f"{count} {words[level]}" for level, count in counts if count)
    return [*lines, "", summary]
