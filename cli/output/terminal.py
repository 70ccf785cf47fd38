"""What the terminal at the other end can show: colour, marks, size."""

from __future__ import annotations

import io
import os
import shutil
import threading
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, TextIO, cast

from rich.cells import cell_len, set_cell_size
from rich.color import ColorSystem
from rich.style import Style

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_MARKS = "✓✗↻·…⠋"


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
            unicode=_encodes(stream, _MARKS),
        )

    def size(self) -> tuple[int, int]:
        """Columns and lines now."""
        size = shutil.get_terminal_size((80, 24))
        return size.columns, size.lines

    def console(self, file: IO[str] | None = None) -> Console:
        """Rich's view of this terminal, of its size now; writes to `file` instead where given."""
        from rich.console import Console  # noqa: PLC0415 - help and errors come without it

        columns, lines = self.size()
        return Console(
            file=file or cast("IO[str]", _Writer(self)),
            force_terminal=self.live,
            color_system="standard" if self.colour else None,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            width=columns,
            height=lines,
        )

    def render(self, texts: Iterable[Text]) -> list[str]:
        """Each text in its line, however long it is, with the styles that show here."""
        console = self.console(io.StringIO())
        lines = []
        for text in texts:
            with console.capture() as captured:
                console.print(text, soft_wrap=True, end="")
            lines.append(captured.get())
        return lines

    def paint(self, text: str, *styles: str) -> str:
        """`text` in the given styles (bold, dim, red, green, yellow, cyan), if colours show."""
        if not self.colour or not styles:
            return text
        return Style.parse(" ".join(styles)).render(text, color_system=ColorSystem.STANDARD)

    def sign(self, mark: str, plain: str) -> str:
        """`mark`, or `plain` where the encoding has no such character."""
        return mark if self.unicode else plain

    def write(self, text: str) -> None:
        """Write and flush; what the encoding cannot say is replaced, never an error."""
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        self.stream.write(text.encode(encoding, "replace").decode(encoding))
        self.stream.flush()


class _Writer(io.TextIOBase):
    """What rich writes to: the terminal, as `Terminal.write` does."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def write(self, text: str, /) -> int:
        try:
            self._terminal.write(text)
        except OSError:
            # A thread only animates; that the terminal is gone, the command finds out by itself.
            if threading.current_thread() is threading.main_thread():
                raise
        return len(text)


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
    """How many columns `text` takes."""
    return cell_len(text)


def pad(text: str, columns: int) -> str:
    """`text` filled with spaces to `columns`."""
    return text + " " * max(0, columns - cell_len(text))


def clip(text: str, columns: int) -> str:
    """`text` cut to `columns`, ending in an ellipsis when something is missing."""
    if cell_len(text) <= columns:
        return text
    return set_cell_size(text, columns - 1).rstrip() + "…"


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
