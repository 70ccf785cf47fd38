"""Many requests at once, repeated, broken and aborted in whatever order: the same invariants."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests import interruptions
from tests.builders import a_request
from tests.matrix import invariants
from tests.matrix.cells import Cell, cells
from tests.matrix.definition import EVENT_BUS
from tests.matrix.invariants import Submission
from tests.workflow.vending import eventually
from vending.authorization.sender import opened

if TYPE_CHECKING:
    from tests.matrix.lab import Lab
    from tests.workflow.vending import Ended

FAULTS = [
    cell
    for cell in cells()
    if cell.kind in {"error-once", "answer-lost", "dies-after", "throttled"}
    and cell.source == "new"
    and cell.site is not None
    and cell.site.actor != EVENT_BUS
]
LIES = {"ConditionalCheckFailedException", "ExecutionDoesNotExist"}
"""With duplicates about, a lie has effects. DynamoDB's answer is always true. DescribeExecution is
eventually consistent and may not know an execution that has just begun; but a cell would have it
not know one that began long ago."""

CREATIONS = st.fixed_dictionaries(
    {"seconds": st.sampled_from([0, 3, 60, 300])},
    optional={"failureReason": st.sampled_from(["INTERNAL_FAILURE", "EMAIL_ALREADY_EXISTS"])},
)
QUIET = settings(
    database=None,
    derandomize=True,
    # Threads and processes take part, so a schedule does not repeat exactly and cannot be shrunk.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Schedules(RuleBasedStateMachine):
    """People and accidents; what became of everything is looked at in the end."""

    lab: ClassVar[Lab]

    def __init__(self) -> None:
        super().__init__()
        self.lab.renew()
        self.submissions: list[Submission] = []
        self.story: list[str] = []

    @rule(by_event=st.booleans())
    def somebody_asks(self, by_event: bool) -> None:
        self._submit(Submission(request=a_request()), by_event=by_event)

    @precondition(lambda self: self.submissions)
    @rule(data=st.data(), by_event=st.booleans())
    def the_same_is_asked_again(self, data: st.DataObject, by_event: bool) -> None:
        self._submit(self._one_of_them(data), by_event=by_event)

    @precondition(lambda self: self.submissions)
    @rule(data=st.data(), shared=st.sampled_from(["name", "email"]))
    def somebody_wants_the_same_name_or_email(self, data: st.DataObject, shared: str) -> None:
        other, request = self._one_of_them(data).request, a_request()
        value = other["account"][shared]
        request["account"][shared] = value.upper() if shared == "email" else value
        self._submit(Submission(request=request), by_event=False)

    @rule(cell=st.sampled_from([cell for cell in FAULTS if cell.error not in LIES]))
    def a_call_breaks(self, cell: Cell) -> None:
        assert cell.site is not None
        self._tell(f"{cell}")
        self.lab.faults.arm(self.lab.fault(cell, cell.site))

    @rule(creation=CREATIONS)
    def creations_go_otherwise(self, creation: dict[str, Any]) -> None:
        self._tell(f"creation {creation}")
        self.lab.faults.replace([{"createAccount": {"calls": [1], **creation}}])

    @rule(deliveries=st.sampled_from([2, 3]))
    def events_come_repeatedly(self, deliveries: int) -> None:
        self._tell(f"{deliveries} deliveries")
        self.lab.faults.replace([{"event": "AccountRequested", "deliveries": deliveries}])

    @rule(which=st.integers(0, 9))
    def somebody_aborts_an_execution(self, which: int) -> None:
        running = [
            execution for execution in interruptions.executions() if execution.status == "RUNNING"
        ]
        if running:
            execution = running[which % len(running)]
            self._tell(f"abort {execution.name}")
            interruptions.stop(execution)

    @rule(milliseconds=st.sampled_from([5, 30, 150]))
    def time_passes(self, milliseconds: int) -> None:
        self._tell(f"{milliseconds} ms")
        time.sleep(milliseconds / 1000)

    def teardown(self) -> None:
        """Let everything end, mend it, resubmit what failed, and look."""
        try:
            problems = self._ended()
            self.lab.faults.disarm()
            problems += self._settled()
        finally:
            self.lab.faults.disarm()
        assert problems == [], "\n".join([*problems, *self.story])

    def _one_of_them(self, data: st.DataObject) -> Submission:
        # Their ids differ each time, so that the choice must not be by value.
        return self.submissions[data.draw(st.integers(0, len(self.submissions) - 1))]

    def _submit(self, submission: Submission, *, by_event: bool) -> None:
        if submission not in self.submissions:
            self.submissions.append(submission)
        how = "event" if by_event else "hand"
        self._tell(f"{how} {submission.request['requestId']} {submission.request['account']}")
        if by_event:
            self.lab.vending.send(submission.request)
        else:
            self.lab.vending.start(submission.request)

    def _tell(self, what: str) -> None:
        self.story.append(what)

    def _ended(self) -> list[str]:
        ended: list[Ended] = self.lab.finish_all()
        problems = []
        for submission in self.submissions:
            its_own = [one for one in ended if _request_id(self.lab, one) == submission.request_id]
            problems += invariants.ended_well(self.lab.vending, submission, its_own)
        return problems

    def _settled(self) -> list[str]:
        """One request for each email ends VENDED; whoever wants the same email gets a conflict."""
        for _ in range(2):
            for submission in self.submissions:
                if self._state(submission) != "VENDED":
                    self.lab.run(submission)
        problems = []
        for submission in self.submissions:
            rivals = [one for one in self.submissions if _email(one) == _email(submission)]
            vended = [one for one in rivals if self._state(one) == "VENDED"]
            if len(vended) != 1:
                problems.append(f"{len(vended)} of {[one.request_id for one in rivals]} are VENDED")
            if submission in vended:
                problems += invariants.vended(self.lab.vending, submission)
            else:
                problems += invariants.ended_well(self.lab.vending, submission, [])
        eventually(lambda: not invariants.nothing_left(self.lab.vending), patience=10)
        return problems

    def _state(self, submission: Submission) -> str | None:
        row = self.lab.vending.row(submission.request_id)
        return str(row["state"]) if row else None


def _email(submission: Submission) -> str:
    return (submission.email or "").lower()


def _request_id(lab: Lab, ended: Ended) -> str:
    described = lab.vending.states.describe_execution(executionArn=ended.arn)
    _, request = opened(json.loads(described["input"]))
    assert isinstance(request, dict)
    return str(request["requestId"])


def test_random_schedules_end_with_one_account_a_request(lab: Lab) -> None:
    Schedules.lab = lab

    run_state_machine_as_test(
        Schedules, settings=settings(QUIET, max_examples=2, stateful_step_count=12)
    )


@pytest.mark.slow
def test_many_random_schedules_end_with_one_account_a_request(lab: Lab) -> None:
    Schedules.lab = lab

    run_state_machine_as_test(
        Schedules, settings=settings(QUIET, max_examples=40, stateful_step_count=30)
    )
