"""`vend list --watch`: the ledger's requests as they change, until somebody has seen enough."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import NoReturn, Protocol

from rich.text import Text

from cli.aws.environment import explained
from cli.aws.stack import Stack
from cli.output.failure import EXIT_VENDED
from cli.output.progress import Block
from cli.output.records import listing, name_of, short_why
from cli.output.terminal import Terminal, safe
from cli.watch.submission import Record
from vending.request import ou_paths
from vending.states import State

NEAR_SECONDS, FAR_SECONDS = 1.0, 5.0
"""Between two looks: at this machine, and at AWS, of whose table each look reads every state."""

_AROUND_ROWS = 4
"""Lines of a screen that are no rows: the header, the empty one, the footer and the cursor's."""


class View(Protocol):
    """Where requests are shown."""

    def show(self, records: Sequence[Record]) -> None:
        """Show all of them as they are now, newest change first."""

    def close(self) -> None:
        """Give the terminal back."""


def run(arguments: argparse.Namespace) -> int:
    """Look and show until Ctrl-C, which is how it ends well."""
    with explained():
        stack = Stack.from_environment()
        view = _view(Terminal.of(sys.stdout), as_json=arguments.json)
        with contextlib.suppress(KeyboardInterrupt), contextlib.closing(view):
            _watch(stack, arguments, view)
    return EXIT_VENDED


def fitting(stack: Stack, arguments: argparse.Namespace) -> list[Record]:
    """The records that the options ask for, newest change first."""
    return [one for one in stack.ledger.records(arguments.state) if _matches(one, arguments)]


def _matches(record: Record, arguments: argparse.Namespace) -> bool:
    of, unit = arguments.requester, arguments.ou
    if of is not None and (record.get("sender") or {}).get("requester") != of:
        return False
    asked = record.get("request") or {}
    return unit is None or ou_paths.is_within(asked.get("organizationalUnit"), unit)


def _watch(stack: Stack, arguments: argparse.Namespace, view: View) -> NoReturn:
    pause = NEAR_SECONDS if stack.is_on_this_machine else FAR_SECONDS
    while True:
        view.show(fitting(stack, arguments))
        time.sleep(pause)


def _view(terminal: Terminal, *, as_json: bool) -> View:
    return _Screen(terminal) if terminal.live and not as_json else _Lines(terminal, as_json=as_json)


class _Screen:
    """A table that is redrawn in place, as many rows of it as there is room for."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._block = Block(terminal)

    def show(self, records: Sequence[Record]) -> None:
        room = max(1, self._terminal.size()[1] - _AROUND_ROWS)
        rows = listing(records[:room], self._terminal) if records else ["The ledger has none yet"]
        footer = Text(_footer(records, hidden=len(records[room:])), style="dim")
        self._block.draw([*map(Text.from_ansi, rows), Text(), footer])

    def close(self) -> None:
        self._block.close()


class _Lines:
    """A line for each change: for files, pipes and programs."""

    def __init__(self, terminal: Terminal, *, as_json: bool) -> None:
        self._terminal, self._as_json = terminal, as_json
        self._shown: dict[str, Record] = {}

    def show(self, records: Sequence[Record]) -> None:
        for record in reversed(records):  # the oldest change first
            request_id = str(record.get("requestId", ""))
            if self._shown.get(request_id) == record:
                continue
            self._shown[request_id] = record
            line = json.dumps(record, ensure_ascii=False) if self._as_json else _line(record)
            self._terminal.write(f"{line}\n")

    def close(self) -> None:
        """Nothing to give back."""


def _line(record: Record) -> str:
    words = (
        str(record.get("updatedAt", "")),
        str(record.get("state", "")),
        safe(str(record.get("requestId", ""))),
        name_of(record),
        str(short_why(record)),
    )
    return "  ".join(word for word in words if word)


def _footer(records: Sequence[Record], *, hidden: int) -> str:
    """How many there are in which state, in the order of their lives."""
    counts = Counter(str(record.get("state")) for record in records)
    parts = [f"{counts[state]:,} {state.lower()}" for state in State if counts[state]]
    more = f"{hidden:,} more; " if hidden else ""
    return f"{more}{', '.join(parts) or 'nothing'}; Ctrl-C ends it"
