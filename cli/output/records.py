"""Records in words: one as fields, many as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from cli.output.shell_command import command
from cli.output.terminal import Terminal, in_words, pad, safe
from cli.watch import step_summaries
from cli.watch.submission import Record
from vending.ledger import approval_records
from vending.states import State

OWNERS = {
    "retry": "none (it passes)",
    "requester": "the requester",
    "administrator": "the administrator of the management account",
    "aws-support": "AWS Support",
}
"""Who must act after an error, in words."""

_GOOD, _BAD = {State.VENDED}, {State.FAILED, State.REJECTED}


def name_of(record: Record) -> str:
    """What people call the account."""
    account = _mapping(_mapping(record.get("request")).get("account"))
    named = (record.get("accountName"), account.get("name"), account.get("accountId"))
    return safe(str(next(filter(None, named), "-")))


def email_of(record: Record) -> str:
    """The root user's email, if the request names it."""
    return safe(str(_mapping(_mapping(record.get("request")).get("account")).get("email") or ""))


def why(record: Record) -> str:
    """CODE/REASON of the record's error, as `vend explain` takes it; empty without one."""
    error = _mapping(record.get("error"))
    return safe("/".join(str(error[key]) for key in ("code", "reason") if error.get(key)))


def short_why(record: Record) -> str:
    """The reason alone, or the code of an error without one; `vend explain` takes either."""
    error = _mapping(record.get("error"))
    return safe(str(error.get("reason") or error.get("code") or ""))


def state_style(state: str) -> str:
    """The colour of a state, by what it means."""
    return "green" if state in _GOOD else "red" if state in _BAD else "cyan"


def state_cell(record: Record) -> Text:
    """The state as a cell of a table."""
    state = str(record.get("state", ""))
    return Text(state, style=state_style(state))


def account_fields(record: Record) -> list[tuple[str, str]]:
    """What was made or is being made."""
    return _filled(
        ("account", record.get("accountId")),
        ("GovCloud account", record.get("govCloudAccountId")),
        ("email", email_of(record)),
        *step_summaries.of_record(record),
        ("revision", record.get("revision")),
        ("request", record.get("requestId")),
        ("warnings", "\n".join(map(str, record.get("warnings") or []))),
    )


def next_steps(record: Record, terminal: Terminal) -> list[str]:
    """What is left for a person to do; commands stand on lines of their own, to be copied."""
    steps = record.get("nextSteps") or []
    if not steps:
        return []
    lines = ["", terminal.paint("Left to do", "bold")]
    for number, step in enumerate(map(str, steps), start=1):
        what, found, command = step.partition(": aws ")
        first, *more = _wrapped(what, 90)
        lines += [f"  {number}. {first}", *(f"     {line}" for line in more)]
        if found:
            lines.append(f"     {terminal.paint(safe(f'aws {command}'), 'bold')}")
    return lines


def error_fields(record: Record) -> list[tuple[str, str]]:
    """What went wrong and what to do about it."""
    error = _mapping(record.get("error"))
    wait = error.get("wait")
    return _filled(
        ("error", why(record)),
        ("what happened", error.get("message")),
        ("what to do", error.get("remedy")),
        ("action by", OWNERS.get(str(error.get("owner")), error.get("owner"))),
        ("retry after", in_words(wait) if isinstance(wait, int) and wait else None),
    )


def progress_fields(record: Record) -> list[tuple[str, str]]:
    """Where it runs and since when."""
    return _filled(
        ("creation", record.get("createAccountRequestId")),
        ("invitation", record.get("handshakeId")),
        ("open until", record.get("expiresAt") if record.get("state") == "INVITED" else None),
        (
            "confirm with",
            command("confirm", str(record.get("requestId")), "CODE")
            if record.get("state") == State.AWAITING_CODE
            else None,
        ),
        ("approval", "\n".join(approval_words(_mapping(record.get("approval"))))),
        ("execution", record.get("executionArn")),
        ("requested by", record.get("requestedBy")),
        ("requested", record.get("requestedAt")),
        ("updated", record.get("updatedAt")),
    )


def approval_words(approval: Record) -> list[str]:
    """Who has decided, and who may decide until when; nothing where no approval is needed."""
    if not approval:
        return []
    outcome = approval.get("outcome")
    lines = [approval_records.asked_words(approval["needs"])]
    for decision in approval.get("decisions", []):
        line = f"{str(decision['decision']).lower()} by {decision['by']} at {decision['at']}"
        reason = decision.get("reason")
        lines.append(f"{line}: {reason}" if reason else line)
    if outcome == "TIMED_OUT":
        lines.append(f"nobody decided until {approval['expiresAt']}")
    elif outcome is None:
        lines.append(f"can be decided until {approval['expiresAt']}")
    return lines


