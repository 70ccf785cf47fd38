"""Reduces the SDK's model of a service to what is called of it.

The SDK parses a service's whole model before its first call, and makes a method of each operation.
What a call is checked against, how it is written and read, and every error that the service has are
as they were.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

_CALLED_BY_THE_SDK = frozenset({"CreateSession", "HeadBucket"})
"""By itself: for S3's directory buckets, and where a bucket is in another region."""


class OperationMissing(Exception):
    """A service of the SDK has no operation that the functions call; the message names it."""


def reduced(model: Mapping[str, Any], operations: Collection[str]) -> dict[str, Any]:
    """The model (`service-2.json`) with these operations, their shapes and all errors.

    Raises:
        OperationMissing: the model does not have one of the operations.
    """
    known = model.get("operations", {})
    if missing := sorted(set(operations) - known.keys()):
        raise OperationMissing(", ".join(missing))
    kept = {
        name: operation
        for name, operation in known.items()
        if name in operations or name in _CALLED_BY_THE_SDK or operation.get("endpointoperation")
    }
    shapes = model.get("shapes", {})
    needed = {name for name, shape in shapes.items() if shape.get("exception")}
    needed.update(*map(_referred, kept.values()))
    found: set[str] = set()
    while new := needed - found:
        found |= new
        needed.update(*(_referred(shapes[name]) for name in new))
    # The SDK reads the texts about what else a model has, such as a client's parameters for S3.
    return {
        **{name: part for name, part in model.items() if name != "documentation"},
        "operations": _undocumented(kept),
        "shapes": {name: _undocumented(shape) for name, shape in shapes.items() if name in found},
    }


def _undocumented(part: Any) -> Any:
    """Without its texts for people; a member of that name is no text, and stays."""
    if isinstance(part, list):
        return [_undocumented(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: _undocumented(each)
        for name, each in part.items()
        if name != "documentation" or not isinstance(each, str)
    }


def _referred(part: Any) -> Iterator[str]:
    """The names of the shapes that a part of a model refers to."""
    if isinstance(part, list):
        for each in part:
            yield from _referred(each)
    elif isinstance(part, dict):
        for name, each in part.items():
            if name == "shape" and isinstance(each, str):
                yield each
            else:
                yield from _referred(each)
