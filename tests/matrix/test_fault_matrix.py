"""Every call of every source broken in every way: one request stays one account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.matrix.cells import Cell, cells, sample, wide_sample
from tests.matrix.definition import sites_of, sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.matrix.lab import Lab


def _marks(cell: Cell) -> list[pytest.MarkDecorator]:
    if cell in sample():
        return []
    return [pytest.mark.slow] if cell in wide_sample() else [pytest.mark.slow, pytest.mark.long]


CELLS = [pytest.param(cell, id=str(cell), marks=_marks(cell)) for cell in cells()]


@pytest.mark.parametrize("cell", CELLS)
def test_one_request_stays_one_account(
    lab: Lab, cell: Cell, record_property: Callable[[str, object], None]
) -> None:
    record_property("cell", cell.kind)

    outcome = lab.run_cell(cell)

    if not outcome.scenario:
        where = cell.site or cell.state
        pytest.skip(f"no request of source {cell.source} comes by {where}")
    outcome.violations += [] if outcome.met else ["the fault never struck"]
    if outcome.violations:
        # A trace through the runner says nothing; what was broken and how it went says all.
        pytest.fail("\n".join([*outcome.violations, outcome.story()]), pytrace=False)


@pytest.mark.slow
def test_every_declared_call_is_made_in_some_scenario(lab: Lab) -> None:
    unmet = [lab.unmet(source, sites_of(source)) for source in sources()]
    met_nowhere = {
        site
        for source, missing in zip(sources(), unmet, strict=True)
        for site in missing
        if all(
            site in others or site not in sites_of(other)
            for other, others in zip(sources(), unmet, strict=True)
        )
        and source
    }

    assert sorted(map(str, met_nowhere)) == [], (
        "give scenarios.py a way in which these calls are made"
    )
