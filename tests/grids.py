"""Grids of which `make test` runs a few cells; the matrix or unit tests sample the others too."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def few(values: Iterable[Any], *, quick: Collection[Any], ids: Iterable[str] = ()) -> list[Any]:
    """The values as parameters, slow but for those named.

    Args:
        values: of one parameter, or tuples of several.
        quick: those that `make test` runs; each must be one of the values.
        ids: a name for each value, where its own does not do.

    Raises:
        ValueError: one of `quick` is none of the values, and would silently run no more.
    """
    every = list(values)
    unknown = [value for value in quick if value not in every]
    if unknown:
        raise ValueError(f"not in the grid: {unknown}")
    named: list[str | None] = [*ids] or [None] * len(every)
    return [
        pytest.param(
            *(value if isinstance(value, tuple) else (value,)),
            id=name,
            marks=() if value in quick else pytest.mark.slow,
        )
        for value, name in zip(every, named, strict=True)
    ]
