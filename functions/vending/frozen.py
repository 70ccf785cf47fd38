"""Frozen classes with keyword-only fields, made without code generation."""

from __future__ import annotations

from dataclasses import field
from typing import TypeVar, dataclass_transform

from vending.dataclass import dataclass

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """The class, as `@dataclass(frozen=True, kw_only=True)` makes it."""
    made: type[T] = dataclass(frozen=True, kw_only=True, match_args=False)(cls)
    return made
