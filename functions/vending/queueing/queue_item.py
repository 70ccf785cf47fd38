"""A queue as it is kept in the ledger's table: one item, under names of its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from vending.queueing.queue import Lease, Observed, Queue

_SEPARATOR = "\n"
"""Between those who wait; no id has it."""


def attributes(queue: Queue) -> dict[str, Any]:
    """The item of a queue, but for its key and version."""
    return {
        "paidUntil": _number(queue.tat),
        "restingUntil": _number(queue.cooldown_until),
        "refusals": queue.consecutive_throttles,
        # One text: as a list, each of thousands is a value of its own to check, write and read.
        "waiting": _SEPARATOR.join(queue.waiting),
        **({"uses": {one: _number(at) for one, at in queue.uses.items()}} if queue.uses else {}),
        **({"observed": _observed_attributes(queue.observed)} if queue.observed.at else {}),
        "places": {
            request_id: {
                "startAt": _number(lease.start_at),
                "until": _number(lease.until),
                **({"teller": lease.notifier} if lease.notifier else {}),
            }
            for request_id, lease in queue.leases.items()
        },
    }


def parsed(found: Mapping[str, Any]) -> Queue:
    """The queue of an item; an empty one where there is none yet."""
    return Queue(
        tat=float(found.get("paidUntil", 0)),
        cooldown_until=float(found.get("restingUntil", 0)),
        consecutive_throttles=int(found.get("refusals", 0)),
        waiting=_waiting(found),
        uses={one: float(at) for one, at in found.get("uses", {}).items()},
        observed=_observed(found.get("observed", {})),
        leases={
            request_id: Lease(
                start_at=float(lease["startAt"]),
                until=float(lease["until"]),
                notifier=lease.get("teller"),
            )
            for request_id, lease in found.get("places", {}).items()
        },
    )


def _waiting(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Who waits; an earlier version wrote a list."""
    if "waiting" in found:
        return tuple(found["waiting"].split(_SEPARATOR)) if found["waiting"] else ()
    return tuple(found.get("queue", ()))


def _observed_attributes(observed: Observed) -> dict[str, Any]:
    return {
        "at": _number(observed.at),
        "members": observed.members,
        "inProgress": sorted(observed.in_progress),
        "ended": sorted(observed.ended),
    }


def _observed(found: Mapping[str, Any]) -> Observed:
    return Observed(
        at=float(found.get("at", 0)),
        members=int(found.get("members", 0)),
        in_progress=frozenset(found.get("inProgress", ())),
        ended=frozenset(found.get("ended", ())),
    )


def _number(moment: float) -> Decimal:
    """What reads back as the very same float."""
    return Decimal(repr(moment))
