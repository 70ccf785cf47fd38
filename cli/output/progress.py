"""Progress on standard error: a screen redrawn in place, or one plain line per change.

Rows are made by pure functions from what is known; the two views only write them.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.console import Group
from rich.live import Live
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.spinner import Spinner
from rich.text import Text

from cli.output.terminal import Terminal, duration, pad, safe, width
from cli.watch.submission import Phase, TrackedSubmission
from cli.watch.trace import Step, StepStatus

SPINNER, PLAIN_SPINNER = Spinner("dots"), Spinner("line")
FRAMES_PER_SECOND = 10
FRAME_LINES = 3
"""Lines of a frame that are not rows: the empty one above, the empty one below, the footer."""

_SIGNS = {
    StepStatus.PENDING: ("·", "."),
    StepStatus.DONE: ("✓", "+"),
    StepStatus.FAILED: ("✗", "x"),
    StepStatus.STOPPED: ("✗", "x"),
    StepStatus.RETRYING: ("↻", "~"),
    StepStatus.SKIPPED: ("-", "-"),
    StepStatus.UNREACHED: ("·", "."),
}
_STYLES = {
    StepStatus.PENDING: "dim",
    StepStatus.RUNNING: "cyan",
    StepStatus.DONE: "green",
    StepStatus.FAILED: "red",
    StepStatus.STOPPED: "red",
    StepStatus.RETRYING: "yellow",
    StepStatus.SKIPPED: "dim",
    StepStatus.UNREACHED: "dim",
}
_QUIET = {StepStatus.PENDING, StepStatus.SKIPPED, StepStatus.UNREACHED}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a screen: a status, what it is about, how long, and a note."""

    status: StepStatus
    name: str
    elapsed: float | None = None
    note: str = ""


class View(Protocol):
    """Where progress goes."""

    def show(self, tracked: Sequence[TrackedSubmission], now: float) -> None:
        """Bring what the user sees up to date."""

    def close(self) -> None:
        """Leave the terminal as it was found."""


def view_for(terminal: Terminal) -> View:
    """The view that suits `terminal`."""
    return Screen(terminal) if terminal.live else Log(terminal)


def status_text(step: Step) -> str:
    """What to say next to a step's status: retries, what failed, what was made."""
    if step.status is StepStatus.RETRYING:
        # Only the error's name: what AWS calls it matters once trying has ended.
        return safe(f"{step.note.partition(':')[0]}; retrying ({step.retries + 1})")
    words = [f"retry {step.retries}"] if step.retries else []
    if step.status in {StepStatus.SKIPPED, StepStatus.UNREACHED, StepStatus.STOPPED}:
        words.append(step.status.value)
    elif step.note:
        words.append(step.note)
    return safe(", ".join(words))


def step_rows(tracked: TrackedSubmission, now: float) -> list[Row]:
    """The steps of one submission."""
    if tracked.trace is None:
        name = _standing(tracked) or "sending the request"
        return [Row(status=_status_of(tracked), name=name, elapsed=tracked.elapsed(now))]
    return [
        Row(status=step.status, name=step.name, elapsed=step.elapsed(now), note=status_text(step))
        for step in tracked.trace.shown
    ]


def table_rows(tracked: Sequence[TrackedSubmission], now: float) -> list[Row]:
    """One row per submission."""
    names = [safe(one.submission.name) for one in tracked]
    room = max(map(width, names), default=0)
    return [
        Row(
            status=_status_of(one),
            name=f"{pad(name, room)}  {one.submission.request_id}",
            elapsed=None if one.phase is Phase.READY else one.elapsed(now),
            note=_standing(one),
        )
        for one, name in zip(tracked, names, strict=True)
    ]


def _status_of(one: TrackedSubmission) -> StepStatus:
    if one.phase is Phase.ENDED:
        return StepStatus.DONE if one.is_vended else StepStatus.FAILED
    if one.phase is Phase.READY:
        return StepStatus.PENDING
    current = one.trace.current if one.trace else None
    return current.status if current else StepStatus.RUNNING


def _standing(one: TrackedSubmission) -> str:
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
    return f"{count}  {current.name}  {status_text(current)}".rstrip() if current else count


def _ending(one: TrackedSubmission) -> str:
    record = one.record or {}
    if one.problem:
        return safe(one.problem.splitlines()[0])
    error = record.get("error") or {}
    state = "already vended" if one.was_already_vended else str(record.get("state", ""))
    what = error.get("reason") or error.get("code") or record.get("accountId") or ""
    return f"{state}  {safe(str(what))}".strip()


def fit(rows: Sequence[Row], room: int) -> list[Row]:
    """At most `room` rows: what is over folds into a row above, what is to come into one below."""
    if len(rows) <= room:
        return list(rows)
    kept, above, below = list(rows), 0, 0
    while len(kept) + bool(above) + bool(below) > room and kept:
        if kept[0].status in {StepStatus.DONE, StepStatus.SKIPPED} or kept[-1].status not in _QUIET:
            kept.pop(0)
            above += 1
        else:
            kept.pop()
            below += 1
    folded = [_folded(rows[:above])] if above else []
    later = [Row(status=StepStatus.PENDING, name=f"{below} more")] if below else []
    return [*folded, *kept, *later][:room]


def _folded(rows: Sequence[Row]) -> Row:
    """One row for several: done only if all of them are, else with how many stand where."""
    counts = Counter(row.status for row in rows)
    name = f"{len(rows)} above"
    if counts.keys() <= {StepStatus.DONE, StepStatus.SKIPPED}:
        return Row(status=StepStatus.DONE, name=name)
    summary = ", ".join(
        f"{counts[status]} {status.value}" for status in StepStatus if counts[status]
    )
    return Row(status=StepStatus.PENDING, name=name, note=summary)


