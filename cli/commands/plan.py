"""`vend plan`: what a request or an organization's document would change. Changes nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cli.aws.environment import explained
from cli.aws.stack import Stack, goes_on
from cli.commands import target
from cli.input import documents
from cli.input.organization import document_of, is_organization, of_setup
from cli.input.validation import validated
from cli.output.failure import EXIT_NOT_VENDED, EXIT_VENDED
from cli.output.progress import spinning
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe
from vending.errors.exceptions import RequestNotAllowed

if TYPE_CHECKING:
    from cli.dry_run.planner import Planner

_SIGNS = (("changes", "+", "green"), ("alreadyThere", "=", "dim"), ("warnings", "!", "yellow"))


def run(arguments: argparse.Namespace) -> int:
    """Print the plan; 0 when nothing would be refused, else 1."""
    target.check(arguments)
    found = documents.read(arguments.file)
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


def _organization(stack: Stack, document: Any) -> list[dict[str, Any]]:
    from vending.request.organization_setup import parse  # noqa: PLC0415 -- pydantic is slow to import

    planned = _planner(stack).organization(parse(document))
    plan = planned.as_dict()
    plan["problems"] = [{**one, "remedy": of_setup(str(one["remedy"]))} for one in plan["problems"]]
    return [{"organization": stack.account_id, **plan}]


def _requests(stack: Stack, submissions: Sequence[Any]) -> list[dict[str, Any]]:
    from cli.dry_run.planned import Planned  # noqa: PLC0415
    from vending.request.account_request import parse  # noqa: PLC0415

    own_ids: dict[str, str] = {}
    refusals: dict[str, RequestNotAllowed] = {}
    for one in submissions:
        try:
            own_ids[one.request_id] = stack.owned_id(one.request_id)
        except RequestNotAllowed as refused:
            refusals[one.request_id] = refused
    rows = stack.rows(list(own_ids.values()))
    contents = {
        own_ids[one.request_id]: one.content for one in submissions if one.request_id in own_ids
    }
    accounts = stack.accounts(rows, contents)
    plans = []
    for one in submissions:
        request_id = own_ids.get(one.request_id, one.request_id)
        if one.request_id in refusals:
            planned = Planned()
            planned.problems.append(refusals[one.request_id].as_dict())
        else:
            row = rows.get(request_id)
            planned = _planner(stack).request(
                parse({**one.detail, "requestId": request_id}),
                row,
                account=accounts.get(request_id),
                goes_on=goes_on(stack, row),
                authorization=stack.authorization,
            )
        plans.append({"requestId": request_id, "name": one.name, **planned.as_dict()})
    return plans


def _planner(stack: Stack) -> Planner:
    from cli.dry_run.planner import Planner  # noqa: PLC0415 -- the operations are slow to import
    from vending.organization.preflight import Allowed  # noqa: PLC0415

    return Planner(
        stack.client,
        allowed=Allowed(
            service_principals=stack.service_principals,
            forced_service_principals=stack.forced_service_principals,
            policy_types=stack.policy_types,
            invited_account_role_names=stack.invited_account_role_names,
        ),
    )


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
    words = [next_command, arguments.file, *(["--local"] if arguments.local else [])]
    return [*lines, "Nothing was changed", f"Next  {terminal.paint(command(*words), 'bold')}"]


def _summary(plan: dict[str, Any]) -> str:
    counted = len(plan["changes"])
    said = f"{counted} change{'' if counted == 1 else 's'}" if counted else "nothing to change"
    if plan["problems"]:
        said += f", {len(plan['problems'])} refused"
    return said
