"""`make help` tells of every target, and every target that people are told of exists."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACT = {
    *("help", "vend", "test", "test-all", "check", "synth", "bench", "clean"),
    *("bootstrap", "deploy", "destroy", "definition"),
}


def phony_targets() -> set[str]:
    """What a person may ask make for: the .PHONY targets, but not the internal ones."""
    declared = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return {target for line in declared for target in line.split() if target.islower()}


def helped_targets(*goals: str) -> dict[str, str]:
    make = shutil.which("make")
    assert make
    # These tests run under make themselves, whose flags would make the inner one talk.
    listed = subprocess.run(
        [make, "--no-print-directory", *goals],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    lines = (line.split(maxsplit=2) for line in listed.stdout.splitlines())
    return {target: help_ for _, target, help_ in lines}


@pytest.mark.parametrize("goals", [(), ("help",)], ids=["make", "make help"])
def test_make_help_lists_every_target_with_a_line(goals: tuple[str, ...]) -> None:
    helped = helped_targets(*goals)

    assert set(helped) == phony_targets()
    assert all(len(line) > 10 for line in helped.values())


def test_makefile_has_the_targets_that_people_are_told_of() -> None:
    assert phony_targets() >= CONTRACT
