"""pydantic's findings in the requester's words."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from vending.request.validators import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

PROBLEM = "vending_problem"
"""The type of an error raised by our own checks; its context lists the problems."""

_MAP_KEY = "[key]"

_WORDS = {
    "missing": "is required",
    "string_type": "must be text",
    "string_unicode": "must be text in valid Unicode",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "list_type": "must be a list",
    "dict_type": "must be an object of texts",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_too_short": "must have at least {min_length} character",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have at most {max_length} entries",
    "literal_error": "must be one of {expected}",
    "invalid_key": "must have text as its key",
}


def problems_in(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Every finding as `where: what`, in the order of the model's fields."""
    return list(_described(error, model))


def repeated(raw: dict[str, Any], key: str) -> list[str]:
    """Texts that the list under `key` holds more than once, each named once."""
    values = raw.get(key)
    if not isinstance(values, list):
        return []
    counted = Counter(value for value in values if isinstance(value, str))
    return [text for text, times in counted.items() if times > 1]


def _described(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    compared = 0
    for details in error.errors(include_url=False, include_input=False):
        kind, place = details["type"], where(details["loc"])
        if kind == "default_factory_not_called":
            continue  # said only because another field, listed too, is wrong
        if kind == "extra_forbidden":
            compared += 1
            hint = _did_you_mean(details, model) if compared <= _COMPARED_MAX else ""
            yield f"{place}: unknown key{hint}"
        elif kind == PROBLEM:
            yield from (f"{place}: {text}" for text in details["ctx"]["problems"])
        elif kind in _WORDS:
            yield f"{place}: {_WORDS[kind].format(**details.get('ctx', {}))}"
        else:
            yield f"{place}: {details['msg']}"


def where(location: tuple[int | str, ...]) -> str:
    """A place as problems name it: account.email, serviceAccess[0], tags['cost center']."""
    text = ""
    for index, part in enumerate(location):
        if part == _MAP_KEY:
            continue
        if isinstance(part, int):
            text += f"[{part}]"
        elif index and location[index - 1] == "tags":
            text += f"[{shown(part)}]"
        else:
            name = part if part.isidentifier() and len(part) <= 40 else shown(part)  # noqa: PLR2004
            text += f".{name}" if text else name
    return text


_COMPARED_MAX = 20
"""Unknown keys that are compared with the known ones: what is sent may have thousands."""

_COMPARED_CHARACTERS = 40
"""Longer keys are none of ours misspelt."""


def _did_you_mean(details: ErrorDetails, model: type[BaseModel]) -> str:
    import difflib  # noqa: PLC0415 -- only requests with unknown keys pay for it

    *parents, key = details["loc"]
    if len(str(key)) > _COMPARED_CHARACTERS:
        return ""
    known = _keys_at(model, parents)
    close = difflib.get_close_matches(str(key).lower(), [name.lower() for name in known], n=1)
    if not close:
        return f"; allowed: {', '.join(known)}"
    meant = next(name for name in known if name.lower() == close[0])
    return f"; did you mean {meant}?"


def _keys_at(model: type[BaseModel], parents: list[int | str]) -> list[str]:
    """The aliases a request may use at a place in it."""
    definitions = _schema(model)
    place: dict[str, Any] = definitions
    for part in parents:
        named = place.get("properties", {})
        if isinstance(part, int):
            place = place["items"]
        elif part in named:
            place = named[part]
        else:  # a key that is no name of the model's
            patterns: dict[str, Any] = place.get("patternProperties", {})
            place = next(iter(patterns.values())) if patterns else place["additionalProperties"]
        # What may be left out is something or null.
        place = next((one for one in place.get("anyOf", ()) if "$ref" in one), place)
        if "$ref" in place:
            place = definitions["$defs"][place["$ref"].rsplit("/", 1)[-1]]
    return sorted(place["properties"])


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    # Built once: it takes milliseconds, and a request may have thousands of unknown keys.
    return model.model_json_schema(by_alias=True)
