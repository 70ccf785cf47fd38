"""What two texts of a policy have different, compared as JSON and shown in a few lines."""

from __future__ import annotations

import json

_COMPARED_LINES = 200
"""Lines of each text that are compared beyond what they begin and end with alike: the time that
the comparison takes grows with their product."""

_SHOWN_LINES = 24
_SHOWN_CHARACTERS = 96
"""Of a line. A difference has 2,500 characters at most, whatever the policies are."""


def canonical(text: str) -> str:
    """The text with its JSON's spaces and order of keys made one; as it is where it is no JSON."""
    try:
        return json.dumps(json.loads(text), indent=1, sort_keys=True)
    except (ValueError, RecursionError):
        return text


def difference(present: str, wanted: str) -> str:
    """What is between two policies, as `diff -u` shows it; empty where they are the same.

    Args:
        present: the content that the organization's policy has.
        wanted: the content that is asked for.
    """
    before, after = canonical(present), canonical(wanted)
    if before == after:
        return ""
    old, new = before.splitlines(), after.splitlines()
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    gone, come = (lines[start : len(lines) - end] for lines in (old, new))
    import difflib  # noqa: PLC0415 -- only a difference pays for it

    compared = difflib.unified_diff(gone[:_COMPARED_LINES], come[:_COMPARED_LINES], n=0)
    marked = [line for line in list(compared)[2:] if not line.startswith("@@")]
    shown = [f" {line}" for line in old[max(0, start - 1) : start]] + marked
    uncompared = sum(max(0, len(lines) - _COMPARED_LINES) for lines in (gone, come))
    more = max(0, len(shown) - _SHOWN_LINES) + uncompared
    return "\n".join(
        [
            "--- the policy in the organization",
            "+++ the content given",
            *(_shortened(line) for line in shown[:_SHOWN_LINES]),
            *([f"… and {more} more line{'s' if more > 1 else ''}"] if more else []),
        ]
    )


def _alike(one: list[str], other: list[str]) -> int:
    """How many lines both begin with."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _shortened(line: str) -> str:
    text = "".join(character if character.isprintable() else "?" for character in line)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