def aligned(fields: Sequence[tuple[str, str]], terminal: Terminal, columns: int = 100) -> list[str]:
    """One field a line, values under each other; long texts wrap under themselves."""
    room = max((cell_len(label) for label, _ in fields), default=0)
    lines = []
    for label, value in fields:
        first, *more = _wrapped(value, max(30, columns - room - 5)) or [""]
        lines.append(f"  {terminal.paint(pad(label, room), 'dim')}  {first}")
        lines += [f"  {' ' * room}  {line}" for line in more]
    return lines


def table(
    header: Sequence[str], rows: Sequence[Sequence[str | Text]], terminal: Terminal
) -> list[str]:
    """Columns under a header; a terminal gets no line that would wrap, a file gets all.

    Ids are whole everywhere, to be copied: the other columns give way to them.
    """
    cells = [
        [each.copy() if isinstance(each, Text) else Text(each) for each in row]
        for row in (header, *rows)
    ]
    widths = [max(each.cell_len for each in column) for column in zip(*cells, strict=True)]
    if terminal.live:
        widths = _shrunk(header, widths, terminal.size()[0])
    lines = []
    for row in cells:
        for each, room in zip(row, widths, strict=True):
            each.truncate(room, overflow="ellipsis" if terminal.unicode else "crop", pad=True)
        line = Text("  ").join(each for each, room in zip(row, widths, strict=True) if room)
        line.rstrip()
        lines.append(line)
    lines[0].stylize("dim")
    return terminal.render(lines)


_IDS = {"ACCOUNT", "REQUEST", "ABOUT"}
_SHRINK_ORDER = (
    *(("EMAIL", 12), ("WHY", 12), ("NAME", 12), ("EMAIL", 0), ("WHY", 6), ("NAME", 6)),
    *(("EVENT", 8), ("WHY", 0), ("TOOK", 0), ("UPDATED (UTC)", 0), ("SINCE (UTC)", 0)),
    *(("NAME", 0), ("EVENT", 0), ("STATE", 2)),
)
"""Columns in the order in which they give way, and to how little each time; 0 leaves it out."""


def _shrunk(header: Sequence[str], natural: Sequence[int], room: int) -> list[int]:
    """Widths that fit `room` between them, 0 for columns left out; wider only if the ids are."""
    names = [*header[:-1], header[-1] or "WHY"]
    others = [(name, 2) for name in reversed(names) if name and name not in _IDS]
    widths = list(natural)
    for name, least in (*_SHRINK_ORDER, *others):
        over = sum(widths) + 2 * (sum(map(bool, widths)) - 1) - room
        if over <= 0:
            break
        if name in names:
            index = names.index(name)
            kept = max(least, widths[index] - over) if least else 0
            widths[index] = min(widths[index], kept)
    # What was left out made more room than was missing: it goes to what had given way before.
    spare = room - sum(widths) - 2 * (sum(map(bool, widths)) - 1)
    for index, most in reversed(list(enumerate(natural))):
        grown = min(most - widths[index], spare) if widths[index] and spare > 0 else 0
        widths[index] += grown
        spare -= grown
    return widths


def listing(records: Sequence[Record], terminal: Terminal) -> list[str]:
    """The records as a table."""
    rows = [
        (
            state_cell(record),
            name_of(record),
            email_of(record) or "-",
            str(record.get("accountId") or "-"),
            safe(str(record.get("requestId", ""))),
            str(record.get("updatedAt", "")).replace("T", " ")[:16],
            short_why(record) or _awaited(record),
        )
        for record in records
    ]
    header = ("STATE", "NAME", "EMAIL", "ACCOUNT", "REQUEST", "UPDATED (UTC)", "")
    return table(header, rows, terminal)


def _awaited(record: Record) -> str:
    """Who has to approve, of a request that waits for that."""
    if record.get("state") != State.AWAITING_APPROVAL:
        return ""
    return safe(f"by {' or '.join(_mapping(record.get('approval')).get('by', []))}")


def _wrapped(text: str, columns: int) -> list[str]:
    """The text in lines of at most `columns`, and longer only where one word is."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in safe(paragraph).split(" "):
            if line and cell_len(line) + 1 + cell_len(word) > columns:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines


def _filled(*fields: tuple[str, Any]) -> list[tuple[str, str]]:
    return [(label, str(value)) for label, value in fields if value]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
