"""Texts of a request: what checks one, and what the JSON Schema says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from vending.request.validation_messages import PROBLEM


def checked(check: Callable[[str], list[str]], **schema: object) -> tuple[AfterValidator, Any]:
    """What makes `Annotated[str, …]` a text that `check` has no problems with."""

    def validate(value: str) -> str:
        problems = check(value)
        if problems:
            raise PydanticCustomError(PROBLEM, "{problems}", {"problems": problems})
        return value

    return AfterValidator(validate), WithJsonSchema({"type": "string", **schema})
