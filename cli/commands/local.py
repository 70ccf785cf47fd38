"""`vend local`, and how any command gets an embedded AWS of its own."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from cli.commands import local_portal, portal_samples
from cli.output.failure import EXIT_VENDED, CommandError, InputError
from cli.output.progress import spinning
from cli.output.shell_command import command
from cli.output.terminal import Terminal
from cli.signals import TERMINATION_SIGNALS

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws


@contextlib.contextmanager
def embedded_aws(
    *,
    speed: float = 1.0,
    faults: Path | None = None,
    port: int = 0,
    schedules: bool = False,
    second_organization: bool = False,
    assembly: Path | None = None,
    calls_kept: int | None = None,
) -> Iterator[EmbeddedAws]:
    """An embedded AWS with the stack deployed, until the block ends.

    `second_organization`: with another organization, whose account can be invited. `assembly`: what
    is deployed, in place of cdk.out. `calls_kept`: how many calls its log keeps at least.

    Raises:
        InputError: the fault file has mistakes.
        CommandError: something it needs is not built or not installed, or the port is taken.
    """
    try:
        from embedded.cloud import PROJECT, EmbeddedAws, EmbeddedAwsNotBuilt  # noqa: PLC0415
        from embedded.core.faults import FaultsInvalid  # noqa: PLC0415
        from embedded.core.sessions import unconfigured_process  # noqa: PLC0415
        from embedded.organizations.settings import OrganizationSettings  # noqa: PLC0415
    except ImportError as error:
        raise CommandError(
            f"the embedded AWS is not installed here: {error}",
            remedy="Run `make vend` once in a clone of the repository, then use .venv/bin/vend",
        ) from None
    if port:
        _require_free(port)
    with contextlib.ExitStack() as stack:
        stack.enter_context(unconfigured_process())
        try:
            made = EmbeddedAws(
                port=port,
                speed=speed,
                faults=faults,
                schedules=schedules,
                organization=OrganizationSettings(second_organization=second_organization),
                assembly=assembly or PROJECT / "cdk.out",
                calls_kept=calls_kept,
            )
            aws = stack.enter_context(made)
        except EmbeddedAwsNotBuilt as error:
            raise CommandError(str(error), remedy="Run `make synth`, then try again") from None
        except FaultsInvalid as error:
            raise InputError(f"invalid fault file\n{error}") from None
        yield aws


def _require_free(port: int) -> None:
    """Fail before anything slow has started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"cannot bind port {port}: {error.strerror}",
                remedy="Choose another with --port, or 0 for any free one",
            ) from None


def run(arguments: argparse.Namespace) -> int:
    """Serve the embedded AWS until Ctrl-C, SIGTERM or SIGHUP; 0 then."""
    if arguments.samples and not arguments.portal:
        raise InputError("--samples needs --portal")
    if arguments.portal:
        local_portal.ensure_built()
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        if not stopping:  # nothing ends the end half-way
            stopping = True
            raise KeyboardInterrupt

    progress = Terminal.of(sys.stderr)
    ending = [one for one in (*TERMINATION_SIGNALS, signal.SIGINT) if _is_heeded(one)]
    earlier = {one: signal.signal(one, stop) for one in ending}
    try:
        with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as running:
            with spinning(progress, "Starting the embedded AWS"):
                aws = running.enter_context(
                    embedded_aws(
                        speed=arguments.speed or 1.0,
                        faults=Path(arguments.faults) if arguments.faults else None,
                        port=arguments.port,
                        schedules=True,
                        second_organization=arguments.second_organization,
                        assembly=local_portal.ASSEMBLY if arguments.portal else None,
                        calls_kept=arguments.calls_kept,
                    )
                )
            if arguments.portal:
                local_portal.publish(aws)
            if arguments.samples:
                with spinning(progress, "Sending the sample requests"):
                    portal_samples.send(aws)
            guides = [
                *(guide_to_second() if arguments.second_organization else []),
                *(local_portal.guide(aws) if arguments.portal else []),
            ]
            print("\n".join(guide(aws.endpoint_url, aws.outputs, guides)), flush=True)
            # Python loses an exception that is raised in a finalizer, so this looks as well.
            while not stopping:
                time.sleep(1)
    finally:
        for one, handler in earlier.items():
            signal.signal(one, handler)
    progress.write("Stopped; nothing was kept\n")
    return EXIT_VENDED


def _is_heeded(one: signal.Signals) -> bool:
    """A command started with nohup outlives its terminal; Ctrl-C always ends it."""
    return one == signal.SIGINT or signal.getsignal(one) is not signal.SIG_IGN


def guide_to_second() -> list[str]:
    """How to invite the account of the second organization, and to accept as its owner."""
    from embedded.organizations import owner_credentials, second_organization  # noqa: PLC0415

    member = second_organization.MEMBER.id
    owner = owner_credentials(member)
    return [
        "",
        f"# The organization of {second_organization.MANAGER.id} has the account {member}.",
        "# It moves here when it is invited, and its owner accepts:",
        command("plan", "examples/requests/invited_from_organization.yaml"),
        command("submit", "examples/requests/invited_from_organization.yaml", "--no-wait"),
        f"export AWS_ACCESS_KEY_ID={owner.access_key_id}",
        f"export AWS_SECRET_ACCESS_KEY={owner.secret_access_key}",
        f"export AWS_SESSION_TOKEN={owner.session_token}",
        command("organizations", "list-handshakes-for-account", program="aws"),
        command(
            "organizations", "accept-handshake", "--handshake-id", "HANDSHAKE_ID", program="aws"
        ),
    ]


def guide(endpoint_url: str, outputs: dict[str, str], more: Sequence[str] = ()) -> list[str]:
    """What `vend local` prints: exports, commands to copy, and the line that says it is ready."""
    return [
        "# The embedded AWS, account 111111111111, nothing leaves this machine.",
        "# In another terminal:",
        "",
        f"export AWS_ENDPOINT_URL={endpoint_url}",
        "export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local",
        "export AWS_DEFAULT_REGION=us-east-1",
        "unset AWS_PROFILE AWS_SESSION_TOKEN",
        "",
        "# then any of",
        command("submit", "examples/requests/sandbox.yaml"),
        command("events", "put-events", "--entries", _entries(outputs), program="aws"),
        command(
            *("stepfunctions", "start-execution"),
            *("--state-machine-arn", outputs["StateMachineArn"]),
            *("--input", _request("By hand", "aws+by-hand@example.com")),
            program="aws",
        ),
        command("organizations", "list-accounts", program="aws"),
        command("list"),
        *more,
        "",
        f"ready {endpoint_url}",
    ]


def _entries(outputs: dict[str, str]) -> str:
    entry = {
        "EventBusName": outputs["EventBusName"],
        "Source": "form.example.com",
        "DetailType": "AccountRequested",
        "Detail": _request("By event", "aws+by-event@example.com"),
    }
    return json.dumps([entry], separators=(",", ":"))


def _request(name: str, email: str) -> str:
    return json.dumps({"account": {"name": name, "email": email}}, separators=(",", ":"))
