"""The creation queue: who may ask AWS to create an account, and from which moment on.

AWS allows 0.1 creations a second with a burst of 3, and 5 in progress (AWS Organizations User
Guide, Quotas). Slots are handed out under both: the state is who waits, a lease for each creation
in progress, and the moment from which a slot may be used. Everything here is a function of the
state and the time, so that one conditional write makes each change, and so that it can be
simulated.

Whoever dies holding a lease loses it when it runs out; nobody waits for it longer than that, and
nothing has to notice the death. Nobody renews a lease either: whoever comes to the queue and finds
one that has run out looks whether its creation goes on.

A slot is handed out by whoever makes room for it, and whoever waits for it has to be notified.
Until that is done, the lease says whose task it is: a hand-over that broke off is taken up again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

MAX_COOLDOWN = 60.0
"""Seconds that the queue rests at most after AWS refused a creation."""

MAX_QUEUE_BYTES = 350_000
"""Bytes of the queue at most: 5,000 requests with the longest ids, 14,000 with those derived from
an email. DynamoDB takes 400 KB as one item, and the leases need room too."""

NOTIFY_TIMEOUT = 60.0
"""Seconds after which a slot that was not told is told by whoever comes to the queue next."""


@dataclass(frozen=True, kw_only=True)
class Quota:
    """What AWS allows this organization; a raised quota is a setting."""

    rate_per_second: float = 0.1
    burst: int = 3
    in_progress: int = 5
    lease_seconds: float = 900.0
    """How long a lease is kept before it is looked whether its creation goes on."""
    slack_seconds: float = 0.0
    """How much later than its slot a creation may reach AWS. AWS counts from when the first one
    does, so after a quiet time the slots behind the burst come later by this much."""

    @property
    def interval(self) -> float:
        """Seconds between creations once the burst is used up."""
        return 1 / self.rate_per_second


@dataclass(frozen=True, kw_only=True)
class Slot:
    """`request_id` may ask for its account from `start_at` (epoch seconds) on."""

    request_id: str
    start_at: float


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A creation in progress or about to be. Moments are epoch seconds."""

    start_at: float
    until: float
    """The end of the lease."""
    notifier: str | None = None
    """The request whose coming or going made room, and which has to tell this slot; None: told."""


