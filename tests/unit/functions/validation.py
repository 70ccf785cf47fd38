"""What botocore does not check before a call: maximum, pattern and enum of every value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.validate import ParamValidator


def violations(value: Any, shape: Shape | None) -> list[str]:
    """Everything in a request that the service model forbids."""
    if shape is None:
        return [] if not value else ["takes no parameters"]
    report = ParamValidator().validate(value, shape)
    return [
        *([report.generate_report()] if report.has_errors() else []),
        *_beyond(value, shape, ""),
    ]


def _beyond(value: Any, shape: Shape, where: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name in value.keys() & shape.members.keys():
            yield from _beyond(value[name], shape.members[name], f"{where}.{name}")
    elif isinstance(shape, ListShape):
        yield from _length(value, shape, where)
        for index, item in enumerate(value):
            yield from _beyond(item, shape.member, f"{where}[{index}]")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _beyond(key, shape.key, f"{where}.key")
            yield from _beyond(item, shape.value, f"{where}.{key}")
    elif isinstance(value, str):
        yield from _text(value, shape, where)
    elif isinstance(value, int):
        low, high = shape.metadata.get("min", value), shape.metadata.get("max", value)
        if not low <= value <= high:
            yield f"{where}: {value} is not in {low}..{high}"


def _text(value: str, shape: Shape, where: str) -> Iterator[str]:
    yield from _length(value, shape, where)
    pattern = shape.metadata.get("pattern")
    if pattern is not None and not matches(pattern, value):
        yield f"{where}: {value!r} does not match {pattern}"
    allowed = shape.metadata.get("enum", [value])
    if value not in allowed:
        yield f"{where}: {value!r} is none of {allowed}"


def _length(value: Any, shape: Shape, where: str) -> Iterator[str]:
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", len(value))
    if not low <= len(value) <= high:
        yield f"{where}: length {len(value)} is not in {low}..{high}"


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value matches one of AWS's (Java) patterns."""
    for category in "LZN":
        if f"\\p{{{category}}}" in pattern:
            of_category = "".join(
                re.escape(c) for c in set(value) if unicodedata.category(c)[0] == category
            )
            pattern = pattern.replace(f"\\p{{{category}}}", of_category)
    return re.fullmatch(pattern, value, re.ASCII) is not None
