"""Runs a cell on the embedded AWS: breaks it, looks, mends it, resubmits, looks again."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedded import eventbridge
from embedded.core.faults import CallFault
from tests import interruptions
from tests.matrix import invariants
from tests.matrix.cells import REPORTS, Cell
from tests.matrix.definition import Site, sources, tasks_of
from tests.matrix.scenarios import SCENARIOS, SLOW_SECONDS, Scenario, a_submission
from tests.matrix.site_faults import AfterTheCall, SiteFault, SiteFaults
from tests.workflow.vending import Ended, Vending, eventually
from vending.errors.catalogue import explain

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws
    from tests.matrix.invariants import Submission

PATIENCE = 300.0
"""Real seconds after which what should have ended has not."""

OUTLASTED = 10.0
"""Real seconds since it struck first after which a fault that lasts ends: the workflow would go on
trying for hours."""

ANSWERS = {
    (Site(actor, "organizations", "DescribeAccount"), "AccountNotFoundException")
    for actor in ("AcceptRequest", "DescribeAccount", "InviteAccountToOrganization")
}
"""Errors that the catalogue retries elsewhere, but that are an answer where a source or a repeated
request looks its account up: it is no member. The requester gets that without waiting."""

_THROTTLED_SECONDS = 60.0


@dataclass
class Outcome:
    """How a cell went. `met` says whether its fault struck at all."""

    met: bool
    violations: list[str] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    scenario: str = ""

    def story(self) -> str:
        """How it went, for whoever reads a failure."""
        ends = [f"{one.status} {one.error or ''} {one.cause or ''}".strip() for one in self.ended]
        return "\n".join([f"({self.scenario})", *ends])


class Lab:
    """The deployed system with faults at its call sites."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.faults = SiteFaults(functions=_functions(aws))
        aws.faults = aws.context.faults = self.faults
        self.vending = Vending(aws)
        self._met: dict[tuple[str, str], set[Site | str]] = {}

    def renew(self) -> None:
        """Forget everything but the stack."""
        self.faults.disarm()
        self.aws.renew()
        self.faults.met.clear()

    def send(self, submission: Submission) -> list[Ended]:
        """Submit by event; how every execution that came of it ended. None did if it is dead."""
        before = set(self.vending.executions())
        self.vending.send(submission.request)
        self._until(lambda: eventbridge.drain(0.02))
        arns = [arn for arn in self.vending.executions() if arn not in before]
        assert arns or self._dead_letters(), "the event came to nothing"
        return [self.finish(arn) for arn in arns]

    def run(self, submission: Submission) -> list[Ended]:
        """Submit by hand."""
        return [self.finish(self.vending.start(submission.request))]

    def finish(self, arn: str) -> Ended:
        """Wait for the end; a fault that outlasts its time is lifted."""
        self._until(lambda: interruptions.await_end(arn, 0.05))
        return self.vending.finish(arn)

    def finish_all(self) -> list[Ended]:
        """Wait for the end of every execution, those of events still on their way too."""
        self._until(lambda: eventbridge.drain(0.02))
        return [self.finish(arn) for arn in self.vending.executions()]

    def _dead_letters(self) -> int:
        queue = self.aws.outputs["DeadLetterQueueUrl"]
        counted = self.aws.client("sqs").get_queue_attributes(
            QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(counted["Attributes"]["ApproximateNumberOfMessages"])

    def _until(self, look: Any) -> None:
        began = struck_last = time.monotonic()
        struck = self.faults.struck
        while not look():
            at = time.monotonic()
            if self.faults.struck != struck:
                struck, struck_last = self.faults.struck, at
            if at - struck_last > OUTLASTED and not self.faults.is_to_come:
                self.faults.disarm()
            assert at - began < PATIENCE, "waited in vain"
            time.sleep(0.01)

    def run_cell(self, cell: Cell) -> Outcome:
        """Everything that a cell asks for; its violations are not raised but returned."""
        where = cell.site or cell.state
        in_flight = cell.kind == "aborted-in-flight"
        scenario = SCENARIOS[0] if where is None else self._scenario(cell.source, where, in_flight)
        if scenario is None:
            return Outcome(met=False)
        self.renew()
        submission = a_submission(cell.source, scenario, self.vending)
        outcome = Outcome(met=False, scenario=scenario.name)
        with ExitStack() as undo:
            happened = self._break(cell, scenario, undo)
            outcome.ended = scenario.run(self, submission)
            outcome.met = happened()
        outcome.violations += invariants.ended_well(self.vending, submission, outcome.ended)
        outcome.violations += self._passed_by(cell, scenario, outcome.ended)
        self.faults.disarm()
        outcome.violations += self._settled(submission, scenario, outcome.ended)
        return outcome

    def fault(self, cell: Cell, site: Site) -> SiteFault:
        """What strikes at the site of such a cell."""
        if cell.kind == "answer-lost":
            return SiteFault(site=site, fault=CallFault(lost=True))
        if cell.kind == "dies-after":
            dies = AfterTheCall(lambda: interruptions.kill(site.actor, self.aws), lost=True)
            return SiteFault(site=site, fault=dies)
        return SiteFault(
            site=site,
            fault=CallFault(error=cell.error, reason=cell.reason),
            lasts=cell.lasts,
            seconds=_THROTTLED_SECONDS if cell.kind == "throttled" else None,
        )

    def _settled(self, submission: Submission, scenario: Scenario, ended: list[Ended]) -> list[str]:
        """Resubmit what did not end VENDED; then all is well and nothing is left."""
        row = self.vending.row(submission.request_id)
        if row is None or row["state"] != "VENDED" or invariants.was_refused(ended):
            (resubmitted,) = self.run(submission)
            if resubmitted.status == "FAILED" and scenario.fails:
                # The cell's fault hid the scenario's own failure, which comes out now.
                (resubmitted,) = self.run(submission)
            if resubmitted.status != "SUCCEEDED":
                return [f"resubmitted, it ended {resubmitted}"]
        problems = invariants.vended(self.vending, submission)
        eventually(lambda: not invariants.nothing_left(self.vending) or _tired(), patience=PATIENCE)
        return [*problems, *invariants.nothing_left(self.vending)]

    def _passed_by(self, cell: Cell, scenario: Scenario, ended: list[Ended]) -> list[str]:
        """A single occurrence of what the catalogue says passes must not be seen by anybody."""
        passes = cell.kind in {
            "answer-lost",
            "dies-after",
            "throttled",
            "delivered",
            "deployed",
            "reported",
        }
        if cell.kind == "error-once" and (cell.site, cell.error) not in ANSWERS:
            passes = explain(_name(cell), cell.reason).treatment == "retry"
        failed = [one for one in ended if one.status == "FAILED"]
        if passes and failed and not scenario.fails:
            return [f"{cell.kind} was to pass unseen, but {failed[0].error}: {failed[0].cause}"]
        return []

    def _break(self, cell: Cell, scenario: Scenario, undo: ExitStack) -> Any:
        """Arm the cell's fault; returns what tells whether it has struck."""
        if cell.site is not None:
            armed = self.fault(cell, cell.site)
            self.faults.arm(armed)
            return lambda: armed.began is not None
        if cell.deliveries is not None:
            self.faults.replace([{"event": "AccountRequested", "deliveries": cell.deliveries}])
            return lambda: True
        if cell.report is not None:
            slow = {"createAccount": {"calls": "all", "seconds": SLOW_SECONDS}}
            self.faults.replace([slow, *REPORTS[cell.report]])
            return lambda: True
        assert cell.state is not None
        if cell.kind == "aborted-in-flight":
            fault = AfterTheCall(interruptions.stop_all, lost=False)
            watches = [
                SiteFault(site=site, fault=fault)
                for site in self._met_by(cell.source, scenario)
                if isinstance(site, Site) and site.actor == cell.state
            ]
            self.faults.arm(*watches)
            return lambda: any(watch.began is not None for watch in watches)
        if cell.kind == "deployed":
            deployed = undo.enter_context(interruptions.when_entered(cell.state, self._deploy))
            undo.callback(self._undeploy, deployed)
            return deployed.is_set
        return undo.enter_context(interruptions.when_entered(cell.state, interruptions.stop)).is_set

    def _deploy(self, _: Any) -> None:
        deployment = threading.Thread(target=interruptions.deploy_new_version, args=(self.aws,))
        deployment.start()
        deployment.join()

    def _undeploy(self, deployed: threading.Event) -> None:
        if deployed.is_set():
            interruptions.deploy_old_version(self.aws)

    def _scenario(self, source: str, where: Site | str, in_flight: bool = False) -> Scenario | None:
        """The first scenario that meets the call site or state; each is tried once, unbroken.

        `in_flight`: it meets a call of the state, which may be entered and find nothing to do.
        """
        names = {where.actor, where.operation} if isinstance(where, Site) else {where}
        likely = [scenario for scenario in SCENARIOS if names & set(scenario.meets)]
        # On a busy machine one may meet by chance what another always meets.
        likely.sort(key=lambda scenario: -len(names & set(scenario.meets)))
        for scenario in (SCENARIOS[0], *likely, *SCENARIOS):
            met = self._met_by(source, scenario)
            callers = {one.actor for one in met if isinstance(one, Site)}
            if where in (callers if in_flight else met):
                return scenario
        return None

    def _met_by(self, source: str, scenario: Scenario) -> set[Site | str]:
        if (source, scenario.name) not in self._met:
            self.renew()
            ended = scenario.run(self, a_submission(source, scenario, self.vending))
            states = {name for one in ended for name in self.vending.states_entered(one.arn)}
            self._met[source, scenario.name] = {*self.faults.met, *states}
        return self._met[source, scenario.name]

    def unmet(self, source: str, sites: tuple[Site, ...]) -> set[Site]:
        """The sites that no scenario of the source meets."""
        return {site for site in sites if self._scenario(source, site) is None}


def _functions(aws: EmbeddedAws) -> dict[str, str]:
    names = {name.lower(): name for source in sources() for name in tasks_of(source)}
    pages = aws.client("lambda").get_paginator("list_functions").paginate()
    # AcceptHandshake acts in the invited account, in a session that it names itself.
    return {"account-vending": "AcceptHandshake"} | {
        one["FunctionName"]: names.get(module.replace("_", ""), module)
        for page in pages
        for one in page["Functions"]
        for module in [one["Handler"].split(".")[-2]]
    }


def _name(cell: Cell) -> str:
    """How the catalogue calls the cell's error: Step Functions prefixes those of a task's call."""
    assert cell.site
    return f"Lambda.{cell.error}" if cell.site.service == "lambda" else str(cell.error)


def _tired() -> bool:
    time.sleep(0.05)
    return False
