"""`vend audit`: who asked for what, what was done and when, from the audit trail."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from cli.aws.audit_trail import AuditTrail
from cli.aws.environment import explained
from cli.aws.stack import Stack
from cli.output.failure import EXIT_VENDED
from cli.output.records import table
from cli.output.terminal import Terminal, safe

_NOT_DEEDS = {"updatedAt", "requestId", "fingerprint", "schemaVersion", "look"}
"""Attributes whose change says nothing to people."""


def run(arguments: argparse.Namespace) -> int:
    """Print the entries, oldest first; 0 also when there is none."""
    with explained():
        trail = AuditTrail(Stack.from_environment())
        entries = trail.entries(request_id=arguments.request, since=arguments.since)
        if arguments.json:
            for entry in entries:
                print(json.dumps(entry, ensure_ascii=False))
            return EXIT_VENDED
        found = list(entries)
    if found:
        print("\n".join(_listing(found, Terminal.of(sys.stdout))))
    else:
        print(
            "The audit trail has no such entry; a change takes up to minutes to appear",
            file=sys.stderr,
        )
    return EXIT_VENDED


def _listing(entries: Sequence[dict[str, Any]], terminal: Terminal) -> list[str]:
    rows = [
        (
            entry["at"].replace("T", " ")[:19],
            safe(entry["requestId"]),
            safe(str(entry["state"] or "-")),
            safe(_asked_by(entry["row"])),
            safe(_done(entry)),
        )
        for entry in entries
    ]
    return list(table(("AT (UTC)", "REQUEST", "STATE", "REQUESTED BY", "CHANGED"), rows, terminal))


def _asked_by(row: dict[str, Any]) -> str:
    """Who sent the request; not in rows of earlier releases, and not what the request says."""
    sender = row.get("sender") or {}
    known = (sender.get("requester"), sender.get("source"), sender.get("account"))
    return " ".join(filter(None, known)) or "-"


def _done(entry: dict[str, Any]) -> str:
    if entry["change"] == "REMOVE":
        return f"row deleted by {entry['by'] or 'an administrator'}"
    names = [name for name in entry["changed"] if name not in _NOT_DEEDS]
    if entry["change"] == "INSERT":
        return "row created"
    decisions = (entry["row"].get("approval") or {}).get("decisions", [])
    if "approval" in names and decisions:
        last = decisions[-1]
        names[names.index("approval")] = f"{last['decision'].lower()} by {last['by']}"
    return ", ".join(names) or "-"
