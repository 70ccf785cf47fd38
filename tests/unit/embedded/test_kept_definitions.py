"""What is kept of a definition is what parsing it anew would give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.component import Component

from embedded.stepfunctions import kept
from statemachines.definitions import definition

NAME = "arn:aws:lambda:us-east-1:111111111111:function:Stack-CreateAccountFunction5B4-{}"
DEFINITION = """{{"StartAt": "A", "QueryLanguage": "JSONata", "States": {{"A": {{
    "Type": "Task", "Resource": "{}", "Arguments": {{"name": "{}", "other": "-abcdefghijkl"}},
    "End": true}}}}}}"""
FIRST, SECOND = NAME.format("aB3dE5gH7jK9"), NAME.format("Zz0000000001")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    before = list(kept._folder)
    kept.keep_in(tmp_path / "kept")
    yield tmp_path / "kept"
    kept._folder[:] = before


made: list[str] = []


def characters(text: str) -> list[str]:
    made.append(text)
    if "refused" in text:
        raise ValueError(text)
    return [text, text[-40:]]


@pytest.fixture(autouse=True)
def nothing_made_yet() -> None:
    made.clear()


def test_program_from_disk_is_that_of_the_parser() -> None:
    from embedded.stepfunctions import parsing  # noqa: PLC0415 - with moto

    text = json.dumps(definition("account_vending")).replace("${CreateAccountFunctionArn}", FIRST)

    first, second = parsing.parse(text)[0], parsing.parse(text)[0]

    assert first is not second
    assert told(first) == told(second) == told(parsing.program(text))


def test_definition_is_looked_at_once_whatever_its_functions_ended_in() -> None:
    one, other = DEFINITION.format(FIRST, FIRST), DEFINITION.format(SECOND, SECOND)

    found = [kept.found(characters, text) for text in (one, other, one)]

    assert found == [[text, text[-40:]] for text in (one, other, one)]
    assert len(made) == 1


@pytest.mark.parametrize(
    "other",
    [
        DEFINITION.format(FIRST, SECOND),
        DEFINITION.format(FIRST, FIRST).replace("abcdefghijkl", "abcdefghijkm"),
        DEFINITION.format(FIRST, "000000000000"),
    ],
    ids=["two names", "another text", "a number that stands for an end"],
)
def test_other_definition_is_looked_at_anew(other: str) -> None:
    kept.found(characters, DEFINITION.format(FIRST, FIRST))

    assert kept.found(characters, other) == [other, other[-40:]]
    assert len(made) == 2


def test_refusal_is_by_the_definitions_own_names_and_not_kept(folder: Path) -> None:
    refused = DEFINITION.format(FIRST, "refused")

    for _ in range(2):
        with pytest.raises(ValueError, match="aB3dE5gH7jK9"):
            kept.found(characters, refused)

    assert len(made) == 4
    assert list(folder.glob("*")) == []


@pytest.mark.parametrize("content", [b"", b"not whole", b"\x80\x05\x95"])
def test_file_that_is_not_whole_is_made_anew(folder: Path, content: bytes) -> None:
    kept.found(characters, "text")
    (written,) = folder.iterdir()
    whole = written.read_bytes()
    written.write_bytes(content)

    assert kept.found(characters, "text") == ["text", "text"]
    assert written.read_bytes() == whole


def test_nothing_is_kept_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    kept.keep_in(tmp_path / "file" / "kept")

    assert kept.found(characters, "text") == kept.found(characters, "text") == ["text", "text"]
    assert len(made) == 2


def test_files_written_longest_ago_go(folder: Path) -> None:
    for number in range(kept._MOST + 3):
        kept.found(characters, f"{number}")

    assert len(list(folder.iterdir())) == kept._MOST


def told(part: Any) -> Any:
    """All that a program is made of."""
    if isinstance(part, list | tuple | set):
        return [told(each) for each in part]
    if isinstance(part, dict):
        return {str(name): told(each) for name, each in part.items()}
    if isinstance(part, Component):
        return type(part).__name__, {name: told(each) for name, each in vars(part).items()}
    return f"{type(part).__name__} {part}" if isinstance(part, str | int | float) else type(part)
