r"""Paths of organizational units: how they are written, compared and shown. Text in, text out.

AWS takes any character in a unit's name, the slash included. In a path `\/` is a slash of a name
and `\\` a backslash, so that every path has one spelling and every name has a path
(docs/decisions/0013-a-slash-in-a-name-is-escaped.md).
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections.abc import Iterable, Iterator

PATTERN = r"^/((?:[^/\\]|\\[/\\])+(?:/(?:[^/\\]|\\[/\\])+){0,4})?$"
"""What `split` takes, five names at most, as a regular expression for a JSON Schema."""

_PARTS = re.compile(r"\\(.?)|/|[^/\\]+", re.DOTALL)

_LAST_CODE = 0x10FFFF
_DEFAULT_IGNORABLE = (
    (0x0000, -1),
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
"""Unicode's property Default_Ignorable_Code_Point (DerivedCoreProperties.txt), which
`unicodedata` does not have. The first range has nothing, and something to find below the others."""

_BLANK = 0x2800
"""BRAILLE PATTERN BLANK counts as a symbol, and shows nothing."""

_CONTROLS = {
    "\0": "NULL",
    "\t": "CHARACTER TABULATION",
    "\n": "LINE FEED",
    "\r": "CARRIAGE RETURN",
    "\x1b": "ESCAPE",
    "\x7f": "DELETE",
    "\x85": "NEXT LINE",
}


def split(path: str) -> tuple[str, ...]:
    r"""The names on a path, the topmost first: `/CI\/CD/Test` is `CI/CD` and `Test`, `/` is none.

    Raises:
        ValueError: the text is no path; its message says why, in the words of a problem.
    """
    if not path.startswith("/"):
        raise ValueError("must begin with /, as in /Workloads/Sandbox; / alone is the root")
    if path == "/":
        return ()
    names: list[str] = []
    for part in _PARTS.finditer(path):
        text, escaped = part[0], part[1]
        if text == "/":
            names.append("")
        elif escaped is None:
            names[-1] += text
        elif escaped in ("/", "\\"):
            names[-1] += escaped
        else:
            raise ValueError(
                r"has a \ that stands before neither / nor \: "
                r"in a name, a slash is written \/ and a backslash \\"
            )
    if not all(name.strip() for name in names):
        raise ValueError("has an empty name: write one / between names and none at the end")
    return tuple(names)


def join(names: Iterable[str]) -> str:
    """The path that `split` takes apart into these names."""
    return "/" + "/".join(name.replace("\\", "\\\\").replace("/", "\\/") for name in names)


def is_within(path: str | None, above: str) -> bool:
    """Whether a path leads to the unit `above`, or to one below it: names are compared whole."""
    wanted = split(above)
    return path is not None and split(path)[: len(wanted)] == wanted


def quote(text: str) -> str:
    r"""A name or path for people: as it is, or in quotes where it would not show what it is.

    What cannot be seen or stored is written as an escape: `'/Sand\u200bbox'`, `'/Cafe\u0301'`,
    `'/Sandbox '`.
    """
    is_composed = unicodedata.normalize("NFC", text) == text
    written = "".join(
        _escape(character)
        if is_hidden(character)
        or not character.isprintable()
        or (not is_composed and unicodedata.combining(character))
        else character
        for character in text
    )
    return text if written == text and text == text.strip(" ") else f"'{written}'"


def reading(name: str) -> str:
    """What a person reads in a name: names with the same reading are taken for one another.

    Compatible forms, case, spaces and what cannot be seen make no difference. AWS's documentation
    does not say whether case makes one in the names of units, so two that differ in it only are
    not made.
    """
    seen = None
    while seen != name:
        seen = name
        name = unicodedata.normalize("NFKC", _visible(name).casefold())
        name = " ".join(name.split())
    return name


def is_hidden(character: str) -> bool:
    """Whether it shows nothing, looks like a space, or changes how the text around it shows."""
    if character.isascii():
        return not character.isprintable()
    code = ord(character)
    _, last = _DEFAULT_IGNORABLE[bisect.bisect(_DEFAULT_IGNORABLE, (code, _LAST_CODE)) - 1]
    return (
        code <= last
        or code == _BLANK
        or unicodedata.category(character) in {"Cc", "Cf", "Zs", "Zl", "Zp"}
    )


def hidden_characters(text: str) -> Iterator[str]:
    """Each hidden character by its name and place: `U+200B ZERO WIDTH SPACE at position 5`."""
    for position, character in enumerate(text, start=1):
        if is_hidden(character):
            yield f"U+{ord(character):04X} {_name(character)} at position {position}"


def _visible(text: str) -> str:
    """Without what shows nothing, and with a plain space for all that looks like one."""
    spaced = (" " if _is_space(character) else character for character in text)
    return "".join(character for character in spaced if not is_hidden(character))


def _is_space(character: str) -> bool:
    return character.isspace() or ord(character) == _BLANK


def _name(character: str) -> str:
    return unicodedata.name(character, _CONTROLS.get(character, "CONTROL CHARACTER"))


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
