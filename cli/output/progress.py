"""Progress on standard error: a screen redrawn in place, or one plain line per change.

Rows are made by pure functions from what is known; the two views only write them.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.console import Group
from rich.live import Live
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.spinner import Spinner
from rich.text import Text

from cli.output.terminal import Terminal, duration, pad, safe, width
from cli.watch.submission import Phase, Watched
from cli.watch.trace import Mark, Step

SPINNER, PLAIN_SPINNER = Spinner("dots"), Spinner("line")
FRAMES_PER_SECOND = 10
FRAME_LINES = 3
"""Lines of a frame that are not rows: the empty one above, the empty one below, the footer."""

_SIGNS = {
    Mark.PENDING: ("·", "."),
    Mark.DONE: ("✓", "+"),
    Mark.FAILED: ("✗", "x"),
    Mark.STOPPED: ("✗", "x"),
    Mark.RETRYING: ("↻", "~"),
    Mark.SKIPPED: ("-", "-"),
    Mark.UNREACHED: ("·", "."),
}
_STYLES = {
    Mark.PENDING: "dim",
    Mark.RUNNING: "cyan",
    Mark.DONE: "green",
    Mark.FAILED: "red",
    Mark.STOPPED: "red",
    Mark.RETRYING: "yellow",
    Mark.SKIPPED: "dim",
    Mark.UNREACHED: "dim",
}
_QUIET = {Mark.PENDING, Mark.SKIPPED, Mark.UNREACHED}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a screen: a mark, what it is about, how long, and a word on it."""

    mark: Mark
    name: str
    elapsed: float | None = None
    note: str = ""


class View(Protocol):
    """Where progress goes."""

    def show(self, watched: Sequence[Watched], now: float) -> None:
        """Bring what the user sees up to date."""

    def close(self) -> None:
        """Leave the terminal as it was found."""


def view_for(terminal: Terminal) -> View:
    """The view that suits `terminal`."""
    return Screen(terminal) if terminal.live else Log(terminal)


def remark(step: Step) -> str:
    """The words that go with a step's mark: retries, what failed, what was made."""
    if step.mark is Mark.RETRYING:
        # Only the error's name: what AWS calls it matters once trying has ended.
        return safe(f"{step.note.partition(':')[0]}, retry {step.retries + 1} follows")
    words = [f"retry {step.retries}"] if step.retries else []
    if step.mark in {Mark.SKIPPED, Mark.UNREACHED, Mark.STOPPED}:
        words.append(step.mark.value)
    elif step.note:
        words.append(step.note)
    return safe(", ".join(words))


def step_rows(watched: Watched, now: float) -> list[Row]:
    """The steps of one submission."""
    if watched.trace is None:
        said = _standing(watched) or "sending the request"
        return [Row(mark=_mark(watched), name=said, elapsed=watched.elapsed(now))]
    return [
        Row(mark=step.mark, name=step.name, elapsed=step.elapsed(now), note=remark(step))
        for step in watched.trace.shown
    ]


def board_rows(watched: Sequence[Watched], now: float) -> list[Row]:
    """One row per submission."""
    names = [safe(one.submission.name) for one in watched]
    room = max(map(width, names), default=0)
    return [
        Row(
            mark=_mark(one),
            name=f"{pad(name, room)}  {one.submission.request_id}",
            elapsed=None if one.phase is Phase.READY else one.elapsed(now),
            note=_standing(one),
        )
        for one, name in zip(watched, names, strict=True)
    ]


def _mark(one: Watched) -> Mark:
    if one.phase is Phase.ENDED:
        return Mark.DONE if one.is_vended else Mark.FAILED
    if one.phase is Phase.READY:
        return Mark.PENDING
    current = one.trace.current if one.trace else None
    return current.mark if current else Mark.RUNNING


def _standing(one: Watched) -> str:
    """Where a submission stands, in words; empty before it is sent."""
    if one.phase is Phase.READY:
        return ""
    if one.phase is Phase.SENT:
        return "waiting for its execution to start"
    if one.phase is Phase.ENDED:
        return _ending(one)
    if one.trace is None:
        return str((one.record or {}).get("state", "started")).lower()
    steps, current = one.trace.shown, one.trace.current
    count = f"{one.trace.finished} of {len(steps)}"
    return f"{count}  {current.name}  {remark(current)}".rstrip() if current else count


def _ending(one: Watched) -> str:
    record = one.record or {}
    if one.problem:
        return safe(one.problem.splitlines()[0])
    error = record.get("error") or {}
    state = "vended before" if one.was_vended_before else str(record.get("state", ""))
    what = error.get("reason") or error.get("code") or record.get("accountId") or ""
    return f"{state}  {safe(str(what))}".strip()


def fit(rows: Sequence[Row], room: int) -> list[Row]:
    """At most `room` rows: what is over folds into a row above, what is to come into one below."""
    if len(rows) <= room:
        return list(rows)
    kept, above, below = list(rows), 0, 0
    while len(kept) + bool(above) + bool(below) > room and kept:
        if kept[0].mark in {Mark.DONE, Mark.SKIPPED} or kept[-1].mark not in _QUIET:
            kept.pop(0)
            above += 1
        else:
            kept.pop()
            below += 1
    folded = [_folded(rows[:above])] if above else []
    later = [Row(mark=Mark.PENDING, name=f"{below} more")] if below else []
    return [*folded, *kept, *later][:room]


