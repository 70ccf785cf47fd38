"""The closing queue's logic alone: retirements of a large organization, in simulated time.

AWS's own rules for closing accounts refuse whatever comes too early: the rate, the number in
progress, and the number in any 30 days (AWS Organizations User Guide, "Quotas and service limits").
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.bounds import MAKESPAN_RATIO
from bench.results import Measurement, Report
from bench.tables import span
from embedded.organizations.quotas import LIMITS, QUOTAS
from embedded.organizations.throttling import TokenBucket
from vending.queueing.queue import DAY, Observed, Period, Queue, Quota, Slot

GRACE_SECONDS = 14 * DAY
CLOSING_SECONDS = 180.0
"""AWS says that an account closes within a few minutes."""

LOOKS_AGAIN = (300.0, 3_600.0)
"""After how many seconds, at least and at most, whoever waits comes to the queue again."""

PERIOD = 30 * DAY
QUOTA = Quota(
    rate_per_second=0.05,
    burst=1,
    in_progress=3,
    lease_seconds=3_600.0,
    slack_seconds=1.0,
    max_cooldown=600.0,
    period=Period(),
)


@dataclass(kw_only=True)
class Closures:
    """How it went; `closed` is when each account closed, by its number."""

    closed: dict[str, float] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)
    refused: int = 0

    @property
    def makespan(self) -> float:
        """When the last one had closed."""
        return max(self.closed.values(), default=0.0)


def closing_bound(retirements: int, members: int, closing_seconds: float) -> float:
    """Seconds from the first request to the last closed account; nobody can be faster.

    Each start needs the grace period, a token, a place, and that fewer than the quota were begun in
    the 30 days before it.
    """
    allowed = Period().number(members)
    starts: list[float] = []
    for number in range(retirements):
        start = GRACE_SECONDS
        if starts:
            start = max(start, starts[-1] + 1 / QUOTA.rate_per_second)
        if number >= QUOTA.in_progress:
            start = max(start, starts[number - QUOTA.in_progress] + closing_seconds)
        if number >= allowed:
            start = max(start, starts[number - allowed] + PERIOD)
        starts.append(start)
    return starts[-1] + closing_seconds


def simulate(
    retirements: int,
    members: int,
    *,
    closing_seconds: float = CLOSING_SECONDS,
    closed_by_others: int = 0,
    latency: tuple[float, float] = (0.1, 1.5),
    seed: int = 2026,
) -> Closures:
    """All retirements at once; others have closed accounts, unseen, just before the first one."""
    chance = random.Random(seed)  # noqa: S311
    simulation = _ClosingSimulation(members, closing_seconds, latency, chance)
    return simulation.run(retirements, closed_by_others)


class _ClosingSimulation:
    """The queue, AWS's three limits, and an agenda."""

    def __init__(
        self,
        members: int,
        closing_seconds: float,
        latency: tuple[float, float],
        chance: random.Random,
    ) -> None:
        self._members, self._closing_seconds = members, closing_seconds
        self._latency, self._chance = latency, chance
        self._queue = Queue()
        self._bucket = TokenBucket(QUOTAS["CloseAccount"].per_account, 0.0)
        self._in_progress = 0
        self._begun: list[float] = []
        self._waits_since: dict[str, float] = {}
        self._order = itertools.count()
        self._agenda: list[tuple[float, int, Callable[[str, float], None], str]] = []
        self._outcome = Closures()

    def run(self, retirements: int, closed_by_others: int) -> Closures:
        """Until every account is closed."""
        self._begun = [GRACE_SECONDS - 1.0] * closed_by_others
        self._queue, _ = self._queue.observe(
            Observed(at=1.0, members=self._members), "nobody", 1.0, QUOTA
        )
        for number in range(retirements):
            self._plan(GRACE_SECONDS, f"account-{number}", self._come)
        while self._agenda:
            now, _, happen, account = heapq.heappop(self._agenda)
            happen(account, now)
        return self._outcome

    def _plan(self, at: float, account: str, happen: Callable[[str, float], None]) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), happen, account))

    def _come(self, account: str, now: float) -> None:
        """Into the queue, or there again after a wait that ran out."""
        if account in self._outcome.asked:
            return
        self._waits_since.setdefault(account, now)
        self._queue, slots = self._queue.enqueue(account, now, QUOTA)
        self._hand_out(slots)
        least, most = LOOKS_AGAIN
        waited = (now - self._waits_since[account]) / 10
        self._plan(now + min(most, max(least, waited)), account, self._come)

    def _hand_out(self, slots: list[Slot]) -> None:
        for slot in slots:
            at = slot.start_at + self._chance.uniform(*self._latency)
            self._plan(at, slot.request_id, self._ask)

    def _ask(self, account: str, now: float) -> None:
        if account in self._outcome.asked:
            return
        allowed = Period().number(self._members)
        if sum(at > now - PERIOD for at in self._begun) >= allowed:
            self._outcome.refused += 1
            self._queue, slots = self._queue.back_off_period(account, now, QUOTA)
            self._hand_out(slots)
            return
        full = self._in_progress >= LIMITS.closures_in_progress
        if full or not self._bucket.has_token(now):
            self._outcome.refused += 1
            self._queue, slots = self._queue.back_off(account, now, QUOTA)
            self._hand_out(slots)
            return
        self._bucket.take()
        self._begun.append(now)
        self._in_progress += 1
        self._outcome.asked[account] = now
        self._plan(now + self._closing_seconds, account, self._close)

    def _close(self, account: str, now: float) -> None:
        self._in_progress -= 1
        self._outcome.closed[account] = now
        self._queue, slots = self._queue.release(account, now, QUOTA)
        self._hand_out(slots)


def measure(retirements: int, members: int) -> Report:
    """The last closure over the bound, where the rate binds and where the places do."""
    rows, measurements = [], []
    for seconds in (30.0, CLOSING_SECONDS):
        bound = closing_bound(retirements, members, seconds)
        outcome = simulate(retirements, members, closing_seconds=seconds)
        early = sum(at < GRACE_SECONDS for at in outcome.asked.values())
        ratio = outcome.makespan / bound
        rows.append(
            [
                f"{seconds:g} s",
                f"{members}",
                f"{retirements}",
                f"{len(outcome.closed)}",
                span(outcome.makespan),
                f"{ratio:.4f}",
                f"{outcome.refused}",
            ]
        )
        where = f"T = {seconds:g} s"
        measurements += [
            Measurement(name=f"closures / bound, {where}", value=ratio, at_most=MAKESPAN_RATIO),
            Measurement(
                name=f"accounts not closed, {where}",
                value=retirements - len(outcome.closed),
                at_most=0,
            ),
            Measurement(
                name=f"accounts closed within their grace period, {where}", value=early, at_most=0
            ),
        ]
    return Report(
        part="closures",
        title="The closing queue's logic alone",
        headings=["T", "members", "retirements", "closed", "last closure", "/ bound", "refused"],
        table=rows,
        measurements=measurements,
    )
