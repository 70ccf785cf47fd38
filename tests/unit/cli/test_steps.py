"""The list of steps that a definition promises."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.watch.steps import Plan
from statemachines.definitions import tasks
from tests.unit.cli.fakes import DEFINITION

TASK: dict[str, Any] = {"Type": "Task"}
FAILING = {"CancelHandshake", "RecordFailure"}
"""Operations that only a failure leads to."""


def plan(states: dict[str, Any], start: str = "A") -> Plan:
    return Plan(json.dumps({"StartAt": start, "States": states}))


def test_steps_of_the_real_definition_are_its_operations_in_reading_order() -> None:
    invoking = [name for name, _ in tasks(json.loads(DEFINITION))]

    steps = Plan(DEFINITION).steps

    assert {"AcceptRequest", "CreateAccount", "TagResource", "RecordVended"} < set(steps)
    assert list(steps) == [name for name in invoking if name not in FAILING]


def test_recording_a_failure_is_no_step_but_known() -> None:
    real = Plan(DEFINITION)

    assert "RecordFailure" in real.order
    assert real.is_failing("RecordFailure")
    assert not real.is_failing("AcceptRequest")


def test_task_that_only_an_error_leads_to_is_no_step() -> None:
    made = plan(
        {
            "A": {**TASK, "Catch": [{"ErrorEquals": ["X"], "Next": "Mend"}], "Next": "B"},
            "Mend": {**TASK, "Next": "B"},
            "B": {**TASK, "End": True},
        }
    )

    assert made.steps == ("A", "B")


def test_task_that_leads_only_to_failure_is_no_step() -> None:
    made = plan(
        {
            "A": {"Type": "Choice", "Choices": [{"Next": "Tell"}], "Default": "B"},
            "Tell": {**TASK, "Next": "Failed"},
            "Failed": {"Type": "Fail"},
            "B": {**TASK, "End": True},
        }
    )

    assert made.steps == ("B",)


def test_wait_belongs_to_the_task_it_leads_to() -> None:
    real = Plan(DEFINITION)

    assert real.step_of("WaitForAccount") == "DescribeCreateAccountStatus"
    assert real.step_of("WaitForSlot") == "ReserveCreation"  # a choice follows
    assert real.step_of("WaitForReconciliation") is None  # between two choices
    assert real.step_of("CreateAccount") == "CreateAccount"
    assert real.step_of("ChooseSource") is None
    assert real.step_of("NoSuchState") is None


def test_waits_in_a_circle_belong_to_no_step() -> None:
    wait = {"Type": "Wait", "Seconds": 1}
    made = plan({"A": {**wait, "Next": "B"}, "B": {**wait, "Next": "A"}})

    assert made.step_of("A") is None


@pytest.mark.parametrize("container", ["Branches", "ItemProcessor", "Iterator"])
def test_tasks_inside_parallel_and_map_are_steps(container: str) -> None:
    inner = {"StartAt": "Inner", "States": {"Inner": {**TASK, "End": True}}}
    held = [inner] if container == "Branches" else inner
    made = plan(
        {"A": {"Type": "Parallel", container: held, "Next": "B"}, "B": {**TASK, "End": True}}
    )

    assert made.steps == ("Inner", "B")


def test_step_may_come_until_the_way_leads_past_it() -> None:
    real = Plan(DEFINITION)
    top = id(real.region_of["AcceptRequest"])

    assert real.may_come("DescribeAccount", {})
    assert real.may_come("DescribeAccount", {top: "ChooseSource"})
    assert not real.may_come("DescribeAccount", {top: "CreateAccount"})
    assert real.may_come("CreateAccount", {top: "WaitForReconciliation"})


def test_step_in_a_branch_may_come_until_its_branch_leads_past_it() -> None:
    real = Plan(DEFINITION)
    top = id(real.region_of["AcceptRequest"])
    branch = id(real.region_of["EnableAWSServiceAccess"])

    assert real.may_come("EnableAWSServiceAccess", {top: "CreateAccount"})
    assert real.may_come("EnableAWSServiceAccess", {top: "Baseline"})
    assert real.may_come(
        "EnableAWSServiceAccess", {top: "Baseline", branch: "IsServiceAccessRequested"}
    )
    assert not real.may_come(
        "EnableAWSServiceAccess", {top: "Baseline", branch: "IsRootAccessRequested"}
    )
    assert not real.may_come("EnableAWSServiceAccess", {top: "RecordVended"})
