"""Many requests at once on the embedded AWS with the real quotas: how near the bound they come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.bounds import (
    CALLS_GROWTH_RATIO,
    CPU_GROWTH_RATIO,
    MAKESPAN_RATIO,
    THROTTLED_SHARE,
    makespan_bound,
)
from bench.machine import Meter, Usage
from bench.results import Curve, Measurement, Report
from bench.system import a_request, deployed, with_policy_and_contacts
from bench.tables import span
from embedded.core.clock import WaitsOnlyClock

if TYPE_CHECKING:
    from embedded.organizations import OrganizationSettings

SPEED = 60.0
"""How many times as fast as on AWS time passes while everybody waits."""
_CALLS_KEPT = 500
"""Of each request, for the calls to be counted."""
_WARM_UP = 2
_WITH_MORE = 40
"""Requests that ask for a policy and contacts as well, which each has to look for."""
_PATIENCE_RATIO = 1.6
"""After so many times the bound the requests that are left are not waited for."""
_PATIENCE_SECONDS = 20.0
"""Real seconds on top, for each request: what a slow machine needs to compute it."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one number of requests went; times in the embedded AWS's seconds.

    `calls` are all that deployed roles made.
    """

    requests: int
    with_more: bool
    moments: Sequence[float]
    throttled: int
    throttled_polls: int
    accounts: int
    calls: int
    usage: Usage

    @property
    def name(self) -> str:
        """The requests in words."""
        more = " with a policy and contacts" if self.with_more else ""
        return f"{self.requests} requests{more}"

    @property
    def makespan(self) -> float:
        """Until the last was vended; infinite where not all were."""
        return max(self.moments) if len(self.moments) == self.requests else math.inf

    @property
    def calls_per_vend(self) -> float:
        """Calls of the functions and the workflow."""
        return self.calls / self.requests

    @property
    def cpu_per_vend(self) -> float:
        """Seconds that the embedded AWS computed."""
        return self.usage.embedded / self.requests


def organization(requests: int, creation_seconds: float) -> OrganizationSettings:
    """The real quotas, with room for the accounts."""
    from embedded.organizations import OrganizationSettings  # noqa: PLC0415

    return OrganizationSettings(account_limit=requests + 1, creation_seconds=creation_seconds)


def vend_all(requests: int, creation_seconds: float, *, with_more: bool = False) -> Outcome:
    """Send all requests at once and wait until they are vended, or for long enough.

    `with_more`: each asks for a policy and contacts, too.
    """
    asked = [a_request(number) for number in range(requests)]
    if with_more:
        asked = [with_policy_and_contacts(one) for one in asked]
    bound = makespan_bound(requests, creation_seconds)
    settings = organization(requests + _WARM_UP, creation_seconds)
    kept = _CALLS_KEPT * requests
    with deployed(WaitsOnlyClock(SPEED), organization=settings, calls_kept=kept) as system:
        for number in range(_WARM_UP):
            system.await_end(system.start(a_request(number, prefix="warm")))
        system.aws.renew()
        meter = Meter.start()
        began = system.aws.clock.now()
        system.send(asked)
        runs = system.await_ends(
            requests,
            patience=_PATIENCE_RATIO * bound / SPEED + _PATIENCE_SECONDS * requests,
        )
        usage = meter.read()
        return Outcome(
            requests=requests,
            with_more=with_more,
            moments=sorted(
                run.stopped - began
                for run in runs
                if run.stopped is not None and run.status == "SUCCEEDED"
            ),
            throttled=system.throttled_creations(),
            throttled_polls=system.throttled_polls(),
            accounts=len(system.organization.accounts) - 1,
            calls=system.our_calls(),
            usage=usage,
        )


def _growth(outcomes: Sequence[Outcome]) -> list[Measurement]:
    """What a vend costs with the most requests at once beside one with the fewest."""
    by_size = sorted(outcomes, key=lambda one: one.requests)
    few, many = by_size[0], by_size[-1]
    if few.requests == many.requests:
        return []
    both = f"{many.requests} / {few.requests} requests at once"
    return [
        Measurement(
            name=f"calls a vend, {both}",
            value=many.calls_per_vend / few.calls_per_vend,
            at_most=CALLS_GROWTH_RATIO,
        ),
        Measurement(
            name=f"CPU a vend, {both}",
            value=many.cpu_per_vend / few.cpu_per_vend,
            at_most=CPU_GROWTH_RATIO,
        ),
    ]


def measure(sizes: Sequence[int], creation_seconds: float) -> Report:
    """Makespan over bound and throttled calls for every number of requests."""
    alike = [vend_all(requests, creation_seconds) for requests in sizes]
    outcomes = [*alike, vend_all(_WITH_MORE, creation_seconds, with_more=True)]
    rows, measurements = [], []
    for one in outcomes:
        bound = makespan_bound(one.requests, creation_seconds)
        ratio = one.makespan / bound
        rows.append(
            [
                one.name.replace(" requests", ""),
                f"{len(one.moments)}",
                f"{one.accounts}",
                span(one.makespan),
                span(bound),
                f"{ratio:.3f}",
                f"{one.throttled}",
                f"{one.throttled_polls}",
                f"{one.calls_per_vend:.0f}",
                f"{1000 * one.cpu_per_vend:.0f} ms",
            ]
        )
        measurements += [
            Measurement(
                name=f"makespan / bound, {one.name}",
                value=ratio,
                at_most=MAKESPAN_RATIO,
            ),
            Measurement(
                name=f"throttled CreateAccount calls, {one.name}",
                value=one.throttled,
                at_most=THROTTLED_SHARE * one.requests,
            ),
        ]
    measurements += _growth(alike)
    return Report(
        part="makespan",
        title=f"Requests for new accounts, all at once, T = {creation_seconds:g} s",
        headings=[
            "requests",
            "vended",
            "accounts",
            "makespan",
            "bound",
            "/ bound",
            "throttled",
            "polls throttled",
            "calls a vend",
            "CPU a vend",
        ],
        table=rows,
        measurements=measurements,
        notes=[one.usage.sentence(SPEED) for one in outcomes],
        curves=[
            Curve.of("this project", one.moments) for one in alike if one.requests == max(sizes)
        ],
        data={
            "machine": [
                {
                    "requests": one.requests,
                    "real_seconds": one.usage.real,
                    "cpu_seconds_embedded": one.usage.embedded,
                    "cpu_seconds_functions": one.usage.functions,
                }
                for one in outcomes
            ],
        },
    )
