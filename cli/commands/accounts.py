"""`vend accounts`: the accounts that the ledger knows, and the history of one of them."""

from __future__ import annotations

import argparse
import csv
import fnmatch
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cli.aws.environment import explained
from cli.aws.inventory import KnownAccount, known_accounts
from cli.aws.stack import Stack
from cli.output.failure import EXIT_VENDED
from cli.output.records import aligned, table
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe
from vending.request import ou_paths

Listed = dict[str, Any]

HEADER = ("ACCOUNT", "NAME", "STATE", "ORGANIZATIONAL UNIT", "OWNER", "REV", "DRIFT", "AGE")


def run(arguments: argparse.Namespace) -> int:
    """Print the accounts, in the order of their ids; 0 also when there is none."""
    with explained():
        known = known_accounts(Stack.from_environment())
    found = [one for account in known.values() if _matches(one := account.as_dict(), arguments)]
    if arguments.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif arguments.csv:
        _write_csv(found)
    elif found:
        print("\n".join(_listing(found, Terminal.of(sys.stdout))))
    else:
        kind = "no such account" if known else "no account yet"
        print(f"The ledger has {kind}", file=sys.stderr)
    return EXIT_VENDED


def _matches(one: Listed, arguments: argparse.Namespace) -> bool:
    return bool(
        arguments.state in (None, one["state"])
        and (arguments.ou is None or ou_paths.is_within(one["organizationalUnit"], arguments.ou))
        and (not arguments.drifted or one["drift"])
        and _is_like(one["owner"], arguments.owner)
        and _is_like(one["name"], arguments.name)
    )


def _is_like(text: str | None, pattern: str | None) -> bool:
    """Whether a text is like a pattern of a shell's, in whichever case."""
    return pattern is None or fnmatch.fnmatchcase((text or "").casefold(), pattern.casefold())


def _write_csv(found: Sequence[Listed]) -> None:
    columns = list(KnownAccount.COLUMNS)
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)


def _listing(found: Sequence[Listed], terminal: Terminal) -> list[str]:
    rows = [
        (
            one["accountId"],
            safe(one["name"] or "-"),
            one["state"],
            ou_paths.quote(one["organizationalUnit"] or "-"),
            safe(one["owner"] or "-"),
            str(one["revision"] or "-"),
            str(one["drift"] or "-"),
            age(one["requestedAt"]),
        )
        for one in found
    ]
    return table(HEADER, rows, terminal)


def age(since: str | None, now: datetime | None = None) -> str:
    """How long ago a moment of the ledger was, in one unit: 4h, 12d."""
    if since is None:
        return "-"
    passed = (now or datetime.now(UTC)) - datetime.fromisoformat(since.replace("Z", "+00:00"))
    minutes = max(0, int(passed.total_seconds() // 60))
    units = (("d", 24 * 60), ("h", 60), ("m", 1))
    unit, size = next((each for each in units if minutes >= each[1]), units[-1])
    return f"{minutes // size}{unit}"


def history_text(
    account: KnownAccount, revisions: Sequence[Mapping[str, Any]], terminal: Terminal
) -> list[str]:
    """One account, and what each of its revisions changed, the newest first."""
    one = account.as_dict()
    known = (
        ("organizational unit", ou_paths.quote(one["organizationalUnit"] or "")),
        ("owner", one["owner"]),
        ("revision", one["revision"]),
        ("drift", f"{one['drift']} differences" if one["drift"] else None),
        ("request", one["requestId"]),
        ("requested", one["requestedAt"]),
        ("updated", one["updatedAt"]),
    )
    fields = [(label, safe(str(value))) for label, value in known if value]
    title = f"{one['state']}  {safe(one['name'] or '-')}  {one['accountId']}"
    lines = [terminal.paint(title, "bold"), "", *aligned(fields, terminal), ""]
    if not revisions:
        lines += ["No request was carried out for this account", ""]
    for each in revisions:
        by = each.get("requestedBy") or (each.get("sender") or {}).get("requester") or "-"
        head = f"Revision {each['revision']}  {str(each['at']).replace('T', ' ')[:16]} UTC"
        lines.append(f"{terminal.paint(head, 'bold')}  by {safe(str(by))}")
        lines.append(f"  {terminal.paint(safe(str(each.get('requestId') or '-')), 'dim')}")
        lines += [f"  {safe(str(change))}" for change in each.get("changes") or ["as it was first"]]
        lines.append("")
    if one["drift"]:
        lines.append(f"Next  {command('drift', one['accountId'])}   what others have changed")
    elif one["requestId"]:
        lines.append(f"Next  {command('status', one['requestId'])}")
    return lines
