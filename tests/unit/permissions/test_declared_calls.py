"""Calls are read from the functions' source, and are those that the modules have when imported."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from permissions.declared_calls import FUNCTIONS, PACKAGES, NotDeclared, all_calls, calls_of


def test_calls_are_those_of_the_imported_modules() -> None:
    found = all_calls()

    modules = {path.stem for package in PACKAGES for path in modules_in(package)}
    assert {module.partition(".")[2] for module in found} == modules
    for module, calls in found.items():
        assert calls == importlib.import_module(module).CALLS, module


def modules_in(package: str) -> list[Path]:
    return [path for path in (FUNCTIONS / package).glob("*.py") if path.stem != "__init__"]


@pytest.mark.parametrize("setting", ["record", "baseline"])
def test_calls_by_setting_are_those_of_the_imported_module(setting: str) -> None:
    module = importlib.import_module("events.discover_account")

    assert calls_of("events.discover_account", under=setting) == module.CALLS_BY_SETTING[setting]


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ('CALLS = {"sts:AssumeRole"}', {"sts:AssumeRole"}),
        ("CALLS: set[str] = set()", set()),
        ('ONE = {"a:A"}\nCALLS = ONE | {"b:B"}', {"a:A", "b:B"}),
        ("from shared import OURS\nCALLS = OURS", {"c:C"}),
        ("from shared import OURS as MINE\nCALLS = MINE", {"c:C"}),
        ('BY = {"x": {"a:A"}}\nCALLS = BY["x"]', {"a:A"}),
    ],
    ids=["set", "none", "union", "imported", "renamed", "chosen"],
)
def test_calls_are_read_in_every_form_of_a_declaration(
    tmp_path: Path, source: str, calls: set[str]
) -> None:
    (tmp_path / "shared.py").write_text('OURS = {"c:C"}\n')
    (tmp_path / "one.py").write_text(source)

    assert calls_of("one", functions=tmp_path) == calls


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "one: CALLS is not declared"),
        ("CALLS = made()", "one:1: calls are sets of texts"),
        ("CALLS = {1}", "one:1: calls are sets of texts"),
        ("\nCALLS = {name}", "one:2: calls are sets of texts"),
        ('CALLS = {"x": {"a:A"}}', "one: calls are a set of texts"),
        ('CALLS = {"x": {"a:A"}}["y"]', "one:1: calls are sets of texts"),
        ("from gone import CALLS", "gone: there is no gone.py"),
    ],
)
def test_calls_that_cannot_be_read_are_an_error_that_says_where(
    tmp_path: Path, source: str, message: str
) -> None:
    (tmp_path / "one.py").write_text(source)

    with pytest.raises(NotDeclared, match=message):
        calls_of("one", functions=tmp_path)


def test_setting_without_calls_is_an_error() -> None:
    with pytest.raises(NotDeclared, match="'ignore'"):
        calls_of("events.discover_account", under="ignore")