@dataclass(frozen=True, kw_only=True)
class CreationQueue:
    """The queue's state. Methods return the next state and the slots it hands out.

    Attributes:
        tat: when AWS's bucket will be full again, by our own creations (GCRA's theoretical
            arrival time).
        cooldown_until: no slot starts before; AWS refused a creation, so others create too.
        consecutive_throttles: refusals in a row, which lengthen the cooldown.
        leases: creations in progress or about to be, by request.
        waiting: who waits, first in front.
    """

    tat: float = 0.0
    cooldown_until: float = 0.0
    consecutive_throttles: int = 0
    leases: Mapping[str, Lease] = field(default_factory=dict)
    waiting: tuple[str, ...] = ()

    def enqueue(
        self, request_id: str, now: float, quota: Quota
    ) -> tuple[CreationQueue, list[Slot]]:
        """Queue for a slot. Whoever has a lease already gets the same slot again.

        Whoever finds the queue full is not in it, and has to come again.
        """
        lease = self.leases.get(request_id)
        if lease is not None and lease.until > now:
            queue, slots = _advance(self.with_notified([request_id]), request_id, now, quota)
            start_at = max(now, lease.start_at)
            return queue, [Slot(request_id=request_id, start_at=start_at), *slots]
        waiting = self.waiting
        if request_id not in waiting and _bytes(waiting) < MAX_QUEUE_BYTES:
            waiting = (*waiting, request_id)
        return _advance(replace(self, waiting=waiting), request_id, now, quota)

    def release(
        self, request_id: str, now: float, quota: Quota
    ) -> tuple[CreationQueue, list[Slot]]:
        """Free the request's lease, or its lease in the queue; nothing happens without either."""
        return _advance(self._without(request_id), request_id, now, quota)

    def reclaim(
        self, request_id: str, by: str, now: float, quota: Quota
    ) -> tuple[CreationQueue, list[Slot]]:
        """Free a lease whose slot nobody will use, and let another use its share of the rate."""
        if request_id not in self.leases:
            return self, []
        queue = replace(self._without(request_id), tat=self.tat - quota.interval)
        return _advance(queue, by, now, quota)

    def requeue(
        self, request_id: str, now: float, quota: Quota
    ) -> tuple[CreationQueue, list[Slot]]:
        """Have the request's used slot replaced by the next one: AWS surely made nothing of it."""
        return _advance(self._first_in_queue(request_id), request_id, now, quota)

    def renew(self, request_id: str, now: float, quota: Quota) -> CreationQueue:
        """Keep a lease for a creation that is seen to be in progress.

        AWS counts it, so it has a lease even where its lease ran out unseen.
        """
        lease = self.leases.get(request_id, Lease(start_at=now, until=now))
        kept = replace(lease, until=now + quota.lease_seconds)
        queue = self._without(request_id)
        return replace(queue, leases={**queue.leases, request_id: kept})

    def back_off(
        self, request_id: str, now: float, quota: Quota
    ) -> tuple[CreationQueue, list[Slot]]:
        """AWS refused the creation as one too many: cool down, then let the request try first.

        The cooldown doubles while refusals follow each other; one that comes during it is of a slot
        given before, and tells nothing new. Our idea of AWS's bucket was too full, so it
        counts as empty afterwards.
        """
        queue = self._first_in_queue(request_id)
        if now >= self.cooldown_until:
            follows = now <= self.cooldown_until + MAX_COOLDOWN
            in_a_row = self.consecutive_throttles + 1 if follows else 1
            rest = min(MAX_COOLDOWN, quota.interval * 2 ** min(in_a_row - 1, 10))
            empty_until = now + rest + (quota.burst - 1) * quota.interval
            queue = replace(
                queue,
                consecutive_throttles=in_a_row,
                cooldown_until=now + rest,
                tat=max(self.tat, empty_until),
            )
        return _advance(queue, request_id, now, quota)

    def pending_notifications(self, notifier: str, now: float) -> list[Slot]:
        """The slots that `notifier` has to tell, and those that nobody told for too long."""
        return [
            Slot(request_id=request_id, start_at=max(now, lease.start_at))
            for request_id, lease in self.leases.items()
            if lease.notifier == notifier
            or (lease.notifier is not None and lease.start_at + NOTIFY_TIMEOUT < now)
        ]

    def with_notified(self, request_ids: Collection[str]) -> CreationQueue:
        """The holders of these leases know their slots."""
        leases = {
            one: replace(lease, notifier=None) if one in request_ids else lease
            for one, lease in self.leases.items()
        }
        return replace(self, leases=leases)

    def _without(self, request_id: str) -> CreationQueue:
        return replace(
            self,
            leases={one: lease for one, lease in self.leases.items() if one != request_id},
            waiting=tuple(one for one in self.waiting if one != request_id),
        )

    def _first_in_queue(self, request_id: str) -> CreationQueue:
        queue = self._without(request_id)
        return replace(queue, waiting=(request_id, *queue.waiting))


def _bytes(waiting: tuple[str, ...]) -> int:
    """What the queue takes in DynamoDB's item, with 3 bytes for the frame of each element."""
    return sum(map(len, waiting)) + 3 * len(waiting)


def _advance(
    queue: CreationQueue, notifier: str, now: float, quota: Quota
) -> tuple[CreationQueue, list[Slot]]:
    """Hand the free leases to the first in the queue; `notifier` has to tell all but itself.

    a lease whose lease ran out is free. Who was not told of it waits in front.
    """
    leases = {one: lease for one, lease in queue.leases.items() if lease.until > now}
    unheard = [one for one, lease in queue.leases.items() if lease.notifier and one not in leases]
    queue = replace(
        queue, waiting=(*unheard, *(one for one in queue.waiting if one not in unheard))
    )
    free = max(0, quota.in_progress - len(leases))
    slots, tat = [], queue.tat
    for request_id, start_at, paid in _starts(queue, queue.waiting[:free], now, quota):
        leases[request_id] = Lease(
            start_at=start_at,
            until=start_at + quota.lease_seconds,
            notifier=None if request_id == notifier else notifier,
        )
        slots.append(Slot(request_id=request_id, start_at=start_at))
        tat = paid
    return replace(queue, leases=leases, waiting=queue.waiting[free:], tat=tat), slots


def _starts(
    queue: CreationQueue, request_ids: tuple[str, ...], now: float, quota: Quota
) -> Iterator[tuple[str, float, float]]:
    tat = queue.tat
    earliest = max(now, queue.cooldown_until)
    for request_id in request_ids:
        start_at = max(earliest, tat - (quota.burst - 1) * quota.interval)
        tat = max(tat, start_at + quota.slack_seconds) + quota.interval
        yield request_id, start_at, tat
