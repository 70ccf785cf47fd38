"""One fast embedded AWS for the package; the count of cells at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded.cloud import EmbeddedAws
from embedded.organizations import OrganizationSettings
from tests.infra.synthesized import synthesize
from tests.matrix.lab import Lab
from tests.workflow import approvals, email_codes
from tests.workflow.invitations import ROLE_ACCEPTS

if TYPE_CHECKING:
    from collections.abc import Iterator

SPEED = 400.0
"""Retries that take minutes on AWS pass in a second here."""


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The deployed system, to break; a role of an invited account may accept."""
    settings = OrganizationSettings(govcloud_enabled=True, account_limit=1000)
    assembly = tmp_path_factory.mktemp("assembly-with-role")
    synthesize(ROLE_ACCEPTS, assembly)
    with EmbeddedAws(speed=SPEED, organization=settings, assembly=assembly) as aws:
        lab = Lab(aws)
        with email_codes.given(lab.vending), approvals.given(lab.vending):
            yield lab


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cells ran and passed."""
    counts = dict.fromkeys(("run", "passed", "elsewhere"), 0)
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            kinds = [value for name, value in report.user_properties if name == "cell"]
            if not kinds or report.when != ("call" if outcome != "skipped" else report.when):
                continue
            if outcome == "skipped":
                counts["elsewhere"] += 1
                continue
            counts["run"] += 1
            counts["passed"] += outcome == "passed"
    if counts["run"]:
        terminalreporter.write_line(
            f"fault matrix: {counts['run']} cells run, {counts['passed']} passed"
            f" ({counts['elsewhere']} not on their source's path)"
        )
