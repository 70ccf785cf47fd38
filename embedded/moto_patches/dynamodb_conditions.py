"""The grammar of condition and filter expressions, and which operands its functions take.

Source: "Condition and filter expressions, operators, and functions in Amazon DynamoDB", Amazon
DynamoDB Developer Guide.

Upstream: moto/dynamodb/comparisons.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn

_TOKEN = re.compile(r"\s*([#:]?\w+|<>|<=|>=|[=<>(),.\[\]]|\S)")
_COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
_ORDERED = ("<", "<=", ">", ">=")
_FUNCTIONS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
}
"""The functions that are a condition by themselves, with how many operands they take."""
_ON_PATHS = ("attribute_exists", "attribute_not_exists")
_TYPES = ("B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M")
_COMPARABLE = ("S", "N", "B")
_KEYWORDS = ("AND", "OR", "NOT", "BETWEEN", "IN")
_END = "<EOF>"


def condition_problem(text: str, values: Mapping[str, Any]) -> str | None:
    """What is wrong with the expression, in DynamoDB's words; None for one without faults.

    `values` are its ExpressionAttributeValues.
    """
    if not text.strip():
        return "The expression can not be empty;"
    try:
        _Condition(text, values).check()
    except _Problem as problem:
        return str(problem)
    return None


def projection_problem(text: str) -> str | None:
    """As of a condition, of a ProjectionExpression: document paths with commas between."""
    if not text.strip():
        return "The expression can not be empty;"
    try:
        _Condition(text, {}).check_paths()
    except _Problem as problem:
        return str(problem)
    return None


def key_condition_problem(text: str, values: Mapping[str, Any]) -> str | None:
    """As of a condition, of a KeyConditionExpression, which takes fewer operators."""
    used = [found[1].upper() for found in _TOKEN.finditer(text)]
    for operator in ("OR", "NOT", "<>", "IN"):
        if operator in used:
            return f"Invalid operator used in KeyConditionExpression: {operator}"
    return condition_problem(text, values)


class _Problem(Exception):
    """Why an expression is refused."""


class _Condition:
    def __init__(self, text: str, values: Mapping[str, Any]) -> None:
        self._text = text
        self._values = values
        self._tokens = [(found[1], found.start(1), found.end(1)) for found in _TOKEN.finditer(text)]
        self._at = 0

    def check(self) -> None:
        """_Problem where the whole text is not one condition."""
        self._either()
        if self._next() != _END:
            self._refuse()

    def check_paths(self) -> None:
        """_Problem where the whole text is not a list of paths."""
        self._path()
        while self._next() == ",":
            self._at += 1
            self._path()
        if self._next() != _END:
            self._refuse()

    def _next(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else _END

    def _take(self, *expected: str) -> str:
        word = self._next()
        if word.upper() not in expected:
            self._refuse()
        self._at += 1
        return word

    def _refuse(self) -> NoReturn:
        first = max(self._at - 1, 0)
        last = min(self._at + 1, len(self._tokens) - 1)
        near = self._text[self._tokens[first][1] : self._tokens[last][2]]
        raise _Problem(f'Syntax error; token: "{self._next()}", near: "{near}"')

    def _either(self) -> None:
        self._both()
        while self._next().upper() == "OR":
            self._at += 1
            self._both()

    def _both(self) -> None:
        self._condition()
        while self._next().upper() == "AND":
            self._at += 1
            self._condition()

    def _condition(self) -> None:
        word = self._next()
        if word.upper() == "NOT":
            self._at += 1
            self._condition()
        elif word == "(":
            self._at += 1
            self._either()
            self._take(")")
        elif word in _FUNCTIONS and self._is_call():
            self._function(word)
        else:
            self._comparison()

    def _is_call(self) -> bool:
        return self._at + 1 < len(self._tokens) and self._tokens[self._at + 1][0] == "("

    def _function(self, name: str) -> None:
        self._at += 1
        self._take("(")
        operands = [self._operand()]
        while self._next() == ",":
            self._at += 1
            operands.append(self._operand())
        self._take(")")
        if len(operands) != _FUNCTIONS[name]:
            raise _Problem(
                "Incorrect number of operands for operator or function; operator or function: "
                f"{name}, number of operands: {len(operands)}"
            )
        kinds = [self._type(operand) for operand in operands]
        if name in _ON_PATHS and operands[0].startswith(":"):
            raise _Problem(
                "Operator or function requires a document path; operator or function: " + name
            )
        if name == "begins_with":
            for kind in kinds:
                if kind not in (None, "S", "B"):
                    self._refuse_type(name, str(kind))
        if name == "attribute_type":
            if kinds[1] not in (None, "S"):
                self._refuse_type(name, str(kinds[1]))
            wanted = self._values.get(operands[1], {}).get("S")
            if kinds[1] == "S" and wanted not in _TYPES:
                raise _Problem(
                    f"Invalid attribute type name found; type: {wanted}, valid types: "
                    f"{{{','.join(_TYPES)}}}"
                )

    def _comparison(self) -> None:
        left = self._operand()
        word = self._next()
        if word in _COMPARATORS:
            self._at += 1
            right = self._operand()
            if word in _ORDERED:
                self._comparable(word, left, right)
        elif word.upper() == "BETWEEN":
            self._at += 1
            low = self._operand()
            self._take("AND")
            self._between(left, low, self._operand())
        elif word.upper() == "IN":
            self._at += 1
            self._take("(")
            self._operand()
            while self._next() == ",":
                self._at += 1
                self._operand()
            self._take(")")
        else:
            self._refuse()

    def _comparable(self, name: str, *operands: str) -> None:
        for operand in operands:
            kind = self._type(operand)
            if kind not in (None, *_COMPARABLE):
                self._refuse_type(name, str(kind))

    def _between(self, *operands: str) -> None:
        self._comparable("BETWEEN", *operands)
        low, high = operands[1:]
        kinds = self._type(low), self._type(high)
        if None in kinds:
            return
        if kinds[0] != kinds[1]:
            raise _Problem(
                "The BETWEEN operator requires same data type for lower and upper bounds; lower "
                f"bound operand: AttributeValue: {_shown(self._values[low])}, upper bound "
                f"operand: AttributeValue: {_shown(self._values[high])}"
            )

    def _operand(self) -> str:
        word = self._next()
        if word == "size" and self._is_call():
            self._at += 1
            self._take("(")
            operand = self._operand()
            self._take(")")
            kind = self._type(operand)
            if kind in ("N", "BOOL", "NULL"):
                self._refuse_type("size", str(kind))
            return "size"
        if word.startswith(":") and len(word) > 1:
            self._at += 1
            return word
        return self._path()

    def _path(self) -> str:
        word = self._next()
        if not re.fullmatch(r"#\w+|[A-Za-z_]\w*", word) or word.upper() in _KEYWORDS:
            self._refuse()
        self._at += 1
        while self._next() in (".", "["):
            self._at += 1
            if self._tokens[self._at - 1][0] == ".":
                if not re.fullmatch(r"#?\w+", self._next()):
                    self._refuse()
                self._at += 1
            else:
                if not self._next().isdigit():
                    self._refuse()
                self._at += 1
                self._take("]")
        return word

    def _type(self, operand: str) -> str | None:
        """The type of a value; None for what only an item tells."""
        return next(iter(self._values.get(operand) or ()), None)

    def _refuse_type(self, name: str, kind: str) -> NoReturn:
        raise _Problem(
            "Incorrect operand type for operator or function; operator or function: "
            f"{name}, operand type: {kind}"
        )


def _shown(value: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{kind}:{content}" for kind, content in value.items()) + "}"
