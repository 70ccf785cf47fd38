"""`vend apply`: carry out what files of accounts say, each account by itself."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cli.aws.environment import explained
from cli.aws.retirements import Retirements
from cli.aws.stack import MERGED_SOURCE, Stack
from cli.commands import retire, submit
from cli.commands.plan import planned_fleet
from cli.input import fleet
from cli.output.failure import (
    EXIT_INTERRUPTED,
    EXIT_NOT_VENDED,
    EXIT_VENDED,
    CommandError,
    InputError,
)
from cli.output.results import record_of
from cli.output.shell_command import command
from cli.output.terminal import Terminal
from cli.watch.submission import TrackedSubmission

if TYPE_CHECKING:
    from cli.fleet.fleet_plan import Entry, FleetPlan

AT_ONCE = 50
"""Accounts that are worked on at a time: AWS's rates are for all of the organization."""


@dataclass(kw_only=True)
class _Work:
    """What is under way, and what came of it."""

    tracked: list[TrackedSubmission]
    retiring: list[Entry]
    retired: list[retire.Outcome] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether all came to the end that was wanted."""
        return all(one.is_vended for one in self.tracked) and all(one.done for one in self.retired)


def run(arguments: argparse.Namespace) -> int:
    """Show the plan, and carry it out once that is agreed to; 0 when all of it is done, else 1."""
    from cli.fleet import saved  # noqa: PLC0415 -- the operations are slow to import

    with explained():
        stack = Stack.from_environment()
        stack.source = MERGED_SOURCE if arguments.merged else stack.source
    content = saved.read(arguments.files[0]) if len(arguments.files) == 1 else None
    if content is None:
        plan = planned_fleet(stack, fleet.read(arguments.files, only=arguments.only))
    else:
        plan = _as_saved(stack, content, arguments)
    shown = Terminal.of(sys.stderr if arguments.json else sys.stdout)
    _show(plan, shown)
    if plan.is_refused:
        raise CommandError(
            "some of it would be refused", remedy="Nothing was done; mend these files first"
        )
    todo = [one for one in plan.differing if one.kind != "inProgress"]
    if len(todo) > arguments.max_changes:
        raise CommandError(
            f"{len(todo):,} accounts differ, and --max-changes allows {arguments.max_changes:,}",
            remedy="Nothing was done. If all of them are meant, run it again with "
            f"--max-changes {len(todo)}",
        )
    if todo and not arguments.yes:
        _ask(len(todo))
    return _carried_out(stack, plan, arguments) if plan.differing else _nothing(plan, arguments)


def _as_saved(stack: Stack, content: dict[str, Any], arguments: argparse.Namespace) -> FleetPlan:
    """The plan that was saved, if it is still what would be done.

    Raises:
        CommandError: the organization or the ledger has moved on.
    """
    from cli.fleet import saved  # noqa: PLC0415

    if arguments.only is not None:
        raise InputError("--only is for files: a saved plan is carried out as it is")
    if content["account"] != stack.account_id:
        raise InputError(f"the plan is of the account {content['account']}, not {stack.account_id}")
    plan = planned_fleet(stack, saved.fleet_of(content))
    if moved := saved.moved_on(content, plan):
        lines = "\n".join(f"  {each}" for each in moved)
        raise CommandError(
            f"the organization or the ledger has moved on since the plan was made:\n{lines}",
            remedy="Nothing was done. Make the plan again with `vend plan --out`, and look at it",
        )
    return plan


def _show(plan: FleetPlan, terminal: Terminal) -> None:
    from cli.fleet import text  # noqa: PLC0415

    terminal.write("\n".join([*text.accounts_text(plan, terminal), ""]))


def _ask(count: int) -> None:
    """Have a person agree; else nothing is done."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise InputError(
            "nobody is there to agree to the plan",
            remedy="Nothing was done; add --yes to carry it out unasked",
        )
    noun = "account" if count == 1 else "accounts"
    sys.stderr.write(f"\nCarry this out for {count:,} {noun}? Only yes is taken for it: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != "yes":
        raise CommandError("it was not agreed to", remedy="Nothing was done")


def _carried_out(stack: Stack, plan: FleetPlan, arguments: argparse.Namespace) -> int:
    progress = Terminal.of(sys.stderr)
    of_requests = [one for one in plan.differing if one.kind != "retirement"]
    # New accounts wait in AWS's queue, and invited ones for their owners: the others come first.
    of_requests.sort(key=lambda one: one.kind == "new")
    work = _Work(
        tracked=[TrackedSubmission(submission=one.submission) for one in of_requests],
        retiring=[one for one in plan.differing if one.kind == "retirement"],
    )
    try:
        with explained():
            _work(stack, work, progress, to_the_end=arguments.wait)
    except KeyboardInterrupt:
        again = command("apply", *arguments.files)
        progress.write(
            "\nNo longer watching. What was sent goes on in AWS; what was not sent is left out.\n"
            f"Next  {again}\n"
        )
        return EXIT_INTERRUPTED
    if not arguments.wait:
        return _sent(work, as_json=arguments.json)
    return _report(work, plan, arguments)


def _work(stack: Stack, work: _Work, progress: Terminal, *, to_the_end: bool) -> None:
    for batch in _batches(work.tracked):
        submit.send_and_follow(stack, batch, progress, to_the_end=to_the_end)
    if not work.retiring:
        return
    retirements = Retirements.of(stack)
    details = [{"accountId": one.account_id, "reason": one.reason} for one in work.retiring]
    events = [retirements.send(detail) for detail in details]
    for one, detail, event in zip(work.retiring, details, events, strict=True):
        if to_the_end:
            progress.write(f"Retiring {one.name} {one.account_id}\n")
            work.retired.append(retire.followed(retirements, detail, event))


def _batches(tracked: Sequence[TrackedSubmission]) -> Iterator[Sequence[TrackedSubmission]]:
    for start in range(0, len(tracked), AT_ONCE):
        yield tracked[start : start + AT_ONCE]


def _nothing(plan: FleetPlan, arguments: argparse.Namespace) -> int:
    if arguments.json:
        _print_json(_Work(tracked=[], retiring=[]), plan)
    return EXIT_VENDED


def _sent(work: _Work, *, as_json: bool) -> int:
    status = EXIT_VENDED
    if work.tracked:
        status = submit.sent(work.tracked, as_json=as_json)
    if work.retiring and not as_json:
        print(f"Sent  {len(work.retiring)} to retire")
    return status


def _report(work: _Work, plan: FleetPlan, arguments: argparse.Namespace) -> int:
    terminal = Terminal.of(sys.stdout)
    if arguments.json:
        _print_json(work, plan)
    else:
        again = ("apply", *arguments.files)
        if work.tracked:
            submit.report(work.tracked, as_json=False, again=again)
        for one in work.retired:
            print("\n".join(["", *retire.outcome_text(one, terminal)]))
    return EXIT_VENDED if work.is_done else EXIT_NOT_VENDED


def _print_json(work: _Work, plan: FleetPlan) -> None:
    shown = {
        "plan": plan.as_dict(),
        "requests": [record_of(one) for one in work.tracked],
        "retirements": [one.record for one in work.retired],
    }
    print(json.dumps(shown, indent=2, ensure_ascii=False))
