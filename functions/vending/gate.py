"""The creation gate: who may ask AWS to create an account, and from which moment on.

AWS allows 0.1 creations a second with a burst of 3, and 5 in progress (AWS Organizations User
Guide, Quotas). The gate hands out turns under both: a queue, places for creations in progress,
and the moment from which a turn may be used. Everything here is a function of the state and the
time, so that one conditional write makes each change, and so that it can be simulated.

A place is a lease. Whoever dies holding one loses it when the lease runs out; nobody waits for it
longer than that, and nothing has to notice the death.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

LONGEST_REST = 60.0
"""Seconds that the gate rests at most after AWS refused a creation."""


@dataclass(frozen=True, kw_only=True)
class Quota:
    """What AWS allows this organization; a raised quota is a setting."""

    rate_per_second: float = 0.1
    burst: int = 3
    in_progress: int = 5
    lease_seconds: float = 900.0
    """How long a place is kept for a creation nobody has asked about since."""

    @property
    def interval(self) -> float:
        """Seconds between creations once the burst is used up."""
        return 1 / self.rate_per_second


@dataclass(frozen=True, kw_only=True)
class Turn:
    """`request_id` may ask for its account from `start_at` (epoch seconds) on."""

    request_id: str
    start_at: float


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The gate's state. Methods return the next state and the turns it hands out.

    Attributes:
        paid_until: when AWS's bucket will be full again, by our own creations (GCRA's theoretical
            arrival time).
        resting_until: no turn starts before; AWS refused a creation, so others create too.
        refusals: refusals in a row, which lengthen the rest.
        places: creations in progress or about to be, with the end of each one's lease.
        queue: who waits, first in front.
    """

    paid_until: float = 0.0
    resting_until: float = 0.0
    refusals: int = 0
    places: Mapping[str, float] = field(default_factory=dict)
    queue: tuple[str, ...] = ()

    def enter(self, request_id: str, now: float, quota: Quota) -> tuple[Gate, list[Turn]]:
        """Queue for a turn. Whoever has a place already gets it again, from now on."""
        if self.places.get(request_id, 0.0) > now:
            gate, turns = _advance(self, now, quota)
            return gate, [Turn(request_id=request_id, start_at=now), *turns]
        if request_id in self.queue:
            return _advance(self, now, quota)
        return _advance(replace(self, queue=(*self.queue, request_id)), now, quota)

    def leave(self, request_id: str, now: float, quota: Quota) -> tuple[Gate, list[Turn]]:
        """Free the request's place, or its place in the queue; nothing happens without either."""
        return _advance(self._without(request_id), now, quota)

    def renew(self, request_id: str, now: float, quota: Quota) -> Gate:
        """Keep a place for a creation that is seen to be in progress."""
        if request_id not in self.places:
            return self
        places = {**self.places, request_id: now + quota.lease_seconds}
        return replace(self, places=places)

    def refused(self, request_id: str, now: float, quota: Quota) -> tuple[Gate, list[Turn]]:
        """AWS refused the creation as one too many: rest, and let the request try first after that.

        The rest doubles while refusals follow each other. Our idea of AWS's bucket was too full,
        so it counts as empty afterwards.
        """
        in_a_row = self.refusals + 1 if now <= self.resting_until + LONGEST_REST else 1
        rest = min(LONGEST_REST, quota.interval * 2 ** min(in_a_row - 1, 10))
        resting_until = max(self.resting_until, now + rest)
        gate = replace(
            self._without(request_id),
            refusals=in_a_row,
            resting_until=resting_until,
            paid_until=max(self.paid_until, resting_until + (quota.burst - 1) * quota.interval),
        )
        return _advance(replace(gate, queue=(request_id, *gate.queue)), now, quota)

    def _without(self, request_id: str) -> Gate:
        return replace(
            self,
            places={one: until for one, until in self.places.items() if one != request_id},
            queue=tuple(one for one in self.queue if one != request_id),
        )


def _advance(gate: Gate, now: float, quota: Quota) -> tuple[Gate, list[Turn]]:
    places = {one: until for one, until in gate.places.items() if until > now}
    free = max(0, quota.in_progress - len(places))
    turns, paid_until = [], gate.paid_until
    for request_id, start_at, paid in _starts(gate, gate.queue[:free], now, quota):
        places[request_id] = start_at + quota.lease_seconds
        turns.append(Turn(request_id=request_id, start_at=start_at))
        paid_until = paid
    return replace(gate, places=places, queue=gate.queue[free:], paid_until=paid_until), turns


def _starts(
    gate: Gate, request_ids: tuple[str, ...], now: float, quota: Quota
) -> Iterator[tuple[str, float, float]]:
    paid_until = gate.paid_until
    earliest = max(now, gate.resting_until)
    for request_id in request_ids:
        start_at = max(earliest, paid_until - (quota.burst - 1) * quota.interval)
        paid_until = max(paid_until, start_at) + quota.interval
        yield request_id, start_at, paid_until
