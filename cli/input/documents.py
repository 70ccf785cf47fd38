"""Request files: JSON or YAML, one request, a list, or several YAML documents.

YAML is read by the rules of YAML 1.2, so that `yes`, dates and times stay the text they look like,
and every value is one that JSON can hold.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TextIO

import yaml

from cli.input.positions import Place, places_of_requests
from cli.output.failure import InputError
from cli.output.terminal import clip

MAX_BYTES = 4 * 1024 * 1024
MAX_VALUES = 1_000_000
"""YAML aliases let a few lines stand for more values than a machine can hold."""
STDIN = "-"
_TO_START_FROM = (
    "Files to start from: those in examples/requests/ for accounts, examples/organization.yaml for "
    "`vend setup`"
)


@dataclass(frozen=True, kw_only=True)
class Document:
    """One request as the file gives it, not validated.

    `problems` are mistakes that only the text shows (a key given twice, a number that lost its
    leading zero); they make the request unusable. `places` gives, when it is called, where the
    text has what.
    """

    label: str
    value: Any
    problems: tuple[str, ...] = ()
    places: Callable[[], Mapping[str, Place]] = dict


def read(path: str, *, stdin: TextIO | None = None) -> list[Document]:
    """Return every request in the file `path` (`-`: standard input), in order.

    Raises:
        InputError: the file is missing, not JSON or YAML, or holds no request.
    """
    name = "standard input" if path == STDIN else path
    text = _typed(stdin or sys.stdin) if path == STDIN else _text(path)
    if not text.strip():
        raise InputError(
            f"{name} is empty", remedy="Provide one request or a list; see `vend schema`"
        )
    try:
        values, problems = _parse(name, text, is_json=Path(path).suffix.lower() == ".json")
        sizes: dict[int, int] = {}
        if sum(_size(value, sizes) for value in values) > MAX_VALUES:
            raise InputError(
                f"{name} expands to more than {MAX_VALUES:,} values: not a request file"
            )
    except RecursionError:
        raise InputError(f"{name} is nested too deeply, or contains itself") from None
    requests = [item for value in values for item in _items(value)]
    if not requests:
        raise InputError(
            f"{name} contains no request", remedy="Provide one request or a list of requests"
        )
    documents = [
        Document(
            label=_label(name, item, number, len(requests)),
            value=item,
            places=partial(_places, text, number - 1),
        )
        for number, item in enumerate(requests, 1)
    ]
    if problems:
        documents.insert(0, Document(label=name, value=None, problems=tuple(problems)))
    return documents


@lru_cache(maxsize=1)
def _places_of_requests(text: str) -> list[dict[str, Place]]:
    return places_of_requests(text)


def _places(text: str, index: int) -> dict[str, Place]:
    found = _places_of_requests(text)
    return found[index] if index < len(found) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(path: str) -> str:
    if not path:
        raise InputError(
            "the file's name is empty", remedy="Specify a file, or - for standard input"
        )
    try:
        with Path(path).open("rb") as file:
            return _decoded(path, file.read(MAX_BYTES + 1))
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", remedy=_TO_START_FROM) from None
    except IsADirectoryError:
        raise InputError(f"{path} is a directory", remedy="Specify a file in it") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def _typed(stdin: TextIO | None) -> str:
    # Python has no stream at all where the shell closed it.
    if stdin is None:
        raise InputError("standard input is closed", remedy="Specify a file, or pipe a request in")
    source = getattr(stdin, "buffer", stdin)
    try:
        given = source.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"standard input cannot be read: {error.strerror}") from None
    return _decoded("standard input", given if isinstance(given, bytes) else given.encode())


def _decoded(name: str, given: bytes) -> str:
    # No more was read than shows that it is too much: devices and pipes have no size, nor an end.
    if len(given) > MAX_BYTES:
        raise InputError(f"{name} is larger than {MAX_BYTES // 2**20} MiB: not a request file")
    try:
        return given.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{name} is not UTF-8 text") from None


def _label(name: str, value: Any, number: int, count: int) -> str:
    if count == 1:
        return name
    account = value.get("account") if isinstance(value, dict) else None
    called = account.get("name") if isinstance(account, dict) else None
    return f"{name}, request {number}" + (f" ({called})" if isinstance(called, str) else "")


def _parse(name: str, text: str, *, is_json: bool) -> tuple[list[Any], list[str]]:
    if is_json or text.lstrip()[0] in "{[":
        try:
            return _parse_json(text)
        except json.JSONDecodeError as error:
            if is_json:
                raise InputError(
                    f"{name} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
                ) from None
    return _parse_yaml(name, text)


def _parse_json(text: str) -> tuple[list[Any], list[str]]:
    problems: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        times = Counter(key for key, _ in pairs)
        problems.extend(
            f"the key {json.dumps(key)} is given {count} times"
            for key, count in times.items()
            if count > 1
        )
        return dict(pairs)

    def constant(text: str) -> None:
        problems.append(f"{text} is not a JSON value")

    def number(read: Callable[[str], Any]) -> Callable[[str], Any]:
        def parsed(text: str) -> Any:
            try:
                return read(text)
            except ValueError:
                problems.append(_unreadable(text, "a number"))
                return text

        return parsed

    value = json.loads(
        text,
        object_pairs_hook=unique,
        parse_constant=constant,
        parse_int=number(int),
        parse_float=number(_finite),
    )
    return [value], problems


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _unreadable(text: str, what: str) -> str:
    return f"{clip(text, 40)} cannot be read as {what}: put it in quotes if it is text"


def _parse_yaml(name: str, text: str) -> tuple[list[Any], list[str]]:
    documents = []
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InputError(
            f"{name} is not YAML: line {line} has the character U+{error.character:04X}, "
            "which YAML does not allow"
        ) from None
    try:
        while loader.check_data():  # type: ignore[no-untyped-call]
            documents.append(loader.get_data())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise InputError(f"{name} is not YAML: {where}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{name} is not YAML: {error}") from None
    except (OverflowError, ValueError):
        # The scanner's, for a \\U escape beyond Unicode; it has no mark of its own.
        line = loader.get_mark().line + 1
        raise InputError(
            f"{name} is not YAML: line {line} escapes a character that does not exist"
        ) from None
    finally:
        loader.dispose()
    return [value for value in documents if value is not None], loader.problems


def _size(value: Any, known: dict[int, int]) -> int:
    """How many values `value` stands for with every alias written out; RecursionError in a loop."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = 0
        inside = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(item, known) for item in inside)
    elif not known[id(value)]:
        raise RecursionError
    return known[id(value)]


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with YAML 1.2's core types, line numbers, and no silent losses."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.problems: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        if not isinstance(node, yaml.MappingNode):
            return super().construct_mapping(node, deep=deep)  # which says that it is none
        first: dict[str, int] = {}
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(f"line {line}: a key must be a word, not a list or a mapping")
                continue
            key = key_node.value
            if key in first and key_node.tag != _MERGE:
                self.problems.append(
                    f"line {line}: the key {json.dumps(key)} is already in line {first[key]}"
                )
            first.setdefault(key, line)
        node.value = [pair for pair in node.value if isinstance(pair[0], yaml.ScalarNode)]
        return super().construct_mapping(node, deep=deep)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        node.value = [(_as_typed(key), value) for key, value in node.value]

    def leading_zero(self, node: yaml.ScalarNode) -> str:
        line = node.start_mark.line + 1
        self.problems.append(
            f"line {line}: {node.value} is a number in YAML and loses its leading zero: "
            f'put it in quotes, "{node.value}"'
        )
        return str(node.value)

    def scalar(self, node: yaml.ScalarNode) -> Any:
        what, read = _SCALARS[node.tag]
        text = str(self.construct_scalar(node))
        try:
            return read(text)
        except (LookupError, ValueError):
            line = node.start_mark.line + 1
            self.problems.append(f"line {line}: {_unreadable(text, what)}")
            return text

    def refused(self, node: yaml.Node) -> None:
        line = node.start_mark.line + 1
        self.problems.append(f"line {line}: the tag {node.tag} is not allowed in a request")


