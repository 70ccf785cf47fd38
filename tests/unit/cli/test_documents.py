"""Request files: what is read, and the errors where they cannot be."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.input import documents
from cli.output.failure import InputError


@pytest.fixture
def usual_recursion_limit() -> Iterator[None]:
    """Python's own; the library for JSONata raises it for the whole process."""
    raised = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(raised)


def read(text: str) -> list[documents.Document]:
    return documents.read("-", stdin=io.StringIO(text))


def values(text: str) -> list[Any]:
    return [document.value for document in read(text)]


def problems(text: str) -> list[str]:
    return [problem for document in read(text) for problem in document.problems]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"account": {"name": "A"}}', id="json"),
        pytest.param("account:\n  name: A\n", id="yaml"),
        pytest.param("account: {name: A}\n...\n", id="yaml with an end mark"),
        pytest.param('[{"account": {"name": "A"}}]', id="json list of one"),
        pytest.param("- account: {name: A}\n", id="yaml list of one"),
        pytest.param("\n---\naccount: {name: A}\n---\n", id="yaml with an empty document"),
        pytest.param("{account: {name: A}}", id="yaml in braces"),
    ],
)
def test_read_one_request_in_any_form(text: str) -> None:
    assert values(text) == [{"account": {"name": "A"}}]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[{"a": 1}, {"a": 2}, {"a": 3}]', id="json list"),
        pytest.param("- a: 1\n- a: 2\n- a: 3\n", id="yaml list"),
        pytest.param("a: 1\n---\na: 2\n---\na: 3\n", id="yaml documents"),
        pytest.param("a: 1\n---\n- a: 2\n- a: 3\n", id="both"),
    ],
)
def test_read_several_requests_in_order(text: str) -> None:
    assert values(text) == [{"a": 1}, {"a": 2}, {"a": 3}]


@pytest.mark.parametrize(
    "word", ["yes", "no", "on", "off", "2027-01-01", "12:30:45", "1_000", "=", "0x1F"]
)
def test_yaml_word_that_only_looks_like_something_else_stays_text(word: str) -> None:
    assert values(f"tag: {word}") == [{"tag": word}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-2", -2),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("null", None),
        ("", None),
    ],
)
def test_yaml_values_are_those_of_json(text: str, value: object) -> None:
    assert values(f"it: {text}") == [{"it": value}]


@pytest.mark.parametrize("key", ["1.10", "1e3", "007", "True", "~", "+5", "yes", "2026-01-01"])
def test_yaml_key_is_the_text_that_was_written(key: str) -> None:
    assert values(f"tags: &t {{{key}: x}}\nit:\n  <<: *t\n  other: y\n") == [
        {"tags": {key: "x"}, "it": {key: "x", "other": "y"}}
    ]


def test_yaml_number_with_leading_zero_is_reported_with_line_and_cure() -> None:
    found = problems("source: existing\naccount:\n  accountId: 012345678901\n")

    assert len(found) == 1
    assert "line 3" in found[0]
    assert '"012345678901"' in found[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", 'line 3: the key "a"', id="yaml"),
        pytest.param('{"a": 1, "b": 2, "a": 3}', 'the key "a"', id="json"),
        pytest.param("x:\n  a: 1\n  a: 2\n", 'line 3: the key "a"', id="yaml, nested"),
        pytest.param('{"x": {"a": 1, "a": 2}}', 'the key "a"', id="json, nested"),
    ],
)
def test_key_given_twice_is_reported(text: str, expected: str) -> None:
    assert [problem for problem in problems(text) if expected in problem]


def test_yaml_merge_may_be_overridden_without_a_problem() -> None:
    text = "defaults: &d {a: 1, b: 2}\nit:\n  <<: *d\n  b: 3\n"

    assert problems(text) == []
    assert values(text)[0]["it"] == {"a": 1, "b": 3}


