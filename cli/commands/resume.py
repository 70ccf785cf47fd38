"""`vend resume`: send a request again exactly as the ledger keeps it, and follow it to its end."""

from __future__ import annotations

import argparse
import sys

from cli.aws.environment import explained
from cli.aws.ledger_reader import LedgerRow
from cli.aws.stack import Stack
from cli.commands import submit
from cli.output.failure import CommandError
from cli.output.records import name_of, why
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe
from cli.watch.submission import Submission, TrackedSubmission


def run(arguments: argparse.Namespace) -> int:
    """Resume the request; 0 when it is vended (or sent, with --no-wait), else 1."""
    progress = Terminal.of(sys.stderr)
    with explained():
        stack = Stack.from_environment()
        row = stack.ledger.row(arguments.id)
    tracked = [TrackedSubmission(submission=_submission(arguments.id, row))]
    try:
        with explained():
            submit.send_and_follow(stack, tracked, progress, to_the_end=arguments.wait)
    except KeyboardInterrupt:
        return submit.interrupted(progress, tracked)
    if not arguments.wait:
        return submit.sent(tracked, as_json=arguments.json)
    return submit.report(tracked, as_json=arguments.json, again=("resume", arguments.id))


def _submission(request_id: str, row: LedgerRow | None) -> Submission:
    """The stored request, as it was accepted: this version's checks are the workflow's business."""
    if row is None:
        raise CommandError(
            f"the ledger has no request {safe(request_id)}",
            remedy=f"`{command('list')}` lists every request, and "
            f"`{command('redrive', '--dry-run')}` the events that never became one",
        )
    record = row.record
    if record.get("state") == "REJECTED":
        raise CommandError(
            f"the request {safe(request_id)} was rejected, so there is nothing to resume",
            remedy=f"`{command('explain', why(record) or 'RequestInvalid')}` says why; correct it "
            f"and submit it again",
        )
    request = record.get("request")
    if not isinstance(request, dict):
        raise CommandError(
            f"the ledger does not have the content of the request {safe(request_id)}",
            remedy="Submit the request again; it resumes where it stopped",
        )
    return Submission(
        label=request_id,
        request_id=request_id,
        fingerprint=row.fingerprint or "",
        name=name_of(record),
        email=request.get("account", {}).get("email"),
        detail={**request, "requestId": request_id},
        content=request,
    )
