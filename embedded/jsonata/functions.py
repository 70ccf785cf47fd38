"""The functions that Step Functions adds to JSONata, and those that jsonata-python gets wrong.

Implements "JSONata functions provided by Step Functions" of the developer guide. An argument that
is undefined arrives as None; a function returns None for undefined.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import random
import uuid
from typing import TYPE_CHECKING, Any

from jsonata.functions import Functions
from jsonata.utils import Utils

from embedded.core import strict_json

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_RANGE = 1000
_EPOCH = datetime.datetime.fromtimestamp(0, datetime.UTC)
_ALGORITHMS = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


class FunctionFailed(Exception):
    """A function was called with something it does not take."""


def _whole(function: str, position: int, value: Any) -> int:
    if Utils.is_numeric(value) and float(value).is_integer():
        return int(value)
    raise FunctionFailed(f"T0410: Argument {position} of function {function} must be an integer")


def partition(array: Any, size: Any = None) -> Any:
    """`$partition(array, size)`: the array in chunks of `size`, the last one maybe shorter."""
    if array is None:
        return None
    length = _whole("partition", 2, size)
    if length < 1:
        raise FunctionFailed("the chunk size of $partition must be a positive integer")
    items = list(array)
    return [items[start : start + length] for start in range(0, len(items), length)]


def number_range(first: Any, last: Any = None, step: Any = None) -> Any:
    """`$range(first, last, step)`: the integers from `first` to `last` inclusive, at most 1,000.

    A sequence as JSONata has it: of one integer it is that integer.
    """
    start, end = _whole("range", 1, first), _whole("range", 2, last)
    stride = _whole("range", 3, step)
    if stride == 0:
        raise FunctionFailed("the step of $range must not be 0")
    numbers = range(start, end + (1 if stride > 0 else -1), stride)
    if len(numbers) > _LONGEST_RANGE:
        raise FunctionFailed(f"$range returns at most {_LONGEST_RANGE} items")
    return Utils.create_sequence_from_iter(numbers)


def digest(text: Any, algorithm: Any = None) -> Any:
    """`$hash(text, algorithm)`: the hash as lower-case hexadecimal digits."""
    if text is None:
        return None
    if algorithm not in _ALGORITHMS:
        raise FunctionFailed(f"the algorithm of $hash must be one of {', '.join(_ALGORITHMS)}")
    return hashlib.new(_ALGORITHMS[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def random_number(seed: Any = None) -> float:
    """`$random([seed])`: a number in [0, 1), always the same for the same seed."""
    if seed is None:
        return random.random()  # noqa: S311
    return random.Random(_whole("random", 1, seed)).random()  # noqa: S311


def unique_id() -> str:
    """`$uuid()`: a version 4 UUID."""
    return str(uuid.uuid4())


def parse_json(text: Any = None) -> Any:
    """`$parse(text)`: the value that a JSON text stands for."""
    if text is None:
        return None
    try:
        return _marked(strict_json.loads(text))
    except ValueError as error:
        raise FunctionFailed(f"$parse: not a JSON text: {error}") from error


def _marked(value: Any) -> Any:
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        return {key: _marked(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_marked(member) for member in value]
    return value


def to_millis(timestamp: Any = None, picture: Any = None) -> Any:
    """`$toMillis(timestamp[, picture])`, exact where jsonata-python loses a millisecond."""
    if timestamp is None or picture is not None or timestamp.isdigit():
        return Functions.datetime_to_millis(timestamp, picture)
    moment = datetime.datetime.fromisoformat(timestamp)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return (moment - _EPOCH) // datetime.timedelta(milliseconds=1)


def string(value: Any = None, prettify: Any = None) -> Any:
    """`$string(value[, prettify])`; every script stays readable, as in JavaScript's JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        raise FunctionFailed("D3001: Attempting to invoke string function on Infinity or NaN")
    text = Functions.string(value, prettify)
    if isinstance(value, dict | list) and isinstance(text, str) and "\\u" in text:
        layout: dict[str, Any] = {"indent": 2} if prettify else {"separators": (",", ":")}
        return json.dumps(json.loads(text), ensure_ascii=False, **layout)
    return text


FUNCTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "partition": ("<an:a>", partition),
    "range": ("<nnn:a>", number_range),
    "hash": ("<ss:s>", digest),
    "random": ("<n?:n>", random_number),
    "uuid": ("<:s>", unique_id),
    "parse": ("<s-:x>", parse_json),
    "toMillis": ("<s-s?:n>", to_millis),
    "string": ("<x-b?:s>", string),
}
"""JSONata signature and implementation by name without the dollar sign."""
