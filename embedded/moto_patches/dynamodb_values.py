"""Which attribute values and keys DynamoDB takes.

Source: "AttributeValue" and "Supported data types and naming rules in Amazon DynamoDB", Amazon
DynamoDB API Reference and Developer Guide.

Upstream: moto/dynamodb/responses.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES = frozenset({"S", "N", "B", "SS", "NS", "BS", "M", "L", "BOOL", "NULL"})
_SETS = {"SS": "string", "NS": "number", "BS": "binary"}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_INVALID = "One or more parameter values were invalid: "


def value_problem(value: Any) -> str | None:
    """What is wrong with an AttributeValue or one within it; None for one without faults."""
    return next(_value_problems(value), None)


def _value_problems(value: Any) -> Iterator[str]:
    kinds = [kind for kind in value if kind in _TYPES] if isinstance(value, Mapping) else []
    if not kinds:
        yield (
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
        )
        return
    if len(kinds) > 1:
        yield (
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of "
            "the supported datatypes"
        )
        return
    kind, content = kinds[0], value[kinds[0]]
    if kind == "NULL" and content is not True:
        yield f"{_INVALID}Null attribute value types must have the value of true"
    yield from _set_problems(kind, content)
    yield from _number_problems(kind, content)
    within = content if kind == "L" else content.values() if kind == "M" else ()
    for inner in within:
        yield from _value_problems(inner)


def _set_problems(kind: str, content: Any) -> Iterator[str]:
    if kind in _SETS:
        if not content:
            yield f"{_INVALID}An {_SETS[kind]} set  may not be empty"
        elif len(set(content)) != len(content):
            shown = ", ".join(content)
            yield f"{_INVALID}Input collection [{shown}] contains duplicates."


def _number_problems(kind: str, content: Any) -> Iterator[str]:
    if kind in ("N", "NS"):
        for number in [content] if kind == "N" else content:
            if not _NUMBER.fullmatch(str(number)):
                yield f"The parameter cannot be converted to a numeric value: {number}"


def key_problem(key: Mapping[str, Any], types: Mapping[str, str]) -> str | None:
    """What is wrong with the Key of a request, when the table's key attributes are of `types`."""
    if set(key) != set(types) or any(types[name] not in key[name] for name in types):
        return "The provided key element does not match the schema"
    return _empty_key(key, types)


def item_problem(item: Mapping[str, Any], types: Mapping[str, str]) -> str | None:
    """What is wrong with the key attributes of an item that is put."""
    for name, kind in types.items():
        if name not in item:
            return f"{_INVALID}Missing the key {name} in the item"
        if kind not in item[name]:
            actual = next(iter(item[name]), "")
            return f"{_INVALID}Type mismatch for key {name} expected: {kind} actual: {actual}"
    return _empty_key(item, types)


def _empty_key(attributes: Mapping[str, Any], types: Mapping[str, str]) -> str | None:
    for name, kind in types.items():
        if kind in ("S", "B") and not attributes[name][kind]:
            noun = "string" if kind == "S" else "binary"
            return (
                "One or more parameter values are not valid. The AttributeValue for a key "
                f"attribute cannot contain an empty {noun} value. Key: {name}"
            )
    return None