def _as_typed(key: yaml.ScalarNode) -> yaml.ScalarNode:
    """The key as a text: `1.10:` and `true:` are the words that were typed."""
    if key.tag not in _TYPED:
        return key
    # Another node: an alias may stand for the key's elsewhere, as the value that it is there.
    return yaml.ScalarNode(_TEXT, key.value, key.start_mark, key.end_mark, key.style)


_MERGE = "tag:yaml.org,2002:merge"
_LEADING_ZERO = "!leading-zero"
_SCALARS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "tag:yaml.org,2002:bool": (
        "true or false",
        lambda text: {"true": True, "false": False}[text.lower()],
    ),
    "tag:yaml.org,2002:int": ("a number", int),
    "tag:yaml.org,2002:float": ("a number", _finite),
}
"""A tag that is written out may promise what the text does not hold."""
_TEXT = "tag:yaml.org,2002:str"
_TYPED = {*_SCALARS, _LEADING_ZERO, "tag:yaml.org,2002:null"}

for _tag, _pattern, _first in (
    (_MERGE, r"^(?:<<)$", "<"),
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    (_LEADING_ZERO, r"^[-+]?0[0-9]+$", "-+0"),
    ("tag:yaml.org,2002:int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+)$",
        "-+.0123456789",
    ),
):
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))
_Loader.add_constructor(_LEADING_ZERO, _Loader.leading_zero)
for _tag in _SCALARS:
    _Loader.add_constructor(_tag, _Loader.scalar)
_Loader.add_constructor(None, _Loader.refused)
for _tag in ("binary", "timestamp", "set", "omap", "pairs"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _Loader.refused)
