"""What `vend submit` prints on standard output when all is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cli.output.records import (
    account_fields,
    aligned,
    error_fields,
    name_of,
    next_steps,
    progress_fields,
    short_why,
    state_cell,
    state_style,
    table,
    why,
)
from cli.output.shell_command import command
from cli.output.terminal import Terminal, duration, safe
from cli.watch.submission import Record, TrackedSubmission
from vending.states import State

_STATES = {"RequestConflict": State.REJECTED, "Superseded": State.SUPERSEDED}
"""Of requests that were not sent, by the code of the reason; all others are FAILED."""

_OUTCOMES: Mapping[str, str] = {State.REJECTED: "Rejected", State.SUPERSEDED: "Superseded"}


def record_of(one: TrackedSubmission) -> Record:
    """The record, or what takes its place when there is none or it is about another request."""
    if one.record is not None and not one.problem:
        return one.record
    record = dict(one.record or {"requestId": one.submission.request_id})
    if one.problem:
        record.setdefault("state", _STATES.get(one.problem_code, State.FAILED))
        record["error"] = {
            "code": one.problem_code,
            "reason": None,
            "message": one.problem,
            "remedy": one.remedy,
        }
    record.setdefault("request", one.submission.detail)
    record.setdefault("state", "REQUESTED")
    return record


def single_text(
    one: TrackedSubmission, terminal: Terminal, *, is_local: bool, again: tuple[str, ...]
) -> list[str]:
    """The end of one request: what was made, or what went wrong, and what to type next."""
    record = record_of(one)
    name = safe(one.submission.name)
    took = duration(one.elapsed(one.until or 0.0))
    if one.is_vended:
        done = "Changed" if (record.get("revision") or 1) > 1 else "Vended"
        headline = (
            f"{name} is already vended" if one.was_already_vended else f"{done} {name} in {took}"
        )
        fields, colour = account_fields(record), "green"
    else:
        outcome = _OUTCOMES.get(str(record.get("state")), "Failed")
        headline = f"{outcome}: {name} ({took})"
        fields, colour = error_fields(record) + account_fields(record), "red"
    lines = [terminal.paint(headline, "bold", colour), "", *_block(fields, terminal)]
    lines += next_steps(record, terminal)
    return [*lines, "", *_next([one], terminal, is_local=is_local, again=again)]


def several_text(
    tracked: Sequence[TrackedSubmission],
    terminal: Terminal,
    *,
    is_local: bool,
    again: tuple[str, ...],
) -> list[str]:
    """A row per request, the failures in full, and what to type next."""
    rows = []
    for one in tracked:
        record = record_of(one)
        took = "-" if one.was_already_vended else duration(one.elapsed(one.until or 0.0))
        note = "already vended" if one.was_already_vended else short_why(record)
        rows.append(
            (
                state_cell(record),
                safe(one.submission.name),
                str(record.get("accountId") or "-"),
                one.submission.request_id,
                took,
                note,
            )
        )
    lines = table(("STATE", "NAME", "ACCOUNT", "REQUEST", "TOOK", ""), rows, terminal)
    failed = [one for one in tracked if not one.is_vended]
    for one in failed:
        record = record_of(one)
        lines += ["", terminal.paint(safe(one.submission.name), "bold")]
        lines += _block(error_fields(record), terminal)
    for one in tracked:
        if one.is_vended and (left := next_steps(record_of(one), terminal)):
            lines += ["", terminal.paint(safe(one.submission.name), "bold"), *left[1:]]
    vended = len(tracked) - len(failed)
    took = duration(max(one.elapsed(one.until or 0.0) for one in tracked))
    headline = f"{vended} of {len(tracked)} vended in {took}"
    lines += ["", terminal.paint(headline, "bold", "red" if failed else "green"), ""]
    return [*lines, *_next(tracked, terminal, is_local=is_local, again=again)]


def sent_text(tracked: Sequence[TrackedSubmission], terminal: Terminal) -> list[str]:
    """What --no-wait says: which requests are on their way and how to look at them."""
    lines = []
    for one in tracked:
        name = safe(one.submission.name)
        if one.problem:
            lines.append(f"{terminal.paint('Not sent', 'red')}  {name}: {safe(one.problem)}")
            lines.append(f"          {safe(one.remedy)}")
        elif one.was_already_vended:
            lines.append(f"{terminal.paint('Already vended', 'green')}  {name}")
        else:
            lines.append(f"{terminal.paint('In progress', 'green')}  {name}")
    first = next((one for one in tracked if not one.problem), None)
    if first is not None:
        words = ("status", first.submission.request_id) if len(tracked) == 1 else ("list",)
        lines += ["", f"Next  {command(*words)}"]
    return lines


def record_text(record: Record, terminal: Terminal) -> list[str]:
    """One record with everything known about it."""
    state = str(record.get("state", ""))
    title = (
        f"{terminal.paint(state, state_style(state))}  {terminal.paint(name_of(record), 'bold')}"
    )
    fields = error_fields(record) + account_fields(record) + progress_fields(record)
    lines = [title, "", *_block(fields, terminal), *next_steps(record, terminal)]
    request_id = str(record.get("requestId", ""))
    if state in {"FAILED", "REJECTED"}:
        lines += ["", f"Next  {command('explain', why(record))}"] if why(record) else []
        if state == "FAILED":
            lines.append(f"then  {command('resume', request_id)}")
    elif state not in {"VENDED", "SUPERSEDED"}:
        lines += ["", f"Next  {command('status', request_id)}"]
    return lines


def _next(
    tracked: Sequence[TrackedSubmission],
    terminal: Terminal,
    *,
    is_local: bool,
    again: tuple[str, ...],
) -> list[str]:
    failed = next((one for one in tracked if not one.is_vended), None)
    if failed is not None:
        reason = why(record_of(failed))
        words: tuple[str, ...] = ("explain", reason) if reason else again
        note = "why, and what to do about it" if reason else "to resume it"
    elif is_local:
        words, note = ("local",), "keeps this AWS running for any AWS client"
    elif len(tracked) == 1:
        words, note = ("status", tracked[0].submission.request_id), ""
    else:
        words, note = ("list",), ""
    line = f"Next  {terminal.paint(command(*words), 'bold')}"
    return [f"{line}   {terminal.paint(note, 'dim')}" if note else line]


def _block(fields: Sequence[tuple[str, str]], terminal: Terminal) -> list[str]:
    return aligned(fields, terminal, min(110, terminal.size()[0]))
