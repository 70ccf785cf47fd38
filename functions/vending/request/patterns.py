"""Patterns of texts, in which `*` stands for any characters, or none."""

from __future__ import annotations

ANY = "*"


def matches(text: str, pattern: str) -> bool:
    """Whether the text is of the pattern, in which `*` stands for any characters; in linear time.

    `fnmatch` and regular expressions know more signs than a policy has, and can take very long.
    """
    first, *others = pattern.split(ANY)
    if not others:
        return text == pattern
    *middle, last = others
    if not text.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - len(last) >= at and text.endswith(last)
