"""The same requests under the schedules of other systems, on the same embedded organization."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.bounds import makespan_bound
from bench.results import Curve, Measurement, Report
from bench.schedules import SCHEDULES, Schedule
from bench.simulation import Simulation
from bench.system import refused_creations
from bench.tables import span


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a schedule went: when each account was done, in seconds, and what AWS refused."""

    schedule: Schedule
    requests: int
    moments: Sequence[float]
    throttled: int

    @property
    def makespan(self) -> float:
        """Until the last account; infinite when requests were given up."""
        return max(self.moments) if len(self.moments) == self.requests else math.inf


def follow(schedule: Schedule, requests: int, creation_seconds: float) -> Outcome:
    """Run `requests` under a schedule, all known from the beginning."""
    simulation = Simulation(creation_seconds=creation_seconds, accounts=requests)
    moments: list[float] = []

    def done(_: str) -> None:
        moments.append(simulation.elapsed)

    names = [f"{schedule.name} {number}" for number in range(requests)]
    for actor in schedule.actors(simulation, names, done):
        simulation.start(actor)
    simulation.run()
    return Outcome(
        schedule=schedule,
        requests=requests,
        moments=moments,
        throttled=refused_creations(simulation.calls),
    )


def measure(sizes: Sequence[int], creation_seconds: float) -> Report:
    """Makespan and throttled calls of every schedule for every number of requests."""
    outcomes = [
        follow(schedule, requests, creation_seconds) for requests in sizes for schedule in SCHEDULES
    ]
    rows, measurements = [], []
    for one in outcomes:
        ratio = one.makespan / makespan_bound(one.requests, creation_seconds)
        rows.append(
            [
                f"{one.schedule.name}: {one.schedule.says}",
                f"{one.requests}",
                f"{len(one.moments)}",
                span(one.makespan),
                f"{ratio:.2f}" if math.isfinite(ratio) else "-",
                f"{one.throttled}",
            ]
        )
        measurements += [
            Measurement(
                name=f"{one.schedule.name} makespan / bound, {one.requests} requests", value=ratio
            ),
            Measurement(
                name=f"{one.schedule.name} throttled, {one.requests} requests",
                value=one.throttled,
            ),
        ]
    return Report(
        part="peers",
        title=f"The schedules of others, same quotas, T = {creation_seconds:g} s",
        headings=["schedule", "requests", "vended", "makespan", "/ bound", "throttled"],
        table=rows,
        measurements=measurements,
        notes=["simulated time; everything these systems do besides is left out, in their favour"],
        curves=[
            Curve.of(one.schedule.name, one.moments)
            for one in outcomes
            if one.requests == max(sizes)
        ],
    )
