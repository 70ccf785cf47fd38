"""What the terminal at the other end can show: colour, marks, size."""

from __future__ import annotations

import io
import os
import re
import shutil
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_UNICODE = "✓✗↻·…⠋"


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """One output stream and how to write to it.

    `live` streams can be redrawn in place; `colour` and `unicode` say what they show well.
    """

    stream: TextIO
    live: bool = False
    colour: bool = False
    unicode: bool = False

    @classmethod
    def of(cls, stream: TextIO | None, environ: Mapping[str, str] = os.environ) -> Terminal:
        """Look at `stream` and at NO_COLOR (https://no-color.org), FORCE_COLOR and TERM.

        Python has no stream where the shell closed it: what is written then goes nowhere.
        """
        stream = stream or io.StringIO()
        tty = stream.isatty() and environ.get("TERM", "") != "dumb"
        colour = tty or bool(environ.get("FORCE_COLOR"))
        return cls(
            stream=stream,
            live=tty,
            colour=colour and not environ.get("NO_COLOR"),
            unicode=_encodes(stream, _UNICODE),
        )

    def size(self) -> tuple[int, int]:
        """Columns and lines now."""
        size = shutil.get_terminal_size((80, 24))
        return size.columns, size.lines

    def paint(self, text: str, *styles: str) -> str:
        """`text` in the given styles (bold, dim, red, green, yellow, cyan), if colours show."""
        if not self.colour or not styles or not text:
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"

    def sign(self, mark: str, plain: str) -> str:
        """`mark`, or `plain` where the encoding has no such character."""
        return mark if self.unicode else plain

    def write(self, text: str) -> None:
        """Write and flush; what the encoding cannot say is replaced, never an error."""
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        self.stream.write(text.encode(encoding, "replace").decode(encoding))
        self.stream.flush()


def _encodes(stream: TextIO, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def safe(text: str) -> str:
    """`text` in one line and without control characters: a request is not to steer the terminal."""
    return "".join(
        " " if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} else character
        for character in text
    )


def width(text: str) -> int:
    """How many columns `text` takes, escapes aside."""
    plain = _ESCAPES.sub("", text)
    return sum(map(_columns, plain))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pad(text: str, columns: int) -> str:
    """`text` filled with spaces to `columns`."""
    return text + " " * max(0, columns - width(text))


def clip(text: str, columns: int, *, more: str = "…") -> str:
    """`text` cut to `columns`, ending in `more` when something is missing; escapes stay whole."""
    if width(text) <= columns:
        return text
    room, kept, position = columns - width(more), "", 0
    while position < len(text):
        escape = _ESCAPES.match(text, position)
        if escape:
            kept += escape.group()
            position = escape.end()
            continue
        taken = width(text[position])
        if taken > room:
            break
        kept += text[position]
        room -= taken
        position += 1
    return kept + more + ("\x1b[0m" if "\x1b[" in kept else "")


_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def in_words(seconds: int) -> str:
    """A time to wait, in the largest unit of which it is a whole number: 90 minutes, 7 days."""
    unit, size = next(each for each in _UNITS if seconds % each[1] == 0)
    count = seconds // size
    return f"{count} {unit}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds as a person says them: 4.2s, 1m 04s, 2h 05m."""
    if round(seconds, 1) < 60:  # noqa: PLR2004
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes}m {rest:02d}s"
    return f"{minutes // 60}h {minutes % 60:02d}m"