def test_every_problem_of_the_text_is_reported_at_once() -> None:
    found = problems("a: 007\na: 1\n? [x]\n: 1\nb: !!binary aGk=\n")

    assert len(found) == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "is empty", id="nothing"),
        pytest.param(" \n", "is empty", id="blank"),
        pytest.param("[]", "contains no request", id="empty list"),
        pytest.param("# a comment\n", "contains no request", id="comment"),
        pytest.param("a: [1, 2\n", "line 2", id="yaml that breaks off"),
        pytest.param("a: 1\n\tb: 2\n", "not YAML", id="tab"),
        pytest.param("&a [*a]", "contains itself", id="loop"),
        pytest.param("[" * 5000, "nested", id="too deep"),
    ],
)
@pytest.mark.usefixtures("usual_recursion_limit")
def test_text_that_is_no_request_is_refused(text: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected) as refused:
        read(text)

    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a: 1\nb: x\x00y\n", "line 2 has the character U\\+0000", id="NUL"),
        pytest.param("a: \x1b[2J\n", r"U\+001B", id="escape"),
        pytest.param('a: 1\nb: "\\UFFFFFFFF"\n', "line 2 escapes", id="beyond any character"),
        pytest.param('a: "\\U00110000"\n', "line 1 escapes", id="beyond Unicode"),
        pytest.param("a: !!map b\n", "expected a mapping", id="mapping that is none"),
        pytest.param("a: !!int [1]\n", "expected a scalar", id="number that is a list"),
    ],
)
def test_character_or_tag_that_yaml_does_not_have_is_reported(text: str, expected: str) -> None:
    with pytest.raises(InputError, match=f"is not YAML: .*{expected}"):
        read(text)


@pytest.mark.parametrize("text", [f"a: {'9' * 5000}\n", f'{{"a": {"9" * 5000}}}', '{"a": 1e999}'])
def test_number_beyond_all_numbers_is_a_problem(text: str) -> None:
    (found,) = problems(text)

    assert "cannot be read as a number: put it in quotes" in found
    assert len(found) < 120


@pytest.mark.parametrize("text", ["!!int abc", "!!float abc", "!!float ''", "!!bool abc"])
def test_yaml_tag_that_the_text_does_not_fulfil_is_a_problem(text: str) -> None:
    (found,) = problems(f"a: 1\nb: {text}\n")

    assert found.startswith("line 2: ")
    assert "cannot be read as" in found


def test_yaml_aliases_that_unfold_without_end_are_refused_at_once() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]

    with pytest.raises(InputError, match="expands"):
        read("\n".join(levels))


def test_json_file_reports_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_text('{"account": {\n  "name": }\n}')

    with pytest.raises(InputError, match="line 2, column 11"):
        documents.read(str(path))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(None, "does not exist", id="missing"),
        pytest.param(b"\xff\xfe\x00", "not UTF-8", id="binary"),
        pytest.param(b"x" * (documents.MAX_BYTES + 1), "larger", id="huge"),
    ],
)
def test_file_that_cannot_be_read_is_refused(
    tmp_path: Path, content: bytes | None, expected: str
) -> None:
    path = tmp_path / "request.yaml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputError, match=expected):
        documents.read(str(path))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(b"a: \xff\xfe", "standard input is not UTF-8 text", id="binary"),
        pytest.param(b"x" * (documents.MAX_BYTES + 1), "standard input is larger", id="huge"),
    ],
)
def test_standard_input_is_held_to_what_files_are(given: bytes, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        documents.read("-", stdin=io.TextIOWrapper(io.BytesIO(given), encoding="latin-1"))


def test_standard_input_is_utf8_whatever_the_locale() -> None:
    given = io.BytesIO(b"\xef\xbb\xbfa: Z\xc3\xbcrich")

    (one,) = documents.read("-", stdin=io.TextIOWrapper(given, encoding="ascii"))

    assert one.value == {"a": "Zürich"}


def test_closed_standard_input_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    with pytest.raises(InputError, match="standard input is closed"):
        documents.read("-")


def test_device_without_an_end_is_refused() -> None:
    with pytest.raises(InputError, match="larger"):
        documents.read("/dev/zero")


def test_empty_name_is_not_the_current_folder() -> None:
    with pytest.raises(InputError, match="name is empty"):
        documents.read("")


def test_file_that_is_missing_comes_with_files_to_start_from() -> None:
    with pytest.raises(InputError, match=r"organization\.yaml does not exist") as refused:
        documents.read("organization.yaml")

    assert "examples/organization.yaml" in refused.value.remedy


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a directory"):
        documents.read(str(tmp_path))


def test_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')

    assert documents.read(str(path))[0].value == {"a": 1}


def test_label_names_the_request_among_several() -> None:
    labels = [document.label for document in read("- account: {name: A}\n- nothing\n")]

    assert labels == ["standard input, request 1 (A)", "standard input, request 2"]
