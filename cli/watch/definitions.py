"""The state machines' definitions as this project has them, and the operations they call."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from statemachines.definitions import definition

ACCOUNT_VENDING, ORGANIZATION_SETUP = "account_vending", "organization_setup"

Definition = Mapping[str, Any]
"""A definition, or a part of one that has StartAt and States."""

_INVOKE = "arn:aws:states:::lambda:invoke"
_FUNCTION = re.compile(r"\$\{(\w+)FunctionArn\}")
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@cache
def read(name: str) -> Definition:
    """The full definition of a machine; nobody may write to it."""
    return definition(name)


def operation_of(name: str, task: Mapping[str, Any]) -> str | None:
    """The operation whose function a Task state invokes; None where it does something else.

    A Task that names no function invokes the one of its own name.
    """
    if not str(task.get("Resource", _INVOKE)).startswith(_INVOKE):
        return None
    arguments = task.get("Arguments")
    function = arguments.get("FunctionName") if isinstance(arguments, Mapping) else None
    if function is None:
        return name
    found = _FUNCTION.fullmatch(str(function))
    return found[1] if found else None


def tasks(part: Definition) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and state of every Task, those inside of Parallel and Map states among them."""
    for name, state in part["States"].items():
        if state["Type"] == "Task":
            yield name, state
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor")):
            if inner:
                yield from tasks(inner)


@cache
def operations() -> Mapping[str, str]:
    """The operation of each Task of both definitions, by the state's name."""
    return {
        name: operation
        for path in (ACCOUNT_VENDING, ORGANIZATION_SETUP)
        for name, state in tasks(read(path))
        if (operation := operation_of(name, state)) is not None
    }


def module_of(operation: str) -> ModuleType | None:
    """The module of an operation, MoveAccount's is `operations.move_account`; None without one."""
    name = f"operations.{_WORDS.sub('_', operation).lower()}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None
