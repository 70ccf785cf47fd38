"""The queue's logic alone: its pure functions against AWS's quota in a discrete simulation."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.bounds import AWS_QUOTA, MAKESPAN_RATIO, THROTTLED_SHARE, makespan_bound
from bench.results import Measurement, Report
from bench.tables import span
from embedded.organizations.quotas import QUOTAS
from embedded.organizations.throttling import TokenBucket
from vending.queueing.queue import Queue, Quota, Slot

POLLED_RATIO = 1.06
"""As long as the bound where nothing but polls tells of an end: they see it up to 3 s and a
twentieth of T late, for which time its place is not free."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What lies between queue and AWS: seconds from a slot to its call, drawn evenly between two
    bounds, how the end of a creation is noticed, given T, and how long it all may take / bound.
    """

    name: str
    latency: tuple[float, float] = (0.0, 0.0)
    notice: Callable[[float], float] = field(default=lambda seconds: seconds)
    at_most: float = MAKESPAN_RATIO


@dataclass(kw_only=True)
class Outcome:
    """How it went; the makespan in seconds."""

    makespan: float = 0.0
    created: int = 0
    refused: int = 0


def polled(creation_seconds: float) -> float:
    """When the workflow's polls see the end: every 3 s, later a twentieth of the wait and 2 s."""
    waited = 0.0
    while waited < creation_seconds:
        waited += max(3.0, float(int(2 + waited / 20)))
    return waited


def reported(creation_seconds: float) -> float:
    """When an event tells of the end, a second after it, or the first poll sees it before."""
    return max(3.0, creation_seconds + 1.0)


def simulate(requests: int, creation_seconds: float, pace: Pace, *, seed: int = 2026) -> Outcome:
    """All requests at once through the queue, each creation refused by AWS's own rules or made."""
    simulation = _QueueSimulation(creation_seconds, pace, random.Random(seed))  # noqa: S311
    return simulation.run(requests)


class _QueueSimulation:
    """The queue, AWS's bucket and leases, and an agenda."""

    def __init__(self, creation_seconds: float, pace: Pace, chance: random.Random) -> None:
        self._creation_seconds, self._pace, self._chance = creation_seconds, pace, chance
        self._quota = Quota(
            rate_per_second=AWS_QUOTA.rate_per_second,
            burst=AWS_QUOTA.burst,
            in_progress=AWS_QUOTA.in_progress,
        )
        self._queue = Queue()
        self._bucket = TokenBucket(QUOTAS["CreateAccount"].per_account, 0.0)
        self._ends: list[float] = []
        self._order = itertools.count()
        self._agenda: list[tuple[float, int, Callable[[str, float], None], str]] = []
        self._outcome = Outcome()

    def run(self, requests: int) -> Outcome:
        """Until every request has its account."""
        for number in range(requests):
            self._queue, slots = self._queue.enqueue(f"request-{number}", 0.0, self._quota)
            self._hand_out(slots)
        while self._agenda:
            now, _, happen, request_id = heapq.heappop(self._agenda)
            happen(request_id, now)
        return self._outcome

    def _hand_out(self, slots: list[Slot]) -> None:
        for slot in slots:
            self._plan(slot.start_at + self._chance.uniform(*self._pace.latency), slot.request_id)

    def _plan(
        self, at: float, request_id: str, happen: Callable[[str, float], None] | None = None
    ) -> None:
        entry = (at, next(self._order), happen or self._ask, request_id)
        heapq.heappush(self._agenda, entry)

    def _ask(self, request_id: str, now: float) -> None:
        while self._ends and self._ends[0] <= now:
            heapq.heappop(self._ends)
        if len(self._ends) >= AWS_QUOTA.in_progress or not self._bucket.has_token(now):
            self._outcome.refused += 1
            self._queue, slots = self._queue.back_off(request_id, now, self._quota)
            self._hand_out(slots)
            return
        self._bucket.take()
        heapq.heappush(self._ends, now + self._creation_seconds)
        noticed = now + self._pace.notice(self._creation_seconds)
        self._plan(noticed, request_id, self._leave)

    def _leave(self, request_id: str, now: float) -> None:
        self._outcome.created += 1
        self._outcome.makespan = now
        self._queue, slots = self._queue.release(request_id, now, self._quota)
        self._hand_out(slots)


PACES = (
    Pace(name="no delays"),
    Pace(name="functions take 0.1 to 1.5 s, events report", latency=(0.1, 1.5), notice=reported),
    Pace(
        name="functions take 0.1 to 1.5 s, ends are polled",
        latency=(0.1, 1.5),
        notice=polled,
        at_most=POLLED_RATIO,
    ),
)


def measure(requests: int, creation_seconds: Sequence[float]) -> Report:
    """Makespan over bound and refused calls, with and without the delays of a real system, where
    the rate binds (T up to 50 s) and where the number of creations in progress does.
    """
    rows, measurements = [], []
    bounds = {seconds: makespan_bound(requests, seconds) for seconds in creation_seconds}
    for (seconds, bound), pace in itertools.product(bounds.items(), PACES):
        outcome = simulate(requests, seconds, pace)
        ratio = outcome.makespan / bound
        rows.append(
            [
                f"{seconds:g} s",
                pace.name,
                f"{requests}",
                f"{outcome.created}",
                span(outcome.makespan),
                f"{ratio:.4f}",
                f"{outcome.refused}",
            ]
        )
        where = f"T = {seconds:g} s, {pace.name}"
        measurements += [
            Measurement(name=f"queue makespan / bound, {where}", value=ratio, at_most=pace.at_most),
            Measurement(
                name=f"queue refused calls, {where}",
                value=outcome.refused,
                at_most=THROTTLED_SHARE * requests,
            ),
            Measurement(
                name=f"queue requests without an account, {where}",
                value=requests - outcome.created,
                at_most=0,
            ),
        ]
    return Report(
        part="queue",
        title="The queue's logic alone",
        headings=[
            "T",
            "between queue and AWS",
            "requests",
            "vended",
            "makespan",
            "/ bound",
            "refused",
        ],
        table=rows,
        measurements=measurements,
        data={"bound_seconds": {f"{seconds:g}": bound for seconds, bound in bounds.items()}},
    )
