"""A plan in a file: the documents that differ, and what was found for each of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from cli.fleet.fleet_plan import FleetPlan, Kind
from cli.input.documents import Document
from cli.input.fleet import Fleet, of_documents
from cli.output.failure import InputError

KIND = "account-vending plan"
VERSION = 1
_REMEDY = "Make the plan again with `vend plan --out`"


def write(path: str, plan: FleetPlan, *, account_id: str) -> None:
    """Save what differs; for the owner alone, as emails are in it."""
    content = {
        "kind": KIND,
        "version": VERSION,
        "account": account_id,
        "fingerprint": plan.fingerprint(),
        "documents": [{"file": one.file, "document": one.document} for one in plan.differing],
        "accounts": [one.as_dict() for one in plan.differing],
    }
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None


def read(path: str) -> dict[str, Any] | None:
    """A saved plan; None where the file is none.

    Raises:
        InputError: it is one, and cannot be used.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("kind") != KIND:
        return None
    if content.get("version") != VERSION:
        raise InputError(f"{path} is a plan of another version of this command", remedy=_REMEDY)
    if not _is_whole(content):
        raise InputError(f"{path} is a plan that something is missing of", remedy=_REMEDY)
    return content


def _is_whole(content: dict[str, Any]) -> bool:
    """Whether the plan is as `write` writes it, as far as it is looked at."""
    documents, accounts = content.get("documents"), content.get("accounts")
    if not isinstance(documents, list) or not isinstance(accounts, list):
        return False
    each = [*documents, *accounts]
    return (
        isinstance(content.get("account"), str)
        and all(isinstance(one, dict) and isinstance(one.get("file"), str) for one in each)
        and all("document" in one for one in documents)
        and [one["file"] for one in documents] == [one["file"] for one in accounts]
    )


def fleet_of(content: dict[str, Any]) -> Fleet:
    """The files of a saved plan, as they were when it was made."""
    return of_documents(
        [Document(label=one["file"], value=one["document"]) for one in content["documents"]]
    )


_COMPARED = ("kind", "accountId", "requestId", "revision", "reason", "difference", "changes")
_OF_RESUMED = ("kind", "accountId", "requestId", "revision", "difference")
"""A change that failed halfway has done some of what was planned."""


def moved_on(content: dict[str, Any], now: FleetPlan) -> list[str]:
    """Where a saved plan is not what would be done now, in words; nothing where it is.

    What is done already, or under way, is as it was planned: a plan that was carried out halfway
    can be carried out to its end.
    """
    planned = {one["file"]: one for one in content["accounts"]}
    moved = []
    for entry in now.entries:
        if entry.kind in (Kind.UNCHANGED, Kind.IN_PROGRESS):
            continue
        one, shown = planned.get(entry.file, {}), entry.as_dict()
        compared = _OF_RESUMED if entry.resumes else _COMPARED
        other = [key for key in compared if one.get(key) != shown[key]]
        if other:
            moved.append(f"{entry.file}: {', '.join(f'{key} is another' for key in other)}")
        elif entry.problems:
            moved.append(f"{entry.file}: {entry.problems[0]['message']}")
    return moved
