"""A queue: who may have AWS begin something, and from which moment on.

AWS allows creations and closures of accounts at a rate, with a burst, a number in progress, and
closures a number in a rolling period, too (AWS Organizations User Guide, "Quotas and service
limits"). Slots are handed out under all of these: the state is who waits, a lease for each use in
progress, and the moment from which a slot may be used. Everything here is a function of the
state and the time, so that one conditional write makes each change, and so that it can be
simulated.

Whoever dies holding a lease loses it when it runs out; nobody waits for it longer than that, and
nothing has to notice the death. Whoever comes to the queue and finds a lease that has run out may
renew it, where AWS is still at work.

A slot is handed out by whoever makes room for it, and whoever waits for it has to be notified.
Until that is done, the lease says whose task it is: a hand-over that broke off is taken up again.

Others may use up the same quota. What is seen of that is counted (`observe`), and what is not seen
shows in AWS's refusals (`back_off`, `back_off_period`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import field, replace

from vending.frozen import frozen

MAX_COOLDOWN = 60.0
"""Seconds that the queue rests at most after AWS refused a use, unless the quota says otherwise."""

MOMENTS_DIFFER_BY = 60.0
"""Seconds by which AWS may count a use later than its slot began."""

DAY = 86_400.0

USES_KEPT = 100 * DAY
"""Seconds for which it is known whose a use was: a closed account is seen for 90 days, and must not
be taken for one that others closed."""

MAX_QUEUE_BYTES = 350_000
"""Bytes of the queue at most: 5,000 requests with the longest ids, 14,000 with those derived from
an email. DynamoDB takes 400 KB as one item, and the leases need room too."""

NOTIFY_TIMEOUT = 60.0
"""Seconds after which an unsent slot is sent by the next change of the queue."""


@frozen
class Period:
    """A number of uses in any `seconds`: `least`, or a share of the members where that is more,
    and never more than `most`.
    """

    seconds: float = 30 * DAY
    least: int = 250
    share: float = 0.2
    most: int = 1_000

    def number(self, members: int) -> int:
        """How many uses an organization of this many member accounts has."""
        return min(self.most, max(self.least, int(self.share * members)))


@frozen
class Quota:
    """What AWS allows this organization; a raised quota is a setting.

    Attributes:
        lease_seconds: how long a lease is kept before it is looked whether its use goes on.
        slack_seconds: how much later than its slot a use may reach AWS. AWS counts from when the
            first one does, so after a quiet time the slots behind the burst come later by this
            much.
        max_cooldown: seconds that the queue rests at most after AWS refused a use.
        period: how many in a rolling period; None: as many as come.
    """

    rate_per_second: float = 0.1
    burst: int = 3
    in_progress: int = 5
    lease_seconds: float = 900.0
    slack_seconds: float = 0.0
    max_cooldown: float = MAX_COOLDOWN
    period: Period | None = None

    @property
    def interval(self) -> float:
        """Seconds between uses once the burst is used up."""
        return 1 / self.rate_per_second


@frozen
class Slot:
    """`request_id` may have AWS begin from `start_at` (epoch seconds) on."""

    request_id: str
    start_at: float


@frozen
class Lease:
    """A use in progress or about to be. Moments are epoch seconds."""

    start_at: float
    until: float
    """The end of the lease."""
    notifier: str | None = None
    """The request that made room and has to send this slot; None: sent."""


@frozen
class Observed:
    """What was seen of the organization: how many members it has, and what others do there.

    Attributes:
        at: when; 0 where nobody has looked yet.
        members: accounts besides the management account.
        in_progress: uses that others have in progress.
        ended: those that others had ended by then, whenever that was.
    """

    at: float = 0.0
    members: int = 0
    in_progress: frozenset[str] = frozenset()
    ended: frozenset[str] = frozenset()


@frozen
class Queue:
    """The queue's state. Methods return the next state and the slots it hands out.

    Attributes:
        tat: when AWS's bucket will be full again, by our own uses (GCRA's theoretical
            arrival time).
        cooldown_until: no slot starts before; AWS refused a use, so others have some too.
        consecutive_throttles: refusals in a row, which lengthen the cooldown.
        leases: uses in progress or about to be, by request.
        waiting: who waits, first in front.
        uses: the moments of uses, ours and those seen of others, by what was used for; none where
            there is no period.
        observed: what was seen at last.
    """

    tat: float = 0.0
    cooldown_until: float = 0.0
    consecutive_throttles: int = 0
    leases: Mapping[str, Lease] = field(default_factory=dict)
    waiting: tuple[str, ...] = ()
    uses: Mapping[str, float] = field(default_factory=dict)
    observed: Observed = Observed()

    def enqueue(self, request_id: str, now: float, quota: Quota) -> tuple[Queue, list[Slot]]:
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

    def release(self, request_id: str, now: float, quota: Quota) -> tuple[Queue, list[Slot]]:
        """Free the request's lease, or its place in the queue; nothing happens without either."""
        return _advance(self._without(request_id), request_id, now, quota)

    def reclaim(
        self, request_id: str, by: str, now: float, quota: Quota
    ) -> tuple[Queue, list[Slot]]:
        """Free a lease whose slot nobody will use, and let another use its share of the rate."""
        if request_id not in self.leases:
            return self, []
        queue = self._unused(request_id)
        queue = replace(queue, tat=self.tat - quota.interval)
        return _advance(queue, by, now, quota)

    def requeue(self, request_id: str, now: float, quota: Quota) -> tuple[Queue, list[Slot]]:
        """Replace the request's used slot with the next one: AWS definitely created nothing.

        Of the rate, the slot stays used.
        """
        return _advance(self._first_in_queue(request_id), request_id, now, quota)

    def renew(self, request_id: str, now: float, quota: Quota) -> Queue:
        """Keep a lease for a use that is seen to be in progress.

        AWS counts it, so it keeps a lease even where its lease has expired meanwhile.
        """
        lease = self.leases.get(request_id, Lease(start_at=now, until=now))
        kept = replace(lease, until=now + quota.lease_seconds)
        queue = self._without(request_id)
        return replace(queue, leases={**queue.leases, request_id: kept})

    def back_off(self, request_id: str, now: float, quota: Quota) -> tuple[Queue, list[Slot]]:
        """AWS refused the use as one too many: cool down, then let the request try first.

        The cooldown doubles while refusals follow each other; one during the cooldown is of a slot
        granted before, and carries no news. Our idea of AWS's bucket was too full, so it
        counts as empty afterwards.
        """
        queue = self._first_in_queue(request_id)
        if now >= self.cooldown_until:
            follows = now <= self.cooldown_until + quota.max_cooldown
            in_a_row = self.consecutive_throttles + 1 if follows else 1
            rest = min(quota.max_cooldown, quota.interval * 2 ** min(in_a_row - 1, 10))
            empty_until = now + rest + (quota.burst - 1) * quota.interval
            queue = replace(
                queue,
                consecutive_throttles=in_a_row,
                cooldown_until=now + rest,
                tat=max(self.tat, empty_until),
            )
        return _advance(queue, request_id, now, quota)

    def back_off_period(
        self, request_id: str, now: float, quota: Quota
    ) -> tuple[Queue, list[Slot]]:
        """AWS refused the use as one too many in the period: others had more than was seen.

        When the next one leaves the period is known of our own uses only; of others, that they
        leave it one by one. So AWS is asked again after a day, or sooner where one of ours leaves
        it.
        """
        queue = self._first_in_queue(request_id)
        until = now + DAY
        if quota.period is not None and (counted := _counted(queue, now, quota)):
            until = min(until, max(now, counted[0] + quota.period.seconds))
        # Never at once: what is to leave now was not what AWS counted.
        until = max(until, now + quota.max_cooldown)
        return _advance(
            replace(queue, cooldown_until=max(queue.cooldown_until, until)), request_id, now, quota
        )

    def observe(
        self, seen: Observed, by: str, now: float, quota: Quota
    ) -> tuple[Queue, list[Slot]]:
        """Count what others do: what has ended since the last look was begun since, at the latest.

        What had ended before the first look may be older than the period; AWS's refusal shows it.
        """
        before = self.observed
        theirs = (seen.in_progress | seen.ended) - before.in_progress - before.ended
        if before.at == 0:
            theirs = seen.in_progress
        theirs -= self.leases.keys() | self.uses.keys()
        uses = {**self.uses, **dict.fromkeys(theirs, now)} if quota.period else {}
        seen = replace(seen, in_progress=seen.in_progress - self.leases.keys())
        return _advance(replace(self, uses=uses, observed=seen), by, now, quota)

    def pending_notifications(self, notifier: str, now: float) -> list[Slot]:
        """The slots that `notifier` has to send, and those unsent for too long."""
        return [
            Slot(request_id=request_id, start_at=max(now, lease.start_at))
            for request_id, lease in self.leases.items()
            if lease.notifier == notifier
            or (lease.notifier is not None and lease.start_at + NOTIFY_TIMEOUT < now)
        ]

    def with_notified(self, request_ids: Collection[str]) -> Queue:
        """The holders of these leases know their slots."""
        leases = {
            one: replace(lease, notifier=None) if one in request_ids else lease
            for one, lease in self.leases.items()
        }
        return replace(self, leases=leases)

    def _unused(self, request_id: str) -> Queue:
        """Without the request's lease, whose use does not count in the period."""
        uses = {one: at for one, at in self.uses.items() if one != request_id}
        return replace(self._without(request_id), uses=uses)

    def _without(self, request_id: str) -> Queue:
        return replace(
            self,
            leases={one: lease for one, lease in self.leases.items() if one != request_id},
            waiting=tuple(one for one in self.waiting if one != request_id),
        )

    def _first_in_queue(self, request_id: str) -> Queue:
        queue = self._unused(request_id)
        return replace(queue, waiting=(request_id, *queue.waiting))


