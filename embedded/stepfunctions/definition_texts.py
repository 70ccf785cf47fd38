"""Texts of a definition, and where in a state its expressions stand.

moto keeps most texts as they are spelled: their JSON escapes are undone here when a definition is
parsed. Expressions are located when their state first runs: EvaluationFailed names the place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlt4utils.antlr4utils import is_terminal
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringExpression,
)
from moto.stepfunctions.parser.asl.component.component import Component
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.parse import preprocessor

_FIELDS = (
    ("Output", "Output"),
    ("AssignDeclBinding", ""),
    ("AssignDecl", "Assign"),
    ("Arguments", "Arguments"),
    ("ItemsArray", "Items"),
    ("ItemsJSONata", "Items"),
    ("ItemSelector", "ItemSelector"),
    ("Seconds", "Seconds"),
    ("Timestamp", "Timestamp"),
    ("TimeoutSeconds", "TimeoutSeconds"),
    ("HeartbeatSeconds", "HeartbeatSeconds"),
    ("MaxConcurrency", "MaxConcurrency"),
    ("Credentials", "Credentials"),
    ("Cause", "Cause"),
    ("Error", "Error"),
    ("Condition", "Condition"),
    ("ChoicesDecl", "Choices"),
    ("CatchDecl", "Catch"),
)
"""Beginnings of the names of moto's classes, and the fields that they hold; the first counts."""

_NUMBERED = {"values", "rules", "catchers"}
"""Attributes of moto's classes that hold the elements of an array of the definition."""


def unescaped(parser_rule_context: Any) -> str:
    """The text that a token or rule of the parser stands for, without its quotes."""
    text = str(parser_rule_context.getText())
    if text.startswith('"') and text.endswith('"'):
        return str(json.loads(text, strict=False))
    return text


def _inner_text(parser_rule_context: Any) -> str | None:
    null = is_terminal(parser_rule_context, ASLLexer.NULL)
    return None if null else unescaped(parser_rule_context)


def locate(state: CommonStateField) -> None:
    """Write on each expression of the state where in the state it stands."""
    if vars(state).get("located"):
        return
    for location, expression in _expressions(state, ""):
        expression.location = location
    state.located = True


def _expressions(component: Any, path: str) -> Iterator[tuple[str, Any]]:
    # Executions of one definition share its states, and moto adds attributes while they run.
    for attribute, value in tuple(vars(component).items()):
        for index, part in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(part, Component) or isinstance(part, CommonStateField):
                continue
            place = "/".join(filter(None, (path, _name(part))))
            if attribute in _NUMBERED:
                place += f"[{index}]"
            if isinstance(part, StringExpression):
                yield place, part
            else:
                yield from _expressions(part, place)


def _name(part: Component) -> str | None:
    """The last step of the way to the part; None where it adds none."""
    identifier = vars(part).get("identifier")
    if isinstance(identifier, str):
        return identifier
    kind = type(part).__name__
    return next((field for start, field in _FIELDS if kind.startswith(start)), None)


def install() -> None:
    """Read texts so instead of as moto does."""
    preprocessor.from_string_literal = unescaped
    preprocessor.Preprocessor._inner_string_of = staticmethod(_inner_text)
