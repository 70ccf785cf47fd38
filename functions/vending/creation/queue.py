"""The creation gate: who may ask AWS to create an account, and from which moment on.

AWS allows 0.1 creations a second with a burst of 3, and 5 in progress (AWS Organizations User
Guide, Quotas). The gate hands out turns under both: a queue, places for creations in progress,
and the moment from which a turn may be used. Everything here is a function of the state and the
time, so that one conditional write makes each change, and so that it can be simulated.

A place is a lease. Whoever dies holding one loses it when the lease runs out; nobody waits for it
longer than that, and nothing has to notice the death.

A turn is handed out by whoever makes room for it, and has to be told to whoever waits for it. Until
that is done, the place says whose task it is: a hand-over that broke off is taken up again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

LONGEST_REST = 60.0
"""Seconds that the gate rests at most after AWS refused a creation."""

LONGEST_QUEUE = 350_000
"""Bytes of the queue at most: 5,000 requests with the longest ids, 14,000 with those derived from
an email. DynamoDB takes 400 KB as one item, and the places need room too."""

TELLING_TAKES = 60.0
"""Seconds after which a turn that was not told is told by whoever comes to the gate next."""


@dataclass(frozen=True, kw_only=True)
class Quota:
    """What AWS allows this organization; a raised quota is a setting."""

    rate_per_second: float = 0.1
    burst: int = 3
    in_progress: int = 5
    lease_seconds: float = 900.0
    """How long a place is kept for a creation nobody has asked about since."""
    slack_seconds: float = 0.0
    """How much later than its turn a creation may reach AWS. AWS counts from when the first one
    does, so after a quiet time the turns behind the burst come later by this much."""

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
class Place:
    """A creation in progress or about to be. Moments are epoch seconds."""

    start_at: float
    until: float
    """The end of the lease."""
    teller: str | None = None
    """The request whose coming or going made room, and which has to tell this turn; None: told."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The gate's state. Methods return the next state and the turns it hands out.

    Attributes:
        paid_until: when AWS's bucket will be full again, by our own creations (GCRA's theoretical
            arrival time).
        resting_until: no turn starts before; AWS refused a creation, so others create too.
        refusals: refusals in a row, which lengthen the rest.
        places: creations in progress or about to be, by request.
        queue: who waits, first in front.
    """

    paid_until: float = 0.0
    resting_until: float = 0.0
    refusals: int = 0
    places: Mapping[str, Place] = field(default_factory=dict)
    queue: tuple[str, ...] = ()

    def enter(self, request_id: str, now: float, quota: Quota) -> tuple[Gate, list[Turn]]:
        """Queue for a turn. Whoever has a place already gets the same turn again.

        Whoever finds the queue full is not in it, and has to come again.
        """
        place = self.places.get(request_id)
        if place is not None and place.until > now:
            gate, turns = _advance(self.told([request_id]), request_id, now, quota)
            start_at = max(now, place.start_at)
            return gate, [Turn(request_id=request_id, start_at=start_at), *turns]
        queue = self.queue
        if request_id not in queue and _bytes(queue) < LONGEST_QUEUE:
            queue = (*queue, request_id)
        return _advance(replace(self, queue=queue), request_id, now, quota)

    def leave(self, request_id: str, now: float, quota: Quota) -> tuple[Gate, list[Turn]]:
        """Free the request's place, or its place in the queue; nothing happens without either."""
        return _advance(self._without(request_id), request_id, now, quota)

    def forfeit(
        self, request_id: str, by: str, now: float, quota: Quota
    ) -> tuple[Gate, list[Turn]]:
        """Free a place whose turn nobody will use, and let another use its share of the rate."""
        if request_id not in self.places:
            return self, []
        gate = replace(self._without(request_id), paid_until=self.paid_until - quota.interval)
        return _advance(gate, by, now, quota)

    def again(self, request_id: str, now: float, quota: Quota) -> tuple[Gate, list[Turn]]:
        """Have the request's used turn replaced by the next one: AWS surely made nothing of it."""
        return _advance(self._first_in_queue(request_id), request_id, now, quota)

    def renew(self, request_id: str, now: float, quota: Quota) -> Gate:
        """Keep a place for a creation that is seen to be in progress.

        AWS counts it, so it has a place even where its lease ran out unseen.
        """
        place = self.places.get(request_id, Place(start_at=now, until=now))
        kept = replace(place, until=now + quota.lease_seconds)
        gate = self._without(request_id)
        return replace(gate, places={**gate.places, request_id: kept})

    def refused(self, request_id: str, now: float, quota: Quota) -> tuple[Gate, list[Turn]]:
        """AWS refused the creation as one too many: rest, and let the request try first after that.

        The rest doubles while refusals follow each other; one that comes during the rest is of a
        turn given before it, and tells nothing new. Our idea of AWS's bucket was too full, so it
        counts as empty afterwards.
        """
        gate = self._first_in_queue(request_id)
        if now >= self.resting_until:
            follows = now <= self.resting_until + LONGEST_REST
            in_a_row = self.refusals + 1 if follows else 1
            rest = min(LONGEST_REST, quota.interval * 2 ** min(in_a_row - 1, 10))
            empty_until = now + rest + (quota.burst - 1) * quota.interval
            gate = replace(
                gate,
                refusals=in_a_row,
                resting_until=now + rest,
                paid_until=max(self.paid_until, empty_until),
            )
        return _advance(gate, request_id, now, quota)

    def untold(self, teller: str, now: float) -> list[Turn]:
        """The turns that `teller` has to tell, and those that nobody told for too long."""
        return [
            Turn(request_id=request_id, start_at=max(now, place.start_at))
            for request_id, place in self.places.items()
            if place.teller == teller
            or (place.teller is not None and place.start_at + TELLING_TAKES < now)
        ]

    def told(self, request_ids: Collection[str]) -> Gate:
        """The holders of these places know their turns."""
        places = {
            one: replace(place, teller=None) if one in request_ids else place
            for one, place in self.places.items()
        }
        return replace(self, places=places)

    def _without(self, request_id: str) -> Gate:
        return replace(
            self,
            places={one: place for one, place in self.places.items() if one != request_id},
            queue=tuple(one for one in self.queue if one != request_id),
        )

    def _first_in_queue(self, request_id: str) -> Gate:
        gate = self._without(request_id)
        return replace(gate, queue=(request_id, *gate.queue))


def _bytes(queue: tuple[str, ...]) -> int:
    """What the queue takes in DynamoDB's item, with 3 bytes for the frame of each element."""
    return sum(map(len, queue)) + 3 * len(queue)


def _advance(gate: Gate, teller: str, now: float, quota: Quota) -> tuple[Gate, list[Turn]]:
    """Hand the free places to the first in the queue; `teller` has to tell all but itself.

    A place whose lease ran out is free. Who was not told of it waits in front.
    """
    places = {one: place for one, place in gate.places.items() if place.until > now}
    unheard = [one for one, place in gate.places.items() if place.teller and one not in places]
    gate = replace(gate, queue=(*unheard, *(one for one in gate.queue if one not in unheard)))
    free = max(0, quota.in_progress - len(places))
    turns, paid_until = [], gate.paid_until
    for request_id, start_at, paid in _starts(gate, gate.queue[:free], now, quota):
        places[request_id] = Place(
            start_at=start_at,
            until=start_at + quota.lease_seconds,
            teller=None if request_id == teller else teller,
        )
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
        paid_until = max(paid_until, start_at + quota.slack_seconds) + quota.interval
        yield request_id, start_at, paid_until