def lines(rows: Sequence[Row], terminal: Terminal, columns: int, now: float) -> list[Text]:
    """The rows as text, at most `columns` wide."""
    names = max((width(row.name) for row in rows), default=0)
    times = [duration(row.elapsed) if row.elapsed is not None else "" for row in rows]
    clocks = max(map(len, times), default=0)
    text = []
    for row, took in zip(rows, times, strict=True):
        is_loud = row.status in {StepStatus.FAILED, StepStatus.RETRYING}
        line = Text.assemble(
            "  ",
            (_sign(row.status, terminal, now), _STYLES[row.status]),
            " ",
            (row.name, "dim" if row.status in _QUIET else ""),
            f"{' ' * (names - width(row.name))}  {took:>{clocks}}  ",
            (row.note, "" if is_loud else "dim"),
        )
        line.rstrip()
        text.append(_fitted(line, terminal, columns - 1))
    return text


def _fitted(line: Text, terminal: Terminal, columns: int) -> Text:
    line.truncate(max(1, columns), overflow="ellipsis" if terminal.unicode else "crop")
    return line


def _sign(status: StepStatus, terminal: Terminal, now: float) -> str:
    if status is not StepStatus.RUNNING:
        return terminal.sign(*_SIGNS[status])
    frames = (SPINNER if terminal.unicode else PLAIN_SPINNER).frames
    return frames[int(now * FRAMES_PER_SECOND) % len(frames)]


@contextlib.contextmanager
def spinning(terminal: Terminal, text: str) -> Iterator[Callable[[str], None]]:
    """Show that something is going on that reports no steps, and how long; leave nothing behind.

    What it yields puts another text in the place of the first; a file gets the first alone.
    """
    if not terminal.live:
        terminal.write(f"{text}\n")
        yield lambda _: None
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
        task = progress.add_task(text, total=None)
        yield lambda now: progress.update(task, description=safe(now))


class Block:
    """Lines at the end of the terminal, redrawn in place."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._live = Live(
            console=terminal.console(),
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="visible",
        )

    def draw(self, lines: Sequence[Text]) -> None:
        """Put these lines in the place of the last ones."""
        self._live.console.size = self._terminal.size()
        self._live.update(Group(*lines))
        if self._live.is_started:
            self._live.refresh()
        else:
            self._live.start(refresh=True)

    def close(self) -> None:
        """Give the cursor back; the last lines stay."""
        self._live.stop()


class Screen:
    """The steps of what is followed, redrawn in place."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._block = Block(terminal)

    def show(self, tracked: Sequence[TrackedSubmission], now: float) -> None:
        """Draw the steps of one submission, or a row for each of several."""
        columns, height = self._terminal.size()
        rows = step_rows(tracked[0], now) if len(tracked) == 1 else table_rows(tracked, now)
        rows = fit(rows, max(1, height - FRAME_LINES - 1))
        footer = _fitted(Text(self._footer(tracked, now), style="dim"), self._terminal, columns - 1)
        self._block.draw([Text(), *lines(rows, self._terminal, columns, now), Text(), footer])

    def close(self) -> None:
        """Give the cursor back; the last frame stays."""
        self._block.close()

    def _footer(self, tracked: Sequence[TrackedSubmission], now: float) -> str:
        elapsed = duration(max((one.elapsed(now) for one in tracked), default=0.0))
        if len(tracked) > 1:
            ended = sum(one.phase is Phase.ENDED for one in tracked)
            return f"  {ended} of {len(tracked)} done, {elapsed}"
        if tracked and tracked[0].trace is not None:
            trace = tracked[0].trace
            return f"  {trace.finished} of {len(trace.shown)} steps, {elapsed}"
        return ""


class Log:
    """One line per change, for files, pipes and CI."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._said: dict[tuple[str, str], tuple[object, ...]] = {}

    def show(self, tracked: Sequence[TrackedSubmission], now: float) -> None:
        """Write what changed since the last call."""
        for one in tracked:
            who = f"{safe(one.submission.name)}: " if len(tracked) > 1 else ""
            request = one.submission.request_id
            if one.trace is None or len(tracked) > 1:
                text = _standing(one) or one.phase.value
                if one.phase is Phase.RUNNING and one.trace is not None:
                    current = one.trace.current
                    text = f"{current.name} {status_text(current)}".rstrip() if current else ""
                self._say((request, ""), (text,), one.elapsed(now), f"{who}{text}" if text else "")
                continue
            for step in one.trace.shown:
                key = (
                    step.status,
                    step.retries,
                    step.note if step.status is StepStatus.RETRYING else "",
                )
                is_silent = step.status in {StepStatus.PENDING, StepStatus.UNREACHED}
                line = "" if is_silent else self._line(step, now)
                self._say((request, step.name), key, one.elapsed(now), line)

    def close(self) -> None:
        """Nothing to give back."""

    def _line(self, step: Step, now: float) -> str:
        elapsed = step.elapsed(now)
        word = "" if step.status in {StepStatus.SKIPPED, StepStatus.STOPPED} else step.status.value
        took = f"({duration(elapsed)})" if elapsed is not None and not step.is_active else ""
        words = (
            step.name,
            word if step.status is not StepStatus.RETRYING else "",
            took,
            status_text(step),
        )
        return " ".join(word for word in words if word)

    def _say(
        self,
        what: tuple[str, str],
        key: tuple[object, ...],
        elapsed: float,
        line: str,
    ) -> None:
        if self._said.get(what) != key:
            self._said[what] = key
            if line:
                self._terminal.write(f"{duration(elapsed):>8}  {line}\n")
