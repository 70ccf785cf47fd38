"""The README's picture of the workflow shows the definition as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.unit.test_definitions import DEFINITIONS, scopes, targets

ROOT = Path(__file__).resolve().parents[2]
ENDS = {"Succeed", "Fail"}


def edges_of_definition(machine: dict[str, Any]) -> set[tuple[str, str]]:
    """Every transition but the ones to RecordFailure, which the picture sums up in a sentence."""
    edges = set()
    for scope in scopes(machine):
        for name, state in scope["States"].items():
            edges |= {(name, target) for target in targets(state) if target != "RecordFailure"}
            inner = [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]
            edges |= {(name, branch["StartAt"]) for branch in inner}
    return edges


def edges_of_picture(text: str) -> set[tuple[str, str]]:
    diagram = re.search(r"```mermaid\n(.*?)```", text, re.DOTALL)
    assert diagram
    return set(re.findall(r"^\s*(\w+)\S* -->(?:\|[^|]*\|)? (\w+)", diagram.group(1), re.MULTILINE))


def test_picture_in_the_readme_has_every_transition_of_the_definition() -> None:
    drawn = edges_of_picture((ROOT / "README.md").read_text())

    assert drawn == edges_of_definition(DEFINITIONS["account_vending"])
