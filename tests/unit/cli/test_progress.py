"""What progress looks like: pure rows and lines, the screen redrawn in place, the plain log."""

from __future__ import annotations

import re

import pytest

from cli.output.progress import (
    Log,
    Row,
    Screen,
    fit,
    lines,
    spinning,
    step_rows,
    table_rows,
    view_for,
)
from cli.output.terminal import Terminal, width
from cli.watch.steps import Plan
from cli.watch.submission import Phase, TrackedSubmission
from cli.watch.trace import StepStatus, Trace
from tests.unit.cli.fakes import (
    DEFINITION,
    a_record,
    a_submission,
    a_terminal,
    an_error,
    written,
)
from tests.unit.cli.histories import History

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def tracked(
    history: History | None = None, *, name: str = "Sandbox", at: float = 0.0
) -> TrackedSubmission:
    one = TrackedSubmission(submission=a_submission(name), phase=Phase.SENT)
    if history is not None:
        one.phase = Phase.RUNNING
        one.trace = Trace(Plan(DEFINITION))
        one.trace.feed(history.events, lambda _event: at)
    return one


def half_way() -> History:
    history = History().step("AcceptRequest", {"outcome": "ACCEPTED"})
    history.enter("ChooseSource", "Choice").step("ReserveCreation", {"waitSeconds": 0})
    history.enter("CreateAccount").schedule()
    return history.fail("Throttled", code="TooManyRequestsException").schedule().fail("Throttled")


def count_half_way() -> str:
    """`2 of 13`: the steps behind CreateAccount, and all steps of a request that comes this way."""
    plan, before = Plan(DEFINITION), ("AcceptRequest", "ReserveCreation")
    region = id(plan.region_of["CreateAccount"])
    to_come = [step for step in plan.steps if plan.may_come(step, {region: "CreateAccount"})]
    return f"{len(before)} of {len(before) + len(to_come)}"


def text_of(
    one: TrackedSubmission, *, unicode: bool = True, colour: bool = False, columns: int = 80
) -> list[str]:
    terminal = a_terminal(unicode=unicode, colour=colour)
    return terminal.render(lines(step_rows(one, 2.0), terminal, columns, 2.0))


def test_steps_are_all_listed_up_front() -> None:
    text = text_of(tracked(History()))

    assert len(text) == len(Plan(DEFINITION).steps)
    assert all(line.startswith("  · ") for line in text)


def test_steps_show_mark_time_retries_and_words() -> None:
    text = text_of(tracked(half_way()))

    assert text[0] == "  ✓ AcceptRequest                    0.0s"
    assert text[1] == "  ✓ ReserveCreation                  0.0s  no wait"
    assert text[2].startswith("  ↻ CreateAccount                    2.0s  Throttled; retrying (2)")


def test_marks_are_ascii_where_the_encoding_has_no_more() -> None:
    text = text_of(tracked(half_way()), unicode=False)

    assert "".join(text).isascii()
    assert [line[2] for line in text[:4]] == ["+", "+", "~", "."]


def test_every_mark_differs_without_colour() -> None:
    rows = [Row(status=status, name="x", note=status.value) for status in StepStatus]

    text = [line.plain for line in lines(rows, a_terminal(unicode=False), 80, 0.0)]

    assert len(set(text)) == len(list(StepStatus))


def test_colour_adds_nothing_but_escapes() -> None:
    plain, coloured = text_of(tracked(half_way())), text_of(tracked(half_way()), colour=True)

    assert any("\x1b[" in line for line in coloured)
    assert [ESCAPES.sub("", line) for line in coloured] == plain


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_lines_never_fill_the_last_column(columns: int) -> None:
    for colour in (False, True):
        text = text_of(tracked(half_way()), columns=columns, colour=colour)
        assert max(width(ESCAPES.sub("", line)) for line in text) < columns


@pytest.mark.parametrize("room", [1, 2, 3, 5, 9, 10, 11])
def test_rows_fit_the_room_and_keep_what_is_active(room: int) -> None:
    rows = [Row(status=StepStatus.DONE, name=f"done {n}") for n in range(6)]
    rows += [Row(status=StepStatus.RUNNING, name="active")]
    rows += [Row(status=StepStatus.PENDING, name=f"pending {n}") for n in range(4)]

    fitted = fit(rows, room)

    assert len(fitted) <= room
    if room >= 3:
        assert "active" in [row.name for row in fitted]
    if room >= len(rows):
        assert fitted == rows


def test_rows_without_anything_active_still_fit() -> None:
    rows = [Row(status=StepStatus.FAILED, name=str(n)) for n in range(50)]

    assert len(fit(rows, 10)) == 10


def test_folded_rows_look_done_only_when_they_are() -> None:
    done = [Row(status=StepStatus.DONE, name=str(n)) for n in range(20)]
    running = [Row(status=StepStatus.RUNNING, name=str(n)) for n in range(20)]
    failed = [Row(status=StepStatus.FAILED, name=str(n)) for n in range(2)]

    of_done = fit([*done, *running], 21)[0]
    of_mixed = fit([*done, *failed, *running], 11)[0]

    assert (of_done.status, of_done.name, of_done.note) == (StepStatus.DONE, "20 above", "")
    assert (of_mixed.status, of_mixed.name) == (StepStatus.PENDING, "32 above")
    assert of_mixed.note == "10 running, 20 done, 2 failed"


def test_row_before_the_execution_says_what_is_waited_for() -> None:
    (row,) = step_rows(tracked(), 3.0)

    assert row.name == "waiting for its execution to start"
    assert row.elapsed == 3.0


