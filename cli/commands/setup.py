"""`vend setup`: bring the organization to what its document says, and watch it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from cli.aws.environment import explained, is_denied
from cli.aws.stack import Stack
from cli.commands import target
from cli.commands.follow import Follower
from cli.input import documents
from cli.input.organization import document_of, of_setup
from cli.output.failure import EXIT_INTERRUPTED, EXIT_NOT_VENDED, EXIT_VENDED, CommandError
from cli.output.progress import view_for
from cli.output.records import aligned, error_fields, why
from cli.output.shell_command import command
from cli.output.terminal import Terminal, duration, safe
from cli.watch.steps import Plan
from cli.watch.submission import Phase, Submission, TrackedSubmission
from cli.watch.trace import Trace

NAME = "organization-setup"
REPORTING_STATE = "ReportOrganizationSetup"


class SetupFollower(Follower):
    """Watches one setup; its end is the execution's own, because no ledger records it."""

    def begin(self, one: TrackedSubmission, execution_arn: str) -> None:
        """Follow this execution from now on."""
        one.phase = Phase.RUNNING
        one.since = time.monotonic()
        one.execution_arn = execution_arn
        try:
            one.trace = Trace(Plan(self._stack.definition(self._stack.setup_machine_arn)))
        except ClientError as error:
            self._give_up_tracing(error)

    def _poll(self, now: float) -> None:
        (one,) = self._tracked
        if one.trace is not None:
            self._read_history(one)
        if one.trace is None and one.execution_arn is not None:
            status = self._stack.execution_status(one.execution_arn)
            if status != "RUNNING":
                self._finish(one, str(status), now)

    def _finish(self, one: TrackedSubmission, status: str, now: float) -> None:
        one.record = _report_of(self._stack, str(one.execution_arn), status)
        one.end(now)


def run(arguments: argparse.Namespace) -> int:
    """Run the setup; 0 when the organization is ready (or it was started, with --no-wait)."""
    target.check(arguments)
    document = document_of(documents.read(arguments.file))
    progress = Terminal.of(sys.stderr)
    tracked = TrackedSubmission(
        submission=Submission(
            label=arguments.file,
            request_id=NAME,
            fingerprint="",
            name="organization",
            email=None,
            detail=document,
            content=document,
        )
    )
    try:
        with target.aws(arguments, progress) as stack, explained():
            if not stack.setup_machine_arn:
                raise CommandError(
                    "the deployed version cannot set up an organization",
                    remedy="Run `make deploy` with this version",
                )
            title = progress.paint("Setting up the organization", "bold")
            progress.write(f"{title}\n{target.named(stack, is_local=arguments.local)}\n")
            execution_arn = stack.start_setup(document)
            if not arguments.wait:
                return _started(execution_arn, arguments)
            _follow(stack, tracked, execution_arn, progress)
    except KeyboardInterrupt:
        return _interrupted(progress, is_local=arguments.local)
    return _ended(tracked, arguments)


def _follow(
    stack: Stack, tracked: TrackedSubmission, execution_arn: str, progress: Terminal
) -> None:
    view = view_for(progress)
    try:
        follower = SetupFollower(stack, [tracked], view)
        follower.begin(tracked, execution_arn)
        follower.run()
    finally:
        view.close()


def _report_of(stack: Stack, execution_arn: str, status: str) -> dict[str, Any]:
    """The report of an execution that has ended, however it ended."""
    ended = stack.execution(execution_arn)
    if status == "SUCCEEDED":
        report: dict[str, Any] = json.loads(ended["output"])
        return {"executionArn": execution_arn, **report}
    return {
        "executionArn": execution_arn,
        "state": "FAILED",
        "changed": [],
        "alreadyThere": [],
        "warnings": [],
        **_reported(stack, execution_arn),
        "error": _error_of(ended, status),
    }


def _reported(stack: Stack, execution_arn: str) -> dict[str, Any]:
    """What was done before the failure, as far as the history may be read."""
    try:
        events = stack.history(execution_arn, after=0)
    except ClientError as error:
        if not is_denied(error):
            raise
        return {}
    for event in reversed(events):
        left = event.get("stateExitedEventDetails", {})
        if left.get("name") == REPORTING_STATE:
            report: dict[str, Any] = json.loads(left["output"])
            return report
    return {}


def _error_of(ended: dict[str, Any], status: str) -> dict[str, Any]:
    try:
        error = json.loads(ended.get("cause") or "")
    except ValueError:
        error = None
    if isinstance(error, dict) and "code" in error:
        return {**error, "remedy": of_setup(str(error.get("remedy", "")))}
    return {
        "code": ended.get("error") or status,
        "reason": None,
        "message": ended.get("cause") or f"the execution ended as {status}",
        "remedy": "Run the setup again: what exists is left unchanged",
    }


def _started(execution_arn: str, arguments: argparse.Namespace) -> int:
    if arguments.json:
        print(json.dumps({"executionArn": execution_arn, "state": "RUNNING"}, indent=2))
    else:
        print(f"In progress  {execution_arn}\n\nNext  {command('setup', arguments.file)}")
    return EXIT_VENDED


def _ended(tracked: TrackedSubmission, arguments: argparse.Namespace) -> int:
    report = tracked.record or {}
    if arguments.json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        output = Terminal.of(sys.stdout)
        took = duration(tracked.elapsed(tracked.until or 0.0))
        lines = _text(report, took, output, arguments)
        print("\n".join(["", *lines] if output.live else lines))
    return EXIT_VENDED if report.get("state") == "READY" else EXIT_NOT_VENDED


def _text(
    report: dict[str, Any], took: str, terminal: Terminal, arguments: argparse.Namespace
) -> list[str]:
    is_ready = report.get("state") == "READY"
    headline = f"The organization is ready ({took})"
    if not is_ready:
        headline = f"The organization is not ready ({took})"
    lines = [terminal.paint(headline, "bold", "green" if is_ready else "red"), ""]
    if not is_ready:
        columns = min(110, terminal.size()[0])
        lines += [*aligned(error_fields(report), terminal, columns), ""]
    lines += _listed("changed", report["changed"], terminal)
    lines += _listed("unchanged", report["alreadyThere"], terminal)
    lines += _listed("warnings", report["warnings"], terminal)
    words: tuple[str, ...] = ("submit", "examples/requests/sandbox.yaml")
    if not is_ready:
        reason = why(report)
        words = ("explain", reason) if reason else ("setup", arguments.file)
    elif arguments.local:
        words = (*words, "--local")
    return [*lines, f"Next  {terminal.paint(command(*words), 'bold')}"]


_MARKS = {"changed": ("+", "green"), "unchanged": ("=", "dim"), "warnings": ("!", "yellow")}
"""Sign and colour of each list's entries."""


def _listed(title: str, entries: Sequence[str], terminal: Terminal) -> list[str]:
    if not entries:
        return []
    sign, colour = _MARKS[title]
    marked = [f"    {terminal.paint(sign, colour)} {safe(each)}" for each in entries]
    return [f"  {terminal.paint(title, 'dim')}", *marked, ""]


def _interrupted(progress: Terminal, *, is_local: bool) -> int:
    headline = "No longer watching. The setup continues in AWS; run it again to watch it."
    if is_local:
        headline = "Stopped, along with the embedded AWS; nothing was left behind."
    progress.write(f"\n{headline}\n")
    return EXIT_INTERRUPTED