def _bytes(waiting: tuple[str, ...]) -> int:
    """What the queue takes in DynamoDB's item, with what separates one from the next."""
    return sum(map(len, waiting)) + len(waiting)


def _advance(queue: Queue, notifier: str, now: float, quota: Quota) -> tuple[Queue, list[Slot]]:
    """Hand the free leases to the first in the queue; `notifier` has to notify all but itself.

    An expired lease is free. A holder that was never notified of it waits in front.
    """
    leases = {one: lease for one, lease in queue.leases.items() if lease.until > now}
    unheard = [one for one, lease in queue.leases.items() if lease.notifier and one not in leases]
    queue = replace(
        queue,
        waiting=(*unheard, *(one for one in queue.waiting if one not in unheard)),
        uses={one: at for one, at in queue.uses.items() if at > now - USES_KEPT},
    )
    others = len(queue.observed.in_progress - leases.keys())
    free = max(0, quota.in_progress - len(leases) - others)
    slots, tat, uses = [], queue.tat, dict(queue.uses)
    for request_id, start_at, paid in _starts(queue, queue.waiting[:free], now, quota):
        leases[request_id] = Lease(
            start_at=start_at,
            until=start_at + quota.lease_seconds,
            notifier=None if request_id == notifier else notifier,
        )
        slots.append(Slot(request_id=request_id, start_at=start_at))
        tat = paid
        if quota.period is not None:
            uses[request_id] = start_at
    waiting = queue.waiting[len(slots) :]
    return replace(queue, leases=leases, waiting=waiting, tat=tat, uses=uses), slots


def _counted(queue: Queue, now: float, quota: Quota) -> list[float]:
    """The moments of the uses that are still in the period, the earliest first."""
    if quota.period is None:
        return []
    since = now - quota.period.seconds - MOMENTS_DIFFER_BY
    return sorted(at for at in queue.uses.values() if at > since)


def _starts(
    queue: Queue, request_ids: tuple[str, ...], now: float, quota: Quota
) -> Iterator[tuple[str, float, float]]:
    tat, uses = queue.tat, _counted(queue, now, quota)
    earliest = max(now, queue.cooldown_until)
    for request_id in request_ids:
        start_at = max(earliest, tat - (quota.burst - 1) * quota.interval)
        if quota.period is not None:
            number = quota.period.number(queue.observed.members)
            if len(uses) >= number:
                # The one that has to leave the period before this one comes into it.
                leaves = uses[len(uses) - number] + quota.period.seconds + MOMENTS_DIFFER_BY
                start_at = max(start_at, leaves)
            if start_at > now + quota.lease_seconds:
                return  # days away: until then it may come to another moment, or others leave
            uses.append(start_at)
        tat = max(tat, start_at + quota.slack_seconds) + quota.interval
        yield request_id, start_at, tat