def test_table_has_a_row_for_each_request() -> None:
    waiting, running, vended, failed, lost = (
        tracked(name="A"),
        tracked(half_way(), name="B"),
        tracked(name="C"),
        tracked(name="Dd"),
        tracked(name="E"),
    )
    vended.record = a_record()
    vended.end(4.0)
    failed.record = a_record("FAILED", error=an_error())
    failed.end(5.0)
    lost.end(6.0, code="EventNotTaken", problem="EventBridge did not accept the event: X")

    rows = table_rows([waiting, running, vended, failed, lost], 9.0)

    assert [row.status for row in rows] == [
        StepStatus.RUNNING,
        StepStatus.RETRYING,
        StepStatus.DONE,
        StepStatus.FAILED,
        StepStatus.FAILED,
    ]
    assert rows[0].name == "A   r-a"
    assert rows[1].note.startswith(f"{count_half_way()}  CreateAccount  Throttled; retrying (2)")
    assert (rows[2].elapsed, rows[2].note) == (4.0, "VENDED  123456789012")
    assert rows[3].note == "FAILED  EMAIL_ALREADY_EXISTS"
    assert rows[4].note == "EventBridge did not accept the event: X"


def test_name_cannot_steer_the_terminal() -> None:
    one = TrackedSubmission(
        submission=a_submission("a\x1b[2J\nb", request_id="r-a"), phase=Phase.SENT
    )

    (row,) = table_rows([one], 0.0)

    assert "\x1b" not in row.name
    assert "\n" not in row.name


def test_view_depends_on_the_terminal() -> None:
    assert isinstance(view_for(a_terminal(live=True)), Screen)
    assert isinstance(view_for(a_terminal(live=False)), Log)


def frames(terminal: Terminal) -> list[list[str]]:
    """The screen after each frame, by a terminal that knows only what a live display uses."""
    shots: list[list[str]] = []
    for frame in written(terminal).split("\r")[0:1] + re.findall(
        r"\r((?:\x1b\[(?:2K|1A))+[^\r]*)", written(terminal)
    ):
        ups = frame.count("\x1b[1A")
        assert not shots or ups == len(shots[-1]) - 1, "another frame than the last is drawn over"
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", frame)
        shots.append(text.rstrip("\n").split("\n"))
    return shots


def test_screen_redraws_in_place_and_gives_the_cursor_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Terminal, "size", lambda _self: (80, 60))  # room for every step
    terminal = a_terminal(live=True)
    screen = Screen(terminal)
    one = tracked(History())

    screen.show([one], 0.0)
    assert one.trace is not None
    one.trace.feed(half_way().events, lambda _event: 1.0)
    screen.show([one], 2.0)
    screen.close()
    screen.close()

    first, second, last = frames(terminal)
    assert last == second
    assert "  · CreateGovCloudAccount" in first
    assert not [line for line in second if "GovCloud" in line]  # another source's
    assert "AcceptRequest" in first[1]
    assert "✓ AcceptRequest" in second[1]
    assert written(terminal).count("\x1b[?25l") == 1
    assert written(terminal).endswith("\x1b[?25h")
    assert written(terminal).count("\x1b[?25h") == 1


def test_screen_is_never_taller_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Terminal, "size", lambda _self: (60, 10))
    terminal = a_terminal(live=True)

    Screen(terminal).show([tracked(name=f"A{n}") for n in range(40)], 0.0)

    (frame,) = frames(terminal)
    assert len(frame) <= 9
    assert "0 of 40 done" in frame[-1]


def test_log_writes_one_line_per_change() -> None:
    terminal = a_terminal()
    log = Log(terminal)
    one = tracked(History())
    assert one.trace is not None

    log.show([one], 0.0)
    one.trace.feed(half_way().events[:6], lambda _event: 0.0)
    log.show([one], 1.0)
    log.show([one], 1.5)
    one.trace.feed(half_way().events, lambda _event: 2.0)
    log.show([one], 2.0)
    log.show([one], 2.5)

    assert written(terminal).splitlines() == [
        "    1.0s  AcceptRequest done (0.0s)",
        "    2.0s  ReserveCreation done (0.0s) no wait",
        "    2.0s  CreateAccount Throttled; retrying (2)",
    ]


def test_log_of_several_names_each() -> None:
    terminal = a_terminal()
    log = Log(terminal)
    first, second = tracked(name="A"), tracked(name="B")

    log.show([first, second], 0.0)
    first.record = a_record()
    first.end(4.0)
    log.show([first, second], 4.0)

    assert written(terminal).splitlines() == [
        "    0.0s  A: waiting for its execution to start",
        "    0.0s  B: waiting for its execution to start",
        "    4.0s  A: VENDED  123456789012",
    ]


def test_log_has_no_escapes() -> None:
    terminal = a_terminal()

    Log(terminal).show([tracked(half_way())], 1.0)

    assert "\x1b" not in written(terminal)


def test_spinning_leaves_nothing_behind_even_when_it_fails() -> None:
    terminal = a_terminal(live=True)

    with pytest.raises(ValueError, match="broken"), spinning(terminal, "Starting"):
        raise ValueError("broken")

    assert "Starting" in written(terminal)
    assert written(terminal).endswith("\x1b[?25h\r\x1b[1A\x1b[2K")


def test_spinning_is_one_plain_line_when_nobody_watches() -> None:
    terminal = a_terminal()

    with spinning(terminal, "Starting"):
        pass

    assert written(terminal) == "Starting\n"
