"""Requests held to the service's own model: required, length, range, pattern, enumeration.

botocore checks only a part of its model in the client; the service checks all of it. One walk over
the operation's input shape serves every operation, and ends at the first thing wrong, as AWS does.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from embedded.core.service_models import operation_model
from embedded.organizations.errors import SerializationException, invalid_input

if TYPE_CHECKING:
    from botocore.model import ListShape, Shape, StringShape, StructureShape

_PATTERN_REASONS = {
    "PolicyId": "INVALID_SYNTAX_POLICY_ID",
    "PolicyTargetId": "INVALID_PATTERN_TARGET_ID",
}
_ENUM_REASONS = {
    "PolicyType": "INVALID_ENUM_POLICY_TYPE",
    "EffectivePolicyType": "INVALID_ENUM_POLICY_TYPE",
}
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "list": (list,),
    "long": (int,),
    "string": (str,),
    "structure": (dict,),
    "timestamp": (int, float, str),
}


def validate(operation: str, request: Any) -> dict[str, Any]:
    """`request` without nulls and unknown members, when the model of `operation` allows it.

    Raises:
        OrganizationsError: InvalidInputException with the Reason of the first thing wrong.
        SerializationException: a value is not of its JSON type.
    """
    model = operation_model("organizations", operation)
    if model is None or model.input_shape is None:
        return {}
    return cast("dict[str, Any]", _value(model.input_shape, request))


def _value(shape: Shape, value: Any) -> Any:
    if not _is_json_of(shape, value):
        raise SerializationException(f"{shape.type_name} expected")
    if shape.type_name == "structure":
        return _structure(cast("StructureShape", shape), value)
    if shape.type_name == "list":
        return _list(cast("ListShape", shape), value)
    if shape.type_name == "string":
        _string(cast("StringShape", shape), value)
    elif shape.type_name in {"integer", "long"}:
        _within(shape, value, "VALUE")
    return value


def _is_json_of(shape: Shape, value: Any) -> bool:
    expected = _JSON_TYPES[shape.type_name]
    # In Python, but not in JSON, a boolean is a number.
    return isinstance(value, expected) and (isinstance(value, bool) == (bool in expected))


def _structure(shape: StructureShape, value: dict[str, Any]) -> dict[str, Any]:
    given = {k: v for k, v in value.items() if k in shape.members and v is not None}
    if any(name not in given for name in shape.required_members):
        raise invalid_input("INPUT_REQUIRED")
    return {name: _value(shape.members[name], given[name]) for name in given}


def _list(shape: ListShape, value: list[Any]) -> list[Any]:
    _within(shape, len(value), "LENGTH")
    if any(member is None for member in value):
        raise invalid_input("INVALID_LIST_MEMBER")
    allowed = getattr(shape.member, "enum", None)
    if allowed and any(member not in allowed for member in value):
        raise invalid_input("INVALID_LIST_MEMBER")
    return [_value(shape.member, member) for member in value]


def _string(shape: StringShape, value: str) -> None:
    if shape.enum and value not in shape.enum:
        raise invalid_input(_ENUM_REASONS.get(shape.name, "INVALID_ENUM"))
    _within(shape, len(value), "LENGTH")
    pattern = shape.metadata.get("pattern")
    if pattern and not matches(pattern, value):
        raise invalid_input(_PATTERN_REASONS.get(shape.name, "INVALID_PATTERN"))


def _within(shape: Shape, size: int, of: str) -> None:
    if size < shape.metadata.get("min", size):
        raise invalid_input(f"MIN_{of}_EXCEEDED")
    if size > shape.metadata.get("max", size):
        raise invalid_input(f"MAX_{of}_EXCEEDED")


def matches(pattern: str, value: str) -> bool:
    r"""Whether the whole of `value` matches a pattern of the model.

    The patterns are Java's: \w, \d and \s are ASCII, and \p{L}, \p{Z}, \p{N} are Unicode
    categories, which `re` lacks. They are the only part that speaks of other characters, so those
    are replaced by one ASCII character of their category before matching.
    """
    if r"\p{" in pattern:
        value = "".join(map(_representative, value))
    return re.compile(_translate(pattern), re.ASCII).fullmatch(value) is not None


@cache
def _translate(pattern: str) -> str:
    for category, ascii_class in ((r"\p{L}", "a-zA-Z"), (r"\p{Z}", " "), (r"\p{N}", "0-9")):
        pattern = pattern.replace(category, ascii_class)
    return pattern


def _representative(character: str) -> str:
    if character.isascii():
        return character
    return {"L": "a", "Z": " ", "N": "0"}.get(unicodedata.category(character)[0], character)
