"""`vend plan`: what a request or an organization's document would change. Changes nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cli.aws.environment import explained
from cli.aws.stack import MERGED_SOURCE, Stack, goes_on
from cli.commands import target
from cli.input import documents, fleet
from cli.input.organization import document_of, is_organization, of_setup
from cli.input.validation import validated
from cli.output.failure import (
    EXIT_CHANGES,
    EXIT_NOT_VENDED,
    EXIT_USAGE,
    EXIT_VENDED,
    CommandError,
)
from cli.output.progress import spinning
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe
from vending.errors.exceptions import RequestNotAllowed

if TYPE_CHECKING:
    from cli.fleet.fleet_plan import FleetPlan

_SIGNS = (("changes", "+", "green"), ("alreadyThere", "=", "dim"), ("warnings", "!", "yellow"))


def run(arguments: argparse.Namespace) -> int:
    """Print the plan; 0 when nothing would be refused, else 1.

    With --detailed-exitcode: 0 where nothing differs, 2 where something does, 1 for any failure.
    """
    target.check(arguments)
    if fleet.is_fleet(arguments.files) or _is_of_fleet(arguments):
        return fleet_run(arguments, lambda: fleet.read(arguments.files, only=arguments.only))
    (file,) = arguments.files
    found = documents.read(file)
    if fleet.is_of_fleet(found):
        return fleet_run(arguments, lambda: fleet.of_documents(found))
    organization = is_organization(found)
    wanted = document_of(found) if organization else validated(found)
    progress = Terminal.of(sys.stderr)
    with (
        target.aws(arguments, progress) as stack,
        explained(),
        spinning(progress, "Reading the organization"),
    ):
        plans = _organization(stack, wanted) if organization else _requests(stack, wanted)
    if arguments.json:
        print(json.dumps(plans[0] if len(plans) == 1 else plans, indent=2, ensure_ascii=False))
    else:
        next_command = "setup" if organization else "submit"
        print("\n".join(_text(plans, Terminal.of(sys.stdout), next_command, arguments)))
    return EXIT_NOT_VENDED if any(plan["problems"] for plan in plans) else EXIT_VENDED


def _is_of_fleet(arguments: argparse.Namespace) -> bool:
    """Whether an option asks for the plan of files that are compared with the ledger."""
    of_fleet = (
        arguments.merged,
        arguments.out,
        arguments.only,
        arguments.markdown,
        arguments.detailed_exitcode,
    )
    return any(of_fleet)


def fleet_run(arguments: argparse.Namespace, read: Callable[[], fleet.Fleet]) -> int:
    """Print what the files of accounts would change, and save it if asked to."""
    try:
        return _of_fleet(arguments, read())
    except CommandError as failure:
        if arguments.detailed_exitcode:
            failure.exit_code = EXIT_NOT_VENDED
        raise


def _of_fleet(arguments: argparse.Namespace, files: fleet.Fleet) -> int:
    from cli.fleet import saved, text  # noqa: PLC0415 -- the operations are slow to import

    with target.aws(arguments, Terminal.of(sys.stderr)) as stack:
        stack.source = MERGED_SOURCE if arguments.merged else stack.source
        planned = planned_fleet(stack, files)
    if arguments.out:
        saved.write(arguments.out, planned, account_id=stack.account_id)
    if arguments.json:
        print(json.dumps(planned.as_dict(), indent=2, ensure_ascii=False))
    elif arguments.markdown:
        print(text.markdown(planned))
    else:
        words = [arguments.out] if arguments.out else arguments.files
        print("\n".join(text.plan_text(planned, Terminal.of(sys.stdout), next_words=words)))
    if planned.is_refused:
        return EXIT_NOT_VENDED
    return EXIT_CHANGES if arguments.detailed_exitcode and planned.differing else EXIT_VENDED


def planned_fleet(stack: Stack, files: fleet.Fleet) -> FleetPlan:
    """What the files would change.

    Raises:
        InputError: with all that is wrong with any file.
    """
    from cli.fleet import planning  # noqa: PLC0415 -- the operations are slow to import

    try:
        progress = Terminal.of(sys.stderr)
        with explained(), spinning(progress, "Reading the ledger and the organization") as report:
            return planning.plan(stack, files, report=report)
    except CommandError as failure:
        if files.is_usable or failure.exit_code == EXIT_USAGE:
            raise
        # What is wrong with the files is known, whatever AWS answers.
        raise files.refused() from failure


def _organization(stack: Stack, document: Any) -> list[dict[str, Any]]:
    from cli.dry_run.planner import Planner  # noqa: PLC0415 -- the operations are slow to import
    from vending.request.organization_setup import parse  # noqa: PLC0415

    planned = Planner.of(stack).organization(parse(document))
    plan = planned.as_dict()
    plan["problems"] = [{**one, "remedy": of_setup(str(one["remedy"]))} for one in plan["problems"]]
    return [{"organization": stack.account_id, **plan}]


def _requests(stack: Stack, submissions: Sequence[Any]) -> list[dict[str, Any]]:
    from cli.dry_run.planned import Planned  # noqa: PLC0415
    from cli.dry_run.planner import Planner  # noqa: PLC0415 -- the operations are slow to import
    from vending.request.account_request import parse  # noqa: PLC0415

    own_ids: dict[str, str] = {}
    refusals: dict[str, RequestNotAllowed] = {}
    for one in submissions:
        try:
            own_ids[one.request_id] = stack.owned_id(one.request_id)
        except RequestNotAllowed as refused:
            refusals[one.request_id] = refused
    rows = stack.ledger.rows(list(own_ids.values()))
    contents = {
        own_ids[one.request_id]: one.content for one in submissions if one.request_id in own_ids
    }
    accounts = stack.ledger.accounts(rows, contents)
    plans = []
    for one in submissions:
        request_id = own_ids.get(one.request_id, one.request_id)
        if one.request_id in refusals:
            planned = Planned()
            planned.problems.append(refusals[one.request_id].as_dict())
        else:
            row = rows.get(request_id)
            planned = Planner.of(stack).request(
                parse({**one.detail, "requestId": request_id}),
                row,
                account=accounts.get(request_id),
                goes_on=goes_on(stack, row),
                authorization=stack.authorization,
            )
        plans.append({"requestId": request_id, "name": one.name, **planned.as_dict()})
    return plans


def _text(
    plans: Sequence[dict[str, Any]],
    terminal: Terminal,
    next_command: str,
    arguments: argparse.Namespace,
) -> list[str]:
    lines = []
    for plan in plans:
        name = plan.get("name") or f"Organization of {plan['organization']}"
        lines += [terminal.paint(f"{safe(str(name))}: {_summary(plan)}", "bold"), ""]
        for key, sign, colour in _SIGNS:
            note = f" {terminal.paint('(unchanged)', 'dim')}" if key == "alreadyThere" else ""
            lines += [f"  {terminal.paint(sign, colour)} {safe(each)}{note}" for each in plan[key]]
        for problem in plan["problems"]:
            code = "/".join(filter(None, (problem["code"], problem["reason"])))
            lines.append(f"  {terminal.paint('x', 'red')} {code}: {safe(problem['message'])}")
            lines.append(f"    {safe(problem['remedy'])}")
        lines.append("")
    words = [next_command, *arguments.files, *(["--local"] if arguments.local else [])]
    return [*lines, "Nothing was changed", f"Next  {terminal.paint(command(*words), 'bold')}"]


def _summary(plan: dict[str, Any]) -> str:
    counted = len(plan["changes"])
    summary = f"{counted} change{'' if counted == 1 else 's'}" if counted else "nothing to change"
    if plan["problems"]:
        summary += f", {len(plan['problems'])} refused"
    return summary
