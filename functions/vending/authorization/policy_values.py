"""Values that stand in many places of a request policy."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from vending.request import ou_paths, validators
from vending.request.request_ids import REQUESTER_PATTERN

_EVERYWHERE = "/*"


def _unit_pattern(pattern: str) -> str:
    if pattern != _EVERYWHERE:
        ou_paths.split(pattern)
    return pattern


Pattern = Annotated[str, Field(min_length=1, max_length=320)]
"""A text in which `*` stands for any characters, or none."""

UnitPattern = Annotated[
    str, Field(max_length=validators.OU_PATH_MAX), AfterValidator(_unit_pattern)
]
"""A path: that unit and all below. `/` is the root alone, `/*` is everywhere."""

RequesterName = Annotated[str, Field(pattern=REQUESTER_PATTERN)]
