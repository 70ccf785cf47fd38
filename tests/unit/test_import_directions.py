"""Imports point one way; nothing that is deployed knows what it is tested with."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Folder -> the first-party roots that its modules may import.
ALLOWED = {
    "functions/vending": {"vending"},
    "functions/operations": {"operations", "vending"},
    "functions/events": {"events", "vending"},
    "permissions": {"permissions"},
    "infra": {"infra", "permissions"},
    "embedded": {"embedded", "operations", "permissions", "vending"},
    "cli": {"cli", "embedded", "operations", "vending"},
}
FIRST_PARTY = {
    "permissions",
    "infra",
    "embedded",
    "cli",
    "operations",
    "events",
    "vending",
    "functions",
    "tests",
    "bench",
}


def imported_roots(source: str) -> Iterator[str]:
    """The first part of every absolute import, wherever in the source it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("folder", ALLOWED)
def test_modules_import_only_what_lies_below_them(folder: str) -> None:
    modules = list((ROOT / folder).rglob("*.py"))

    forbidden = {
        str(module.relative_to(ROOT)): wrong
        for module in modules
        if (wrong := set(imported_roots(module.read_text())) & FIRST_PARTY - ALLOWED[folder])
    }

    assert modules
    assert forbidden == {}


def test_functions_import_nothing_that_only_tests_have() -> None:
    modules = list((ROOT / "functions").rglob("*.py"))

    roots = {root for module in modules for root in imported_roots(module.read_text())}

    assert roots.isdisjoint({"moto", "aws_cdk", "pytest", "werkzeug", "rich", "yaml"})


@pytest.mark.parametrize(
    ("source", "roots"),
    [
        ("import cli.main", {"cli"}),
        ("from embedded.clock import Clock", {"embedded"}),
        ("def late():\n    import infra", {"infra"}),
        ("from . import near", set()),
    ],
    ids=["plain", "from", "inside a function", "relative"],
)
def test_imported_roots_are_found_wherever_they_stand(source: str, roots: set[str]) -> None:
    assert set(imported_roots(source)) == roots
