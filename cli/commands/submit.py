"""`vend submit`: send requests, follow them, say what came of them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

from cli.aws.environment import explained
from cli.aws.stack import Stack, goes_on
from cli.commands import target
from cli.commands.follow import Follower
from cli.input import documents
from cli.input.validation import validated
from cli.output.failure import EXIT_INTERRUPTED, EXIT_NOT_VENDED, EXIT_VENDED
from cli.output.progress import view_for
from cli.output.results import record_of, sent_text, several_text, single_text
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe
from cli.watch.submission import Phase, Record, Submission, TrackedSubmission
from vending.errors.exceptions import RequestConflict, RequestNotAllowed, VendingError
from vending.ledger.decisions import decide
from vending.ledger.item_types import AccountRecord
from vending.organization import eligibility


def run(arguments: argparse.Namespace) -> int:
    """Submit the file's requests; 0 when all are vended (or sent, with --no-wait), else 1."""
    target.check(arguments)
    submissions = validated(documents.read(arguments.file))
    progress = Terminal.of(sys.stderr)
    tracked = [TrackedSubmission(submission=submission) for submission in submissions]
    try:
        with target.aws(arguments, progress) as stack, explained():
            send_and_follow(
                stack, tracked, progress, is_local=arguments.local, to_the_end=arguments.wait
            )
    except KeyboardInterrupt:
        return interrupted(progress, tracked, is_local=arguments.local)
    if not arguments.wait:
        return sent(tracked, as_json=arguments.json)
    again = ("submit", arguments.file)
    return report(tracked, as_json=arguments.json, is_local=arguments.local, again=again)


def send_and_follow(
    stack: Stack,
    tracked: Sequence[TrackedSubmission],
    progress: Terminal,
    *,
    is_local: bool = False,
    to_the_end: bool,
) -> None:
    """Send what has to be sent and, if asked to, watch all of it to its end."""
    _header(progress, [one.submission for one in tracked], stack, is_local=is_local)
    view = view_for(progress)
    try:
        follower = Follower(stack, tracked, view)
        _send(stack, follower, tracked)
        if to_the_end:
            follower.run()
    finally:
        view.close()


def _header(
    progress: Terminal, submissions: Sequence[Submission], stack: Stack, *, is_local: bool
) -> None:
    if len(submissions) == 1:
        one = submissions[0]
        who = f" <{safe(one.email)}>" if one.email else ""
        what = progress.paint(f"Vending {safe(one.name)}", "bold") + who
    else:
        what = progress.paint(f"Vending {len(submissions)} accounts", "bold")
    where = target.named(stack, is_local=is_local)
    progress.write(f"{what}\n{where}\n")


def _send(stack: Stack, follower: Follower, tracked: Sequence[TrackedSubmission]) -> None:
    """Send what the ledger does not answer already; what is under way is followed instead."""
    now = time.monotonic()
    owned = list(_owned(stack, tracked, now))
    rows = stack.ledger.rows([one.submission.request_id for one in owned])
    contents = {one.submission.request_id: one.submission.content for one in owned}
    accounts = stack.ledger.accounts(rows, contents)
    organizations = cache(partial(stack.client, "organizations"))
    to_send = []
    for one in owned:
        row = rows.get(one.submission.request_id)
        record = row.record if row else {}
        try:
            decision = decide(
                row.attributes if row else None,
                one.submission.asked,
                goes_on=goes_on(stack, row),
                account=accounts.get(one.submission.request_id),
            )
        except RequestConflict as conflict:
            one.end(now, code=conflict.code, problem=conflict.message, remedy=conflict.remedy)
            continue
        if decision == "finished":
            _answer(one, record, organizations, now)
        elif decision == "running":
            one.record = record
            follower.begin(one, str(record["executionArn"]))
        elif decision == "superseded":
            one.end(now, code="Superseded", **_said_of_superseded(accounts, one))
        else:
            one.earlier_execution = record.get("executionArn")
            to_send.append(one)
    refusals = stack.publish([one.submission.detail for one in to_send])
    for one, refusal in zip(to_send, refusals, strict=True):
        one.since = time.monotonic()
        one.phase = Phase.SENT
        if refusal:
            one.end(
                one.since,
                code="EventNotTaken",
                problem=f"EventBridge did not accept the event: {refusal}",
                remedy="Nothing was started; submit the request again",
            )


