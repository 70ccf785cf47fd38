"""Where a command acts: on the AWS of this environment, or on an embedded one of its own."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from cli.aws.environment import explained
from cli.aws.stack import Stack
from cli.output.failure import InputError
from cli.output.progress import spinning
from cli.output.terminal import Terminal, duration


def check(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go together, before anything is read or started."""
    if not arguments.local and (arguments.faults or arguments.speed is not None):
        raise InputError(
            "--faults and --speed are for the embedded AWS",
            remedy="Add --local, or pass them to `vend local`",
        )
    if arguments.local and not getattr(arguments, "wait", True):
        raise InputError("--local ends with this command, so it cannot be combined with --no-wait")


@contextlib.contextmanager
def aws(arguments: argparse.Namespace, progress: Terminal) -> Iterator[Stack]:
    """The stack that the options lead to, until the block ends."""
    if not arguments.local:
        with explained():
            stack = Stack.from_environment()
        yield stack
        return
    from cli.commands.local import embedded_aws  # noqa: PLC0415 -- moto is slow to import, and may be absent

    faults = Path(arguments.faults) if arguments.faults else None
    began = time.monotonic()
    with contextlib.ExitStack() as running:
        with spinning(progress, "Starting the embedded AWS"):
            aws = running.enter_context(embedded_aws(speed=arguments.speed or 1.0, faults=faults))
        took = duration(time.monotonic() - began)
        line = f"Embedded AWS started in {took}, this stack deployed"
        progress.write(progress.paint(line, "dim") + "\n")
        yield Stack.embedded(aws.endpoint_url)


def named(stack: Stack, *, is_local: bool) -> str:
    """The place in words."""
    if is_local:
        return f"embedded AWS, account {stack.account_id}, nothing leaves this machine"
    if stack.is_on_this_machine:
        return f"AWS at {stack.endpoint_url}, account {stack.account_id}"
    return f"AWS, account {stack.account_id}, {stack.region}"
