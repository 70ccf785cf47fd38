"""JSON as people read it: what fits on a line stands on one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

WIDTH = 120
"""Characters of a line at most, where what stands on it can be broken."""


def rendered(value: Any, indent: int = 0, before: int = 0) -> str:
    """JSON to read: what fits on a line of 120 characters stands on one.

    Args:
        value: what to render.
        indent: of the line that the value begins on.
        before: how many characters stand before the value on that line, its indent left out.
    """
    line = json.dumps(value, ensure_ascii=False)
    # One more for the comma that may follow.
    if not value or not isinstance(value, dict | list) or indent + before + len(line) < WIDTH:
        return line
    inner = indent + 2
    if isinstance(value, dict):
        ((key, only), *more) = value.items()
        flat = isinstance(only, dict) and not any(isinstance(one, dict) for one in only.values())
        if flat and not more:
            opening = "{" + json.dumps(key, ensure_ascii=False) + ": "
            return opening + rendered(only, indent, before + len(opening)) + "}"
        keys = [f"{json.dumps(key, ensure_ascii=False)}: " for key in value]
        parts = [
            key + rendered(each, inner, len(key))
            for key, each in zip(keys, value.values(), strict=True)
        ]
        return _block("{", parts, "}", indent)
    return _block("[", [rendered(each, inner) for each in value], "]", indent)


def _block(opening: str, parts: Iterable[str], closing: str, indent: int) -> str:
    inner = "\n" + " " * (indent + 2)
    return opening + inner + ("," + inner).join(parts) + "\n" + " " * indent + closing