def _folded(rows: Sequence[Row]) -> Row:
    """One row for several: done only if all of them are, else with how many stand where."""
    counts = Counter(row.mark for row in rows)
    name = f"{len(rows)} above"
    if counts.keys() <= {Mark.DONE, Mark.SKIPPED}:
        return Row(mark=Mark.DONE, name=name)
    said = ", ".join(f"{counts[mark]} {mark.value}" for mark in Mark if counts[mark])
    return Row(mark=Mark.PENDING, name=name, note=said)


def lines(rows: Sequence[Row], terminal: Terminal, columns: int, now: float) -> list[Text]:
    """The rows as text, at most `columns` wide."""
    names = max((width(row.name) for row in rows), default=0)
    times = [duration(row.elapsed) if row.elapsed is not None else "" for row in rows]
    clocks = max(map(len, times), default=0)
    text = []
    for row, took in zip(rows, times, strict=True):
        is_loud = row.mark in {Mark.FAILED, Mark.RETRYING}
        line = Text.assemble(
            "  ",
            (_sign(row.mark, terminal, now), _STYLES[row.mark]),
            " ",
            (row.name, "dim" if row.mark in _QUIET else ""),
            f"{' ' * (names - width(row.name))}  {took:>{clocks}}  ",
            (row.note, "" if is_loud else "dim"),
        )
        line.rstrip()
        text.append(_fitted(line, terminal, columns - 1))
    return text


def _fitted(line: Text, terminal: Terminal, columns: int) -> Text:
    line.truncate(max(1, columns), overflow="ellipsis" if terminal.unicode else "crop")
    return line


def _sign(mark: Mark, terminal: Terminal, now: float) -> str:
    if mark is not Mark.RUNNING:
        return terminal.sign(*_SIGNS[mark])
    frames = (SPINNER if terminal.unicode else PLAIN_SPINNER).frames
    return frames[int(now * FRAMES_PER_SECOND) % len(frames)]


@contextlib.contextmanager
def spinning(terminal: Terminal, text: str) -> Iterator[None]:
    """Show that something is going on that reports no steps, and how long; leave nothing behind."""
    if not terminal.live:
        terminal.write(f"{text}\n")
        yield
        return
    progress = Progress(
        SpinnerColumn("dots" if terminal.unicode else "line", style="cyan"),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=terminal.console(),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with progress:
        progress.add_task(text, total=None)
        yield


class Screen:
    """A block of lines at the end of the terminal, redrawn in place."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._live = Live(
            console=terminal.console(),
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="visible",
        )

    def show(self, watched: Sequence[Watched], now: float) -> None:
        """Draw the steps of one submission, or a row for each of several."""
        columns, height = self._terminal.size()
        rows = step_rows(watched[0], now) if len(watched) == 1 else board_rows(watched, now)
        rows = fit(rows, max(1, height - FRAME_LINES - 1))
        footer = _fitted(Text(self._footer(watched, now), style="dim"), self._terminal, columns - 1)
        frame = [Text(), *lines(rows, self._terminal, columns, now), Text(), footer]
        self._live.console.size = columns, height
        self._live.update(Group(*frame))
        if self._live.is_started:
            self._live.refresh()
        else:
            self._live.start(refresh=True)

    def close(self) -> None:
        """Give the cursor back; the last frame stays."""
        self._live.stop()

    def _footer(self, watched: Sequence[Watched], now: float) -> str:
        elapsed = duration(max((one.elapsed(now) for one in watched), default=0.0))
        if len(watched) > 1:
            ended = sum(one.phase is Phase.ENDED for one in watched)
            return f"  {ended} of {len(watched)} done, {elapsed}"
        if watched and watched[0].trace is not None:
            trace = watched[0].trace
            return f"  {trace.finished} of {len(trace.shown)} steps, {elapsed}"
        return ""


class Log:
    """One line per change, for files, pipes and CI."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._said: dict[tuple[str, str], tuple[object, ...]] = {}

    def show(self, watched: Sequence[Watched], now: float) -> None:
        """Write what changed since the last call."""
        for one in watched:
            who = f"{safe(one.submission.name)}: " if len(watched) > 1 else ""
            request = one.submission.request_id
            if one.trace is None or len(watched) > 1:
                text = _standing(one) or one.phase.value
                if one.phase is Phase.RUNNING and one.trace is not None:
                    current = one.trace.current
                    text = f"{current.name} {remark(current)}".rstrip() if current else ""
                self._say((request, ""), (text,), one, now, f"{who}{text}" if text else "")
                continue
            for step in one.trace.shown:
                key = (step.mark, step.retries, step.note if step.mark is Mark.RETRYING else "")
                is_silent = step.mark in {Mark.PENDING, Mark.UNREACHED}
                line = "" if is_silent else self._line(step, now)
                self._say((request, step.name), key, one, now, line)

    def close(self) -> None:
        """Nothing to give back."""

    def _line(self, step: Step, now: float) -> str:
        elapsed = step.elapsed(now)
        said = "" if step.mark in {Mark.SKIPPED, Mark.STOPPED} else step.mark.value
        took = f"({duration(elapsed)})" if elapsed is not None and not step.is_active else ""
        words = (step.name, said if step.mark is not Mark.RETRYING else "", took, remark(step))
        return " ".join(word for word in words if word)

    def _say(
        self, what: tuple[str, str], key: tuple[object, ...], one: Watched, now: float, line: str
    ) -> None:
        if self._said.get(what) != key:
            self._said[what] = key
            if line:
                self._terminal.write(f"{duration(one.elapsed(now)):>8}  {line}\n")
