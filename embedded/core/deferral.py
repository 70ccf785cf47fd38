"""Modules that others import though nothing uses them yet, imported when something does."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any


class Deferred:
    """What a module will have under a name; the module is imported when something of it is used.

    Args:
        module: that module's name.
        name: the name in it.
        user: the module that is then given all it deferred, where it has classes among that which
            it catches or compares.
    """

    def __init__(self, module: str, name: str, user: str | None) -> None:
        self._module = module
        self._name = name
        self._user = user

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found(), name)

    def __getitem__(self, key: Any) -> Any:
        return self._found()[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._found())

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self._found()(*args, **named)

    def _found(self) -> Any:
        if self._user is not None:
            settle(sys.modules[self._user])
        return imported(self)


class Placeholder(ModuleType):
    """In a module's place: if it is a package, what is in it can be imported; it is not run."""

    def __init__(self, name: str, user: str | None) -> None:
        super().__init__(name)
        self._user = user
        package, _, rest = name.partition(".")
        root = sys.modules[package].__path__[0]
        self.__path__ = [str(Path(root, *rest.split(".")))]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Deferred(self.__name__, name, self._user)


def imported(value: Deferred | Placeholder) -> Any:
    """What it stands for."""
    if isinstance(value, Placeholder):
        return importlib.import_module(value.__name__)
    module = importlib.import_module(value._module)
    try:
        return getattr(module, value._name)
    except AttributeError:
        return importlib.import_module(f"{value._module}.{value._name}")


def settle(module: ModuleType) -> None:
    """Import what a module deferred, and give it that itself."""
    for name, value in list(vars(module).items()):
        if isinstance(value, Deferred | Placeholder):
            setattr(module, name, imported(value))


@contextmanager
def deferring(names: Iterable[str], user: str | None = None) -> Iterator[None]:
    """Let whoever imports these modules until the block ends have them later.

    Args:
        names: full names of modules of packages that are imported.
        user: as of `Deferred`.
    """
    placed = [name for name in names if name not in sys.modules]
    for name in placed:
        sys.modules[name] = Placeholder(name, user)
    try:
        yield
    finally:
        for name in placed:
            del sys.modules[name]