def _said_of_superseded(
    accounts: Mapping[str, AccountRecord], one: TrackedSubmission
) -> dict[str, str]:
    """Why nothing is sent for a revision that the account has left behind, and what to do."""
    revision = accounts[one.submission.request_id].get("revision")
    return {
        "problem": f"ifRevision: is {one.submission.asked.if_revision}, and the account is at "
        f"revision {revision}",
        "remedy": "Nothing was changed. Look at what was changed since, then submit the request "
        "with the account's revision, or without ifRevision",
    }


def _owned(
    stack: Stack, tracked: Sequence[TrackedSubmission], now: float
) -> Iterator[TrackedSubmission]:
    """The requests by their ids among ours; one that is another requester's ends here.

    Whatever else the request policy says is the workflow's to say, and the record's to keep.
    """
    for one in tracked:
        one.since = now
        try:
            request_id = stack.owned_id(one.submission.request_id)
        except RequestNotAllowed as refused:
            one.end(now, code=refused.code, problem=refused.message, remedy=refused.remedy)
            continue
        one.submission = replace(
            one.submission,
            request_id=request_id,
            detail={**one.submission.detail, "requestId": request_id},
        )
        yield one


def _answer(
    one: TrackedSubmission, record: Record, organizations: Callable[[], Any], now: float
) -> None:
    """End a request that is already vended, with what has become of its account since."""
    account_id, unit_id = record["accountId"], record.get("organizationalUnitId")
    try:
        refused = eligibility.vended_refusal(account_id, organizations())
        if refused is not None:
            one.end(now, code=refused.code, problem=refused.message, remedy=refused.remedy)
            return
        since = eligibility.moved_since(account_id, unit_id, organizations())
    except VendingError as error:
        # Who may not look, or cannot now, gets the ledger's answer, and knows that it is no more.
        since = f"The account {account_id} was not checked. {error.message}"
    warnings = [*(record.get("warnings") or []), *([since] if since else [])]
    one.record = record | {"warnings": warnings or None}
    one.was_already_vended = True
    one.end(now)


def sent(tracked: Sequence[TrackedSubmission], *, as_json: bool) -> int:
    """Say what was sent; 0 unless something was not."""
    if as_json:
        _print_json(tracked)
    else:
        print("\n".join(sent_text(tracked, Terminal.of(sys.stdout))))
    return EXIT_NOT_VENDED if any(one.problem for one in tracked) else EXIT_VENDED


def report(
    tracked: Sequence[TrackedSubmission],
    *,
    as_json: bool,
    is_local: bool = False,
    again: tuple[str, ...],
) -> int:
    """Say what came of the requests; 0 when all are vended. `again` is the command to repeat."""
    if as_json:
        _print_json(tracked)
    else:
        output = Terminal.of(sys.stdout)
        if len(tracked) == 1:
            lines = single_text(tracked[0], output, is_local=is_local, again=again)
        else:
            lines = several_text(tracked, output, is_local=is_local, again=again)
        print("\n".join(["", *lines] if output.live else lines))
    return EXIT_VENDED if all(one.is_vended for one in tracked) else EXIT_NOT_VENDED


def _print_json(tracked: Sequence[TrackedSubmission]) -> None:
    records = [record_of(one) for one in tracked]
    print(json.dumps(records[0] if len(records) == 1 else records, indent=2, ensure_ascii=False))


def interrupted(
    progress: Terminal, tracked: Sequence[TrackedSubmission], *, is_local: bool = False
) -> int:
    """Say that the requests continue without us."""
    under_way = [one for one in tracked if one.phase in {Phase.SENT, Phase.RUNNING}]
    if is_local:
        text = "Stopped, along with the embedded AWS; nothing was left behind."
    elif not under_way:
        text = "Stopped; nothing was sent."
    else:
        words = ("status", under_way[0].submission.request_id) if len(under_way) == 1 else ("list",)
        subject = "The request continues" if len(under_way) == 1 else "The requests continue"
        text = f"No longer watching. {subject} in AWS.\nNext  {command(*words)}"
    progress.write(f"\n{text}\n")
    return EXIT_INTERRUPTED
