"""Which tests stay together on a worker of pytest-xdist, and which are begun first.

The tests of a file share what its fixtures made. Longest first, so that no worker ends long after
the others; package by package, so that a worker deploys the AWS of a package once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from xdist.scheduler import LoadScopeScheduling

SECONDS = {
    "tests/workflow/test_creation_events.py": 8.0,
    "tests/matrix/": 1.5,
    "tests/workflow/": 0.6,
    "tests/workflow/engine/": 0.1,
    "tests/portal/": 4.0,
    "tests/abuse/": 0.4,
    "tests/authorization/": 2.5,
    "tests/opinions/": 1.0,
    "tests/infra/": 0.1,
    "tests/unit/": 0.02,
}
"""What a test takes about, by where it is, in the order in which they are begun."""

TOGETHER = ("tests/abuse/", "tests/infra/", "tests/matrix/")
"""Packages that stay on one worker: what their tests share takes longer to make than most do."""


def unit(test: str) -> str:
    """What the test is not separated from: its file, or its package."""
    for package in TOGETHER:
        if test.startswith(package):
            return package
    return test.partition("::")[0]


def in_order(tests: Sequence[str]) -> list[str]:
    """The units of the tests, in the order in which they are begun."""
    counts = Counter(unit(test) for test in tests)

    def place(one: str) -> tuple[int, float]:
        known = max((where for where in SECONDS if one.startswith(where)), key=len, default="")
        if not known:
            return len(SECONDS), 0
        return list(SECONDS).index(known), -SECONDS[known] * counts[one]

    return sorted(counts, key=place)


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each worker a unit at a time, in this order."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)
