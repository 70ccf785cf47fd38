"""Characters that make one name look like another: by their names and places, and what they do.

The rule is short enough to be kept in mind, and needs no tables: a name is in one script. Chinese,
Japanese and Korean writing may have Latin letters in it, as it does everywhere. That is the level
"Highly Restrictive" of Unicode Technical Standard #39, over scripts as the characters' names show
them. Besides, a letter or digit that is only a form of an ASCII one is refused: U+FF21 FULLWIDTH
LATIN CAPITAL LETTER A and U+1D400 MATHEMATICAL BOLD CAPITAL A are.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict

_NAMED_MAX = 3
"""Characters that are named of one text; the others are as easily found from there."""

_EAST_ASIAN = {
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "KATAKANA-HIRAGANA",
    "HALFWIDTH",
    "HANGUL",
    "BOPOMOFO",
}
_OF_NO_SCRIPT = {"MODIFIER", "FEMININE", "MASCULINE", "MICRO", "IDEOGRAPHIC"}
"""First words of letters that stand among those of several scripts: ª, º, µ, 々."""


def problems(text: str) -> list[str]:
    """What is wrong with a name: `has …` or `mixes …`, each with characters by name and place."""
    if text.isascii():
        return []
    return [*_forms(text), *_mixed(text)]


def character(text: str, index: int) -> str:
    """A character as problems name it: `U+0430 CYRILLIC SMALL LETTER A at position 2`."""
    one = text[index]
    name = unicodedata.name(one, "CHARACTER WITHOUT A NAME")
    return f"U+{ord(one):04X} {name} at position {index + 1}"


def _forms(text: str) -> list[str]:
    found = []
    for index, one in enumerate(text):
        if unicodedata.category(one) in {"Co", "Cn"}:
            found.append(f"has {character(text, index)}, which shows differently everywhere")
        elif plain := _ascii_form(one):
            found.append(f"has {character(text, index)}, which looks like {plain}")
        if len(found) == _NAMED_MAX:
            break
    return found


def _ascii_form(one: str) -> str:
    """The ASCII letter or digit that a character is a form of; empty where it is none."""
    plain = unicodedata.normalize("NFKC", one)
    is_one = plain != one and plain.isascii() and plain.isalnum()
    return plain if is_one and unicodedata.category(one) in {"Lu", "Ll", "Lt", "Nd", "Nl"} else ""


def _mixed(text: str) -> list[str]:
    scripts: dict[str, list[int]] = defaultdict(list)
    for index, one in enumerate(text):
        script = _script(one)
        if script is not None:
            scripts[script].append(index)
    if len(scripts) < 2 or set(scripts) == {"EAST ASIAN", "LATIN"}:  # noqa: PLR2004
        return []
    rarest = min(scripts, key=lambda script: (len(scripts[script]), script == "LATIN"))
    others = ", ".join(sorted(set(scripts) - {rarest}))
    strangers = ", ".join(character(text, index) for index in scripts[rarest][:_NAMED_MAX])
    return [f"mixes letters of {others} with {strangers}; a name must be in one script"]


def _script(one: str) -> str | None:
    """The first word of a letter's name, which is its script's; None where it has none."""
    if one.isascii():
        return "LATIN" if one.isalpha() else None
    if not unicodedata.category(one).startswith("L") or _ascii_form(one):
        return None
    word = unicodedata.name(one, "").partition(" ")[0]
    if word in _OF_NO_SCRIPT or not word:
        return None
    return "EAST ASIAN" if word in _EAST_ASIAN else word
