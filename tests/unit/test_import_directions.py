"""Imports point one way; nothing that is deployed knows what it is tested with."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Folder -> the first-party roots that its modules may import.
ALLOWED = {
    "functions/vending": {"vending"},
    "functions/operations": {"operations", "vending"},
    "functions/events": {"events", "vending"},
    "functions/api": {"api", "vending"},
    "permissions": {"permissions"},
    "statemachines": {"statemachines"},
    "infra": {"infra", "permissions", "statemachines", "vending"},
    "guards": {"guards", "infra"},
    "embedded": {"embedded", "permissions"},
    "cli": {"cli", "embedded", "operations", "statemachines", "vending"},
}
FIRST_PARTY = {
    "permissions",
    "guards",
    "infra",
    "statemachines",
    "embedded",
    "cli",
    "operations",
    "events",
    "api",
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


def module_imports(root: Path, package: str) -> dict[str, set[str]]:
    """Which modules of the package each module imports, by dotted name; not for types alone."""
    files = {
        ".".join(path.relative_to(root).with_suffix("").parts): path
        for path in (root / package).rglob("*.py")
    }
    return {name: set(_imports_within(path, files)) - {name} for name, path in files.items()}


def _imports_within(path: Path, files: Mapping[str, Path]) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node not in for_types:
            for alias in node.names:
                dotted = f"{node.module}.{alias.name}"
                target = dotted if dotted in files else node.module
                if target in files:
                    yield target


def folder_imports(modules: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The same between the package's folders."""

    def folder(name: str) -> str:
        return ".".join(name.split(".")[:2])

    found: dict[str, set[str]] = {}
    for name, imported in modules.items():
        found.setdefault(folder(name), set()).update(folder(each) for each in imported)
    return {name: others - {name} for name, others in found.items()}


def first_circle(imports: Mapping[str, set[str]]) -> tuple[str, ...] | None:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return tuple(error.args[1])
    return None


@pytest.mark.parametrize(
    ("root", "package"), [("functions", "vending"), (".", "cli"), (".", "embedded"), (".", "infra")]
)
def test_modules_and_folders_import_each_other_in_no_circle(root: str, package: str) -> None:
    modules = module_imports(ROOT / root, package)

    assert len(modules) > 20
    assert first_circle(modules) is None
    assert first_circle(folder_imports(modules)) is None


def test_circle_is_found() -> None:
    assert first_circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) is not None


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
