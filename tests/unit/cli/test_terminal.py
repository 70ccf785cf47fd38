"""What a stream can show, and text measured and cut for it."""

from __future__ import annotations

import pytest

from cli.output.terminal import Terminal, clip, duration, in_words, safe, width
from tests.unit.cli.fakes import FakeStream, a_terminal, written


@pytest.mark.parametrize(
    ("tty", "environ", "live", "colour"),
    [
        pytest.param(True, {"TERM": "xterm"}, True, True, id="terminal"),
        pytest.param(True, {"TERM": "xterm", "NO_COLOR": "1"}, True, False, id="no colour wanted"),
        pytest.param(True, {"TERM": "xterm", "NO_COLOR": ""}, True, True, id="empty NO_COLOR"),
        pytest.param(True, {"TERM": "dumb"}, False, False, id="dumb terminal"),
        pytest.param(False, {}, False, False, id="file"),
        pytest.param(False, {"FORCE_COLOR": "1"}, False, True, id="file, colour forced"),
        pytest.param(False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False, id="both"),
    ],
)
def test_terminal_is_seen_for_what_it_is(
    tty: bool, environ: dict[str, str], live: bool, colour: bool
) -> None:
    terminal = Terminal.of(FakeStream(tty=tty), environ)

    assert (terminal.live, terminal.colour) == (live, colour)


@pytest.mark.parametrize(
    ("encoding", "unicode"), [("utf-8", True), ("ascii", False), ("cp1252", False)]
)
def test_marks_follow_the_encoding(encoding: str, unicode: bool) -> None:
    assert Terminal.of(FakeStream(encoding=encoding), {}).unicode is unicode


def test_what_the_encoding_cannot_say_is_replaced() -> None:
    terminal = Terminal.of(FakeStream(encoding="ascii"), {})

    terminal.write("naïve")

    assert written(terminal) == "na?ve"


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0)],
)
def test_width_is_what_the_terminal_takes(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "cut"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
    ],
)
def test_clip_cuts_to_columns(text: str, columns: int, cut: str) -> None:
    assert clip(text, columns) == cut


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0.0s"),
        (4.25, "4.2s"),
        (59.9, "59.9s"),
        (59.99, "1m 00s"),
        (64, "1m 04s"),
        (7500, "2h 05m"),
    ],
)
def test_duration_is_said_as_people_do(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (1, "1 second"),
        (5, "5 seconds"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (300, "5 minutes"),
        (5400, "90 minutes"),
        (7200, "2 hours"),
        (604800, "7 days"),
    ],
)
def test_time_to_wait_is_said_in_words(seconds: int, expected: str) -> None:
    assert in_words(seconds) == expected


def test_safe_text_is_one_line_without_control_characters() -> None:
    assert safe("a\x1b[31m\nb\u202ec") == "a [31m b c"


def test_paint_leaves_text_alone_without_colour() -> None:
    assert a_terminal().paint("text", "bold", "red") == "text"


def test_closed_stream_takes_everything_and_shows_nothing() -> None:
    terminal = Terminal.of(None, {"TERM": "xterm"})

    terminal.write("text")

    assert not terminal.live
