"""A plan of many accounts in words: for a terminal, and as Markdown for a pull request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from cli.fleet.differences import Difference
from cli.fleet.fleet_plan import Entry, FleetPlan, Kind
from cli.output.shell_command import command
from cli.output.terminal import Terminal, clip, safe

_SIGNS = {
    Kind.NEW: ("+", "green"),
    Kind.CHANGE: ("~", "yellow"),
    Kind.RETIREMENT: ("-", "red"),
    Kind.IN_PROGRESS: ("…", "cyan"),
    Kind.UNCHANGED: ("=", "dim"),
}
_COUNTED = {
    Kind.NEW: "new",
    Kind.CHANGE: "to change",
    Kind.RETIREMENT: "to retire",
    Kind.IN_PROGRESS: "in progress",
    Kind.UNCHANGED: "unchanged",
}
_LISTED = 20
"""Accounts without a file that are listed; the rest is counted."""

_VALUE = 60
"""Characters of a value that are shown."""

_MARKDOWN = 60_000
"""Characters, of 65,536 that a comment on GitHub takes."""


def plan_text(plan: FleetPlan, terminal: Terminal, *, next_words: Sequence[str]) -> list[str]:
    """The plan, and what to type next."""
    lines = accounts_text(plan, terminal)
    if plan.is_refused:
        lines += ["", "Nothing was changed; what is refused has to be mended first"]
    elif plan.differing:
        apply = command("apply", *next_words)
        lines += ["", "Nothing was changed", f"Next  {terminal.paint(apply, 'bold')}"]
    return lines


def accounts_text(plan: FleetPlan, terminal: Terminal) -> list[str]:
    """Each account that differs with what is different, what is gone, and the counts."""
    lines: list[str] = []
    for one in plan.entries:
        if one.differs or one.warnings:
            lines += [*_entry(one, terminal), ""]
    return [*lines, terminal.paint(summary(plan), "bold"), *_absent(plan)]


def summary(plan: FleetPlan) -> str:
    """How many accounts become what, in one line."""
    counted = [
        f"{plan.counts[kind]:,} {words}" for kind, words in _COUNTED.items() if kind in plan.counts
    ]
    refused = sum(bool(one.problems) for one in plan.entries)
    return ", ".join([*counted, *([f"{refused:,} refused"] if refused else [])]) or "no account"


def _entry(one: Entry, terminal: Terminal) -> Iterator[str]:
    sign, colour = _SIGNS[one.kind]
    sign = sign if sign.isascii() else terminal.sign(sign, "*")
    who = " ".join(
        filter(None, (safe(one.name), one.account_id if one.account_id != one.name else ""))
    )
    at = f", revision {one.revision}" if one.revision else ""
    yield f"{terminal.paint(sign, colour)} {terminal.paint(who, 'bold')}  {safe(one.file)}{at}"
    for each in one.difference:
        yield f"    {safe(_difference(each))}"
    if one.reason:
        yield f"    reason: {safe(one.reason)}"
    for change in one.changes:
        yield f"    {terminal.paint('>', colour)} {safe(change)}"
    for warning in one.warnings:
        yield f"    {terminal.paint('!', 'yellow')} {safe(warning)}"
    for problem in one.problems:
        yield f"    {terminal.paint('x', 'red')} {_code(problem)}: {safe(str(problem['message']))}"
        yield f"      {safe(str(problem['remedy']))}"


def _difference(one: Difference) -> str:
    before, after = one["before"], one["after"]
    if before is None:
        return f"{one['key']}: {_value(after)} (added)"
    if after is None:
        return f"{one['key']}: {_value(before)} (removed)"
    return f"{one['key']}: {_value(before)} -> {_value(after)}"


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return clip(text, _VALUE)


def _code(problem: Any) -> str:
    return "/".join(filter(None, (problem["code"], problem.get("reason"))))


def _absent(plan: FleetPlan) -> Iterator[str]:
    if plan.gone:
        count = len(plan.gone)
        yield ""
        which = f"{count:,} account{'s' if count > 1 else ''} in the ledger without a file"
        yield f"{which}; left alone:"
        for one in plan.gone[:_LISTED]:
            yield f"    {one['accountId']}  {safe(str(one['name'] or '-'))}"
        if count > _LISTED:
            yield f"    … and {count - _LISTED:,} more"
    if plan.not_adopted:
        count = len(plan.not_adopted)
        yield ""
        yield (
            f"{count:,} account{'s' if count > 1 else ''} of the organization that neither a file "
            f"nor the ledger knows: `{command('adopt', '--out', 'DIR')}`"
        )


def markdown(plan: FleetPlan) -> str:
    """The plan as a comment of a pull request: the counts, then each account that differs."""
    lines = [f"### Accounts: {summary(plan)}", ""]
    room = _MARKDOWN
    left_out = 0
    for one in plan.entries:
        if not one.differs:
            continue
        block = "\n".join([*_markdown_entry(one), ""])
        room -= len(block)
        if room < 0:
            left_out += 1
        else:
            lines.append(block)
    if left_out:
        lines += [f"… and {left_out:,} more accounts, which `vend plan` shows", ""]
    if plan.gone:
        lines += [f"{len(plan.gone):,} in the ledger without a file; they are left alone.", ""]
    lines.append(f"Fingerprint `{plan.fingerprint()[:16]}`. Nothing was changed.")
    return "\n".join(lines)


def _markdown_entry(one: Entry) -> Iterator[str]:
    who = f"{_escaped(one.name)}" + (f" `{one.account_id}`" if one.account_id else "")
    yield f"**{_COUNTED[one.kind].removeprefix('to ')}** {who}, {_escaped(one.file)}"
    yield ""
    if one.difference:
        yield "| key | before | after |"
        yield "|---|---|---|"
        for each in one.difference:
            cells = (each["key"], *map(_cell, (each["before"], each["after"])))
            yield "| " + " | ".join(map(_escaped, cells)) + " |"
        yield ""
    lines = [*one.changes, *(f"warning: {warning}" for warning in one.warnings)]
    yield from (f"- {_escaped(each)}" for each in lines)
    for problem in one.problems:
        yield f"- **refused**, {_escaped(_code(problem))}: {_escaped(str(problem['message']))}"
        yield f"  {_escaped(str(problem['remedy']))}"


def _cell(value: Any) -> str:
    return "" if value is None else _value(value)


_SPECIAL = "\\`*_{}[]<>()#+!|~@"


def _escaped(text: str) -> str:
    """Text that is nobody's to format: a name in a request is not to mention people or draw."""
    return "".join(
        f"&#{ord(each)};" if each in "<>@|" else f"\\{each}" if each in _SPECIAL else each
        for each in safe(text)
    )
