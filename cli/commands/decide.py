"""`vend approve` and `vend reject`: decide on a request, or a retirement, that waits for approval.

The decision is an event of its own source, `SOURCE`, which the IAM policies of approvers pin: by
that the request policy knows who decides.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.aws.environment import explained
from cli.aws.stack import Stack
from cli.output.failure import (
    EXIT_INTERRUPTED,
    EXIT_NOT_VENDED,
    EXIT_VENDED,
    CommandError,
)
from cli.output.records import approval_words
from cli.output.shell_command import command
from cli.output.terminal import Terminal, safe
from vending.ledger import approval_records, keys

SOURCE = "account-vending.approvals"
DETAIL_TYPE = "AccountApprovalDecided"

LOOKS_EVERY = 0.5
"""Seconds between two looks at the request."""

RECORDED_WITHIN = 60.0
"""Seconds after which a decision is not waited for any longer."""

_ACCOUNT_DIGITS = 12


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is decided on: its row's key, and how an event names it."""

    pk: str
    named: Mapping[str, str]


def approve(arguments: argparse.Namespace) -> int:
    """Approve; 0 where that is recorded, else 1."""
    return _run(arguments, "approve")


def reject(arguments: argparse.Namespace) -> int:
    """Reject; 0 where that is recorded, else 1."""
    return _run(arguments, "reject")


def _run(arguments: argparse.Namespace, decision: str) -> int:
    try:
        with explained():
            stack = Stack.from_environment()
            subject = _subject(arguments.id)
            row: Mapping[str, Any] | None = stack.ledger.items([subject.pk]).get(subject.pk)
            if row is None:
                raise CommandError(
                    f"the ledger has no request {safe(arguments.id)}, and no such retirement",
                    remedy=f"`{command('list', '--state', 'AWAITING_APPROVAL')}` lists what waits",
                )
            is_recorded = _is_recorded_already(stack, row, decision, arguments.reason)
            if not is_recorded:
                event_id = stack.put_event(
                    DETAIL_TYPE, _detail(subject, row, decision, arguments.reason), source=SOURCE
                )
                row, is_recorded = _recorded(stack, subject, row, event_id)
    except KeyboardInterrupt:
        print(f"\nNo longer watching.\nNext  {command('status', arguments.id)}", file=sys.stderr)
        return EXIT_INTERRUPTED
    _tell(row, arguments, is_recorded=is_recorded)
    return EXIT_VENDED if is_recorded else EXIT_NOT_VENDED


def _subject(text: str) -> Subject:
    if len(text) == _ACCOUNT_DIGITS and text.isascii() and text.isdigit():
        return Subject(pk=keys.retirement(text), named={"accountId": text})
    return Subject(pk=keys.request(text), named={"requestId": text})


def _detail(
    subject: Subject, row: Mapping[str, Any], decision: str, reason: str | None
) -> dict[str, Any]:
    return {
        **subject.named,
        "decision": decision,
        # Nothing else is decided on than what is in the ledger now.
        "content": row["approval"]["content"],
        **({"reason": reason} if reason else {}),
    }


def _is_recorded_already(
    stack: Stack, row: Mapping[str, Any], decision: str, reason: str | None
) -> bool:
    """Whether the ledger has this decision of ours, as the function that records it would find.

    Raises:
        CommandError: the function would refuse it.
    """
    from vending.approvals.verdict import Deciding, verdict  # noqa: PLC0415 -- pydantic is slow
    from vending.errors.exceptions import VendingError  # noqa: PLC0415

    outcome = approval_records.Outcome.APPROVED if decision == "approve" else None
    try:
        authorization = stack.authorization_of(SOURCE)
        if authorization is None:
            if not approval_records.is_pending(row.get("approval")):
                raise CommandError("it waits for no approval", remedy="Look at its record")
            return False
        deciding = Deciding(
            authorization=authorization,
            requested_by=None,
            outcome=outcome or approval_records.Outcome.REJECTED,
            reason=reason,
        )
        return verdict(row, deciding, now=time.time()) is None
    except VendingError as refused:
        raise CommandError(
            refused.message.removeprefix("sender: "), remedy=refused.remedy
        ) from None


def _recorded(
    stack: Stack, subject: Subject, seen: Mapping[str, Any], event_id: str
) -> tuple[Mapping[str, Any], bool]:
    """The row once it has the event's decision, and whether it has."""
    deadline = time.monotonic() + RECORDED_WITHIN
    while True:
        row = stack.ledger.items([subject.pk]).get(subject.pk, seen)
        decisions = row.get("approval", {}).get("decisions", ())
        if any(one.get("eventId") == event_id for one in decisions):
            return row, True
        is_over = not approval_records.is_pending(row.get("approval"))
        if is_over or time.monotonic() > deadline:
            return row, False
        time.sleep(LOOKS_EVERY)


def _tell(row: Mapping[str, Any], arguments: argparse.Namespace, *, is_recorded: bool) -> None:
    approval = row.get("approval") or {}
    if arguments.json:
        result = {
            "id": arguments.id,
            "state": row.get("state"),
            "recorded": is_recorded,
            "approval": approval,
        }
        print(json.dumps(result, indent=2, ensure_ascii=False))
        return
    terminal = Terminal.of(sys.stdout)
    if not is_recorded:
        print(
            "The decision is not recorded: it was decided otherwise in the meantime, or the event "
            "has not arrived yet."
        )
    for line in approval_words(approval):
        print(safe(line))
    print(f"\nNext  {terminal.paint(command('status', arguments.id), 'bold')}")
