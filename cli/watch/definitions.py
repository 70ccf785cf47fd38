"""The state machines' definitions as this project has them, and the operations they call."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

from statemachines.definitions import definition, operation_of, tasks

ACCOUNT_VENDING, ORGANIZATION_SETUP = "account_vending", "organization_setup"

Definition = Mapping[str, Any]
"""A definition, or a part of one that has StartAt and States."""

_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@cache
def read(name: str) -> Definition:
    """The full definition of a machine; nobody may write to it."""
    return definition(name)


@cache
def operations() -> Mapping[str, str]:
    """The operation of each Task of both definitions, by the state's name."""
    return {
        name: operation
        for machine in (ACCOUNT_VENDING, ORGANIZATION_SETUP)
        for name, state in tasks(read(machine))
        if (operation := operation_of(state)) is not None
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
