"""`vend redrive`: puts what could not be delivered back where it belongs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from cli.aws.dead_letters import MOST, DeadLetter, DeadLetters
from cli.aws.environment import explained
from cli.aws.stack import Stack
from cli.output.failure import EXIT_NOT_VENDED, EXIT_VENDED
from cli.output.records import table
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What became of one message: REDRIVEN, LEFT (`problem` says why), or WOULD_REDRIVE."""

    letter: DeadLetter
    outcome: str
    problem: str = ""

    def as_json(self) -> dict[str, object]:
        """As --json prints it."""
        letter = self.letter
        return {
            "messageId": letter.message_id,
            "sentAt": letter.sent_at,
            "source": letter.source,
            "detailType": letter.detail_type,
            "about": about(letter),
            "undeliverableBecause": letter.why,
            "outcome": self.outcome,
            "problem": self.problem or None,
        }


def run(arguments: argparse.Namespace) -> int:
    """Put the events back; 0 when none is left behind, else 1."""
    with explained():
        queue = DeadLetters(Stack.from_environment())
        letters = queue.take()
        attempts = _attempts(queue, letters, only_show=arguments.dry_run)
    if arguments.json:
        print(json.dumps([each.as_json() for each in attempts], indent=2, ensure_ascii=False))
    else:
        _say(attempts)
    left = any(each.outcome == "LEFT" for each in attempts)
    return EXIT_NOT_VENDED if left else EXIT_VENDED


def about(letter: DeadLetter) -> str:
    """The request or execution the event is about, as far as it says."""
    from vending.request.account_request import best_effort_request_id  # noqa: PLC0415 -- pydantic is slow

    detail = letter.detail
    if letter.is_of_aws:
        return str(detail.get("executionArn") or detail.get("eventName") or "-")
    return best_effort_request_id(detail) or "-"


def _attempts(
    queue: DeadLetters, letters: Sequence[DeadLetter], *, only_show: bool
) -> list[Attempt]:
    """Try each message; those that stay are given back even when the rest fails."""
    attempts: list[Attempt] = []
    kept = list(letters)
    try:
        for letter in letters:
            problem = letter.problem
            if only_show or problem:
                outcome = "LEFT" if problem else "WOULD_REDRIVE"
                attempts.append(Attempt(letter=letter, outcome=outcome, problem=problem))
                continue
            problem = _delivered(queue, letter)
            if not problem:
                kept.remove(letter)
                queue.remove(letter)
            outcome = "LEFT" if problem else "REDRIVEN"
            attempts.append(Attempt(letter=letter, outcome=outcome, problem=problem))
    finally:
        queue.give_back(kept)
    return attempts


def _delivered(queue: DeadLetters, letter: DeadLetter) -> str:
    try:
        return queue.put_back(letter)
    except ClientError as error:
        return f"AWS refused it: {error.response.get('Error', {}).get('Code')}: {error}"


def _say(attempts: Sequence[Attempt]) -> None:
    output, progress = Terminal.of(sys.stdout), Terminal.of(sys.stderr)
    if not attempts:
        progress.write("The dead-letter queue is empty\n")
        return
    rows = [
        (
            _painted(each.outcome, output),
            each.letter.sent_at.replace("T", " ")[:16],
            safe(each.letter.detail_type),
            safe(about(each.letter)),
            safe(each.problem or each.letter.why),
        )
        for each in attempts
    ]
    print("\n".join(table(("", "SINCE (UTC)", "EVENT", "ABOUT", "WHY"), rows, output)))
    counts = {kind: sum(each.outcome == kind for each in attempts) for kind in _WORDS}
    summary = ", ".join(f"{count} {_WORDS[kind]}" for kind, count in counts.items() if count)
    progress.write(f"\n{summary}\n")
    if counts["WOULD_REDRIVE"]:
        progress.write(f"Resolve the cause first, then  {command('redrive')}\n")
    elif counts["REDRIVEN"]:
        progress.write(f"Next  {command('list')}\n")
    if len(attempts) >= MOST:
        progress.write(f"There may be more; {command('redrive')} takes {MOST} at a time\n")


_WORDS = {
    "REDRIVEN": "put back",
    "WOULD_REDRIVE": "in the queue; nothing was changed",
    "LEFT": "left in the queue",
}


def _painted(outcome: str, terminal: Terminal) -> str:
    colour = {"REDRIVEN": "green", "LEFT": "red"}.get(outcome, "cyan")
    return terminal.paint(outcome.replace("_", " "), colour)
