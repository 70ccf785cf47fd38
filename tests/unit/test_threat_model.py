"""Every threat of docs/threat-model.md names tests that exist, and STRIDE is whole."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs" / "threat-model.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| threat ")
]


def names_of_tests(module: str) -> set[str]:
    """The tests that a module defines."""
    tree = ast.parse((ROOT / module).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_threat_has_an_answer_and_names_a_test_that_exists() -> None:
    wrong = []
    for threat, answer, tests in ROWS:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", tests)
        if not named or not answer or any(test not in names_of_tests(file) for file, test in named):
            wrong.append(threat)

    assert ROWS
    assert wrong == []


def test_threats_are_of_every_kind_of_stride() -> None:
    kinds = [threat.removeprefix("**")[0] for threat, _, _ in ROWS]

    assert "".join(dict.fromkeys(kinds)) == "STRIDE"
    assert all(threat.startswith("**") or threat[1] == ":" for threat, _, _ in ROWS)
