"""What a function does before it imports any library: it makes their import cheaper.

pydantic is imported here first. Meanwhile, two things of the standard library are replaced:

- `dataclass`, by `vending.dataclass`, which compiles nothing.
- `TypedDict`, for pydantic's core alone, which describes its schemas by a hundred of them for type
  checkers: Python compiles each of their annotations, here they stay texts.

Where pydantic was imported before, nothing is replaced.
"""

from __future__ import annotations

import dataclasses
import gc
import sys
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from vending import dataclass

# What modules make while they are imported stays. Python looks for garbage among it after every 700
# objects, which is a tenth of a cold start; a function makes little of it later.
gc.set_threshold(150_000, 20, 20)


class _Described(type):
    """Makes classes as TypedDict does: instances are plain dictionaries."""

    def __new__(
        cls, name: str, bases: tuple[type, ...], body: dict[str, Any], *, total: bool = True
    ) -> _Described:
        annotations: dict[str, Any] = {}
        for one in (*(vars(base) for base in bases), body):
            annotations.update(one.get("__annotations__", {}))
        described = {**body, "__annotations__": annotations, "__total__": total}
        return super().__new__(cls, name, bases, described)

    def __call__(cls, *values: Any, **named: Any) -> dict[str, Any]:
        return dict(*values, **named)


class _TypedDict(dict[str, Any], metaclass=_Described):
    """In the place of `typing.TypedDict`."""


@contextmanager
def _replaced(name: str, by: Any, *modules: ModuleType) -> Iterator[None]:
    """What the modules call so is another meanwhile."""
    before = [getattr(module, name) for module in modules]
    for module in modules:
        setattr(module, name, by)
    try:
        yield
    finally:
        for module, one in zip(modules, before, strict=True):
            setattr(module, name, one)


def _import_pydantic() -> None:
    typing_extensions = import_module("typing_extensions")
    with _replaced("dataclass", dataclass.dataclass, dataclasses):
        with _replaced("TypedDict", _TypedDict, typing, typing_extensions):
            import_module("pydantic_core")
        import_module("pydantic.main")
        import_module("pydantic.fields")


if "pydantic" not in sys.modules:
    _import_pydantic()
