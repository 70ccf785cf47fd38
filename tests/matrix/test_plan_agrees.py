"""Every scenario of the matrix planned first: the plan's verdict is the run's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.matrix.definition import sources
from tests.matrix.invariants import Submission
from tests.matrix.scenarios import SCENARIOS, Scenario, a_submission
from tests.workflow.plans import planned, reported_alike

if TYPE_CHECKING:
    from tests.matrix.lab import Lab

PLANNED = [
    pytest.param(
        source,
        scenario,
        id=f"{source}-{scenario.name}",
        marks=() if scenario is SCENARIOS[0] else pytest.mark.slow,
    )
    for source in sources()
    for scenario in SCENARIOS
]


def state(lab: Lab, submission: Submission) -> str | None:
    row = lab.vending.row(submission.request_id)
    return row["state"] if row else None


@pytest.mark.parametrize(("source", "scenario"), PLANNED)
def test_scenario_that_is_planned_without_refusal_ends_vended(
    lab: Lab, source: str, scenario: Scenario
) -> None:
    lab.renew()
    submission = a_submission(source, scenario, lab.vending)

    before = planned(lab.vending, submission.request)
    scenario.run(lab, submission)
    lab.faults.disarm()
    for _ in range(2 if scenario.fails else 1):  # its own failure may come out only now
        if state(lab, submission) != "VENDED":
            lab.run(submission)
    after = planned(lab.vending, submission.request)

    assert before.problems == []
    assert state(lab, submission) == "VENDED"
    assert (after.problems, after.changes) == ([], [])


@pytest.mark.parametrize("source", sources())
def test_mistake_that_is_planned_is_refused_for_every_source(lab: Lab, source: str) -> None:
    lab.renew()
    submission = a_submission(source, SCENARIOS[0], lab.vending)
    mistaken = Submission(
        request={**submission.request, "policies": [{"name": "Absent", "type": "TAG_POLICY"}]},
        account_id=submission.account_id,
    )

    before = planned(lab.vending, mistaken.request)
    (ended,) = lab.send(mistaken)

    assert [problem["code"] for problem in before.problems] == ["PolicyMissing"]
    assert reported_alike(before, ended), ended
