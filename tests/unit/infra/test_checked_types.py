"""What mypy reads of the CDK's library: what is not read is Any, and is not checked."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
LIBRARY = "aws_cdk"


def read_by_mypy() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    overrides = settings["tool"]["mypy"]["overrides"]
    return {
        module
        for override in overrides
        if override.get("follow_imports") == "normal"
        for module in override["module"]
    }


def imported(file: Path) -> set[str]:
    """Modules of the library that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names if each.name.split(".")[0] == LIBRARY}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == LIBRARY:
            names = {each.name for each in node.names if each.name.startswith("aws_")}
            found |= {str(node.module)} | {f"{LIBRARY}.{name}" for name in names}
    return found


def test_every_part_of_the_cdk_that_is_imported_is_checked() -> None:
    files = [ROOT / "app.py"]
    files += [file for folder in ("infra", "tests") for file in (ROOT / folder).rglob("*.py")]

    used = set[str]().union(*map(imported, files))

    assert LIBRARY in used
    assert used == read_by_mypy()
