"""Request files: JSON or YAML, one request, a list, or several YAML documents.

YAML is read by the rules of YAML 1.2, so that `yes`, dates and times stay the text they look like,
and every value is one that JSON can hold.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import yaml

from cli.failure import InputError

MAX_BYTES = 4 * 1024 * 1024
MAX_VALUES = 1_000_000
"""YAML aliases let a few lines stand for more values than a machine can hold."""
STDIN = "-"


@dataclass(frozen=True, kw_only=True)
class Document:
    """One request as the file gives it, not validated.

    `problems` are mistakes that only the text shows (a key given twice, a number that lost its
    leading zero); they make the request unusable.
    """

    label: str
    value: Any
    problems: tuple[str, ...] = ()


def read(path: str, *, stdin: TextIO | None = None) -> list[Document]:
    """Return every request in the file `path` (`-`: standard input), in order.

    Raises:
        InputError: the file is missing, not JSON or YAML, or holds no request.
    """
    if path == STDIN:
        name, text = "standard input", (stdin or sys.stdin).read()
    else:
        name, text = path, _text(Path(path))
    if not text.strip():
        raise InputError(f"{name} is empty", remedy="Give one request or a list; see `vend schema`")
    try:
        values, problems = _parse(name, text, is_json=Path(path).suffix.lower() == ".json")
        sizes: dict[int, int] = {}
        if sum(_size(value, sizes) for value in values) > MAX_VALUES:
            raise InputError(
                f"{name} unfolds to more than {MAX_VALUES:,} values: not a request file"
            )
    except RecursionError:
        raise InputError(f"{name} is nested too deeply, or in itself, to be a request") from None
    requests = [item for value in values for item in _items(value)]
    if not requests:
        raise InputError(
            f"{name} holds no request", remedy="Give one request or a list of requests"
        )
    documents = [
        Document(label=_label(name, item, number, len(requests)), value=item)
        for number, item in enumerate(requests, 1)
    ]
    if problems:
        documents.insert(0, Document(label=name, value=None, problems=tuple(problems)))
    return documents


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(path: Path) -> str:
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path} is larger than {MAX_BYTES // 2**20} MiB: not a request file")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder", remedy="Name one file in it") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


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
        keys = [key for key, _ in pairs]
        for key in dict.fromkeys(key for key in keys if keys.count(key) > 1):
            problems.append(f"the key {json.dumps(key)} is given {keys.count(key)} times")
        return dict(pairs)

    def constant(text: str) -> None:
        problems.append(f"{text} is not a JSON value")

    return [json.loads(text, object_pairs_hook=unique, parse_constant=constant)], problems


def _parse_yaml(name: str, text: str) -> tuple[list[Any], list[str]]:
    loader = _Loader(text)
    try:
        documents = []
        while loader.check_data():  # type: ignore[no-untyped-call]
            documents.append(loader.get_data())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise InputError(f"{name} is not YAML: {where}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{name} is not YAML: {error}") from None
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
        first: dict[str, int] = {}
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(f"line {line}: a key must be a word, not a list or a mapping")
                continue
            key = key_node.value
            if key in first and key_node.tag != _MERGE:
                self.problems.append(
                    f"line {line}: the key {json.dumps(key)} was given before, in line {first[key]}"
                )
            first.setdefault(key, line)
        node.value = [pair for pair in node.value if isinstance(pair[0], yaml.ScalarNode)]
        mapping = super().construct_mapping(node, deep=deep)
        return {_key(key): value for key, value in mapping.items()}

    def leading_zero(self, node: yaml.ScalarNode) -> str:
        line = node.start_mark.line + 1
        self.problems.append(
            f"line {line}: {node.value} is a number in YAML and loses its leading zero: "
            f'put it in quotes, "{node.value}"'
        )
        return str(node.value)

    def integer(self, node: yaml.ScalarNode) -> int:
        return int(node.value)

    def refused(self, node: yaml.Node) -> None:
        line = node.start_mark.line + 1
        self.problems.append(f"line {line}: the tag {node.tag} is not allowed in a request")


def _key(key: Any) -> str:
    """The key as JSON would have it: `1:` and `true:` are the words that were typed."""
    if isinstance(key, bool) or key is None:
        return json.dumps(key)
    return str(key)


_MERGE = "tag:yaml.org,2002:merge"
_LEADING_ZERO = "!leading-zero"

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
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.integer)
_Loader.add_constructor(None, _Loader.refused)
for _tag in ("binary", "timestamp", "set", "omap", "pairs"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _Loader.refused)
