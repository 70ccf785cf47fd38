"""What make tells people: of every target, of no other, and of what a target needs."""

import os
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


def test_makefile_has_the_targets_that_the_docs_name() -> None:
    assert phony_targets() >= CONTRACT


@pytest.mark.parametrize("suites", ["", "tests"])
def test_recorded_cases_without_the_suites_is_one_error_that_says_what_to_do(suites: str) -> None:
    make = shutil.which("make")
    assert make

    refused = subprocess.run(
        [make, "--no-print-directory", "recorded-cases", f"SUITES={suites}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert refused.returncode == 2
    assert refused.stdout == ""
    assert f'"{suites}" is no Git checkout of LocalStack; say where one is: ' in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_processes_that_make_starts_keep_what_they_compile() -> None:
    make = shutil.which("make")
    assert make

    shown = subprocess.run(
        [make, "--no-print-directory", "--eval", "show: ; @env", "show"],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    assert "PATH=" in shown.stdout
    assert "PYTHONDONTWRITEBYTECODE" not in shown.stdout
