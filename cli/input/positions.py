"""Where a file has what a problem is about, and what was written there.

A value that was read has lost how it was written: the number 1.10 is 1.1. The text is looked at
once more, and only where there are problems to report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

_MERGE = "<<"
_NULLS = ("", "~", "null", "Null", "NULL")
_TEXT_BELONGS_THERE = "must be text"

Location = tuple[int | str, ...]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A line, counted from 1, and the scalar as written there; None for lists, mappings, texts."""

    line: int
    written: str | None


def places_of_requests(text: str) -> list[dict[str, Place]]:
    """For each request that the JSON or YAML `text` holds, its places by name in a problem.

    Empty where the text cannot be looked at so: JSON that is not YAML, though nearly all of it is.
    """
    from vending.request.validation_messages import where  # noqa: PLC0415 -- pydantic is slow to import

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = [node for node in yaml.compose_all(text, Loader=loader) if not _is_null(node)]
    except yaml.YAMLError:
        return []
    requests: list[Any] = []
    for node in documents:
        requests += node.value if isinstance(node, yaml.SequenceNode) else [node]
    return [
        {where(location): _place(node) for location, node in _walked(request, ())}
        for request in requests
    ]


def located(problems: Sequence[str], places: Mapping[str, Place]) -> Iterator[str]:
    """The problems with the line each is about, and with what to write where text belongs."""
    for problem in problems:
        name = _named(problem, places)
        if name is None:
            yield problem
            continue
        place = places[name]
        text = f"line {place.line}: {problem}"
        if problem == f"{name}: {_TEXT_BELONGS_THERE}" and place.written:
            text += f': put it in quotes, "{place.written}"'
        yield text


def _named(problem: str, places: Mapping[str, Place]) -> str | None:
    """The place that the problem names, or the innermost known one around it."""
    best = None
    for end, character in enumerate(problem):
        if character in ":.[" and problem[:end] in places:
            best = problem[:end]
        if character == ":" and best == problem[:end]:
            return best
    return best


def _walked(node: yaml.Node, location: Location) -> Iterator[tuple[Location, yaml.Node]]:
    """Every value below the node; what a merge brings comes before what overrides it."""
    if isinstance(node, yaml.SequenceNode):
        for index, inner in enumerate(node.value):
            yield (*location, index), inner
            yield from _walked(inner, (*location, index))
    elif isinstance(node, yaml.MappingNode):
        pairs = [pair for pair in node.value if isinstance(pair[0], yaml.ScalarNode)]
        for _, inner in (pair for pair in pairs if _is_merge(pair[0])):
            sources = inner.value if isinstance(inner, yaml.SequenceNode) else [inner]
            for source in reversed(sources):
                yield from _walked(source, location)
        for key, inner in (pair for pair in pairs if not _is_merge(pair[0])):
            yield (*location, key.value), inner
            yield from _walked(inner, (*location, key.value))


def _is_merge(key: yaml.ScalarNode) -> bool:
    return not key.style and key.value == _MERGE


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NULLS


def _place(node: yaml.Node) -> Place:
    plain = isinstance(node, yaml.ScalarNode) and not node.style
    return Place(line=node.start_mark.line + 1, written=node.value if plain else None)
