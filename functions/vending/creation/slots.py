"""The creation queue in the ledger: slots are taken, given back and notified.

One item holds the queue; whoever changes it writes the whole of it on condition that nobody else
did meanwhile, and tries again after a random moment if somebody did. Those who wait are
notified by Step Functions' task tokens, which are kept beside the rows of the requests that wait.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from vending.aws.clock import Clock, now, timestamp
from vending.aws.executions import is_running
from vending.aws.measurements import measure
from vending.aws.observability import logger
from vending.aws.task_tokens import WaitingStep, token_refused
from vending.creation.queue import CreationQueue, Lease, Quota, Slot
from vending.errors.catalogue import explain
from vending.errors.exceptions import (
    ConcurrentModification,
    SlotNeeded,
    TransientError,
    VendingError,
)
from vending.ledger.keys import CREATION_QUEUE
from vending.ledger.locks import is_creation_in_flight
from vending.ledger.table import IS_NEW, ConditionFailed, Put
from vending.model import Model
from vending.states import State

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from vending.ledger.ledger import Ledger
    from vending.ledger.rows import Row

SLOT_CALLS = {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "states:DescribeExecution",
    "states:SendTaskSuccess",
}
"""What it takes to change the queue: room for another may have to be told, or found unwanted."""

_ATTEMPTS = 40
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0
"""Seconds; with three hundred who come at once, the last is through after a few of them."""


class GrantedSlot(Model):
    """A slot as whoever waited for it was told."""

    start_at: str
    wait_seconds: int = 0
    """How long it was until then; for whoever follows the progress."""


def slot_needed() -> SlotNeeded:
    """AWS must not be asked before the queue has given a slot."""
    words = explain("SlotNeeded")
    return SlotNeeded(words.what, remedy=words.remedy)


_CLOCKS_DIFFER_BY = 2.0
"""Seconds that Lambda's clock may be behind that of Step Functions, which did the waiting."""

_FUNCTION_RETURNS_IN = 1.0
"""Seconds after which a function that has put its request in the queue has surely returned."""

_MAX_NOTIFIED = 20
"""How many slots one change of the queue tells at most."""

Step = Callable[[CreationQueue, float], CreationQueue]
Sleep = Callable[[float], None]


@dataclass(frozen=True, kw_only=True)
class CreationSlots:
    """The creation queue as the operations use it. Every method may be repeated."""

    ledger: Ledger
    stepfunctions: SFNClient
    quota: Quota
    clock: Clock = now
    sleep: Sleep = time.sleep

    def enqueue(self, request_id: str, *, task_token: str) -> None:
        """Queue for a slot; it is told under the token, now or by whoever makes room for it.

        For the function of the step that waits under the token: TaskTokenRefused carries a slot
        that has come already where Step Functions takes no answer from there.
        """
        queue = self._change(
            request_id, lambda queue, at: queue.enqueue(request_id, at, self.quota)[0]
        )
        lease = queue.leases.get(request_id)
        if lease is not None:
            slot = self._granted(max(self.clock(), lease.start_at))
            if not self._accepted(task_token, slot):
                if self._goes_on(request_id):
                    raise token_refused(slot)
                self.release(request_id)

    def release(self, request_id: str, *, unless_resumed_since: str | None = None) -> None:
        """Give back the lease, or the place in the queue; nothing happens without either.

        `unless_resumed_since` names an execution that is over: what another execution of the
        request has at the queue by now is left to it.
        """

        def step(queue: CreationQueue, at: float) -> CreationQueue:
            # Looked at after the queue was read: who takes the request over later comes there
            # later still, and the write fails.
            if unless_resumed_since is not None:
                row = self.ledger.get(request_id)
                if row is not None and row.get("executionArn") != unless_resumed_since:
                    return queue
            return queue.release(request_id, at, self.quota)[0]

        self._change(request_id, step)

    def is_due(self, request_id: str) -> bool:
        """Whether the request has a lease whose moment has come."""
        lease, at = self.read()[1].leases.get(request_id), self.clock()
        return lease is not None and lease.start_at - _CLOCKS_DIFFER_BY <= at < lease.until

    def back_off(self, request_id: str) -> None:
        """AWS refused the creation as one too many: everybody rests, then this one is the first."""
        self._change(request_id, lambda queue, at: queue.back_off(request_id, at, self.quota)[0])

    def requeue(self, request_id: str) -> None:
        """The slot was used and nothing came of it: give the request the next one."""
        self._change(request_id, lambda queue, at: queue.requeue(request_id, at, self.quota)[0])

    def renew(self, request_id: str) -> None:
        """Have a lease for a creation that goes on, where less than half of one is left."""

        def step(queue: CreationQueue, at: float) -> CreationQueue:
            lease = queue.leases.get(request_id)
            if lease is not None and lease.until - at > self.quota.lease_seconds / 2:
                return queue
            return queue.renew(request_id, at, self.quota)

        self._change(request_id, step)

    def _change(self, request_id: str, step: Step) -> CreationQueue:
        """Take the step, notify those who got a slot by it, and return the queue after all that.

        A notification that failed is made by the next attempt of the same operation; its error is
        raised when all others were made, if another attempt may help. Where many who wait are
        dead, telling takes long: what is left then is told by whoever comes next.
        """
        queue = self._written(step)
        failures: list[TransientError] = []
        tried: set[str] = set()
        while len(tried) < _MAX_NOTIFIED and (slots := self._to_notify(queue, request_id, tried)):
            notified: list[str] = []
            unwanted: list[str] = []
            for slot in slots:
                tried.add(slot.request_id)
                try:
                    (notified if self._notify(slot) else unwanted).append(slot.request_id)
                except TransientError as error:
                    failures.append(error)
                except VendingError as error:
                    # Somebody else's slot must not fail this request.
                    logger.warning("nobody notified of a slot", extra={"code": error.code})
            queue = self._written(partial(self._settled, request_id, notified, unwanted))
        if failures:
            raise failures[0]
        return queue

    def _to_notify(self, queue: CreationQueue, notifier: str, tried: set[str]) -> list[Slot]:
        slots = queue.pending_notifications(notifier, self.clock())
        return [slot for slot in slots if slot.request_id not in tried]

    def _settled(
        self,
        notifier: str,
        notified: list[str],
        unwanted: list[str],
        queue: CreationQueue,
        at: float,
    ) -> CreationQueue:
        queue = queue.with_notified(notified)
        for request_id in unwanted:
            queue, _ = queue.reclaim(request_id, notifier, at, self.quota)
        return queue

    def _written(self, step: Step) -> CreationQueue:
        for attempt in range(_ATTEMPTS):
            version, queue = self.read()
            at = self.clock()
            changed = step(self._without_lapses(queue, at), at)
            if changed == queue:
                return changed
            if self._write(changed, version):
                measure("QueueBacklog", len(changed.waiting))
                return changed
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
            self.sleep(random.uniform(0, pause))  # noqa: S311 - spreads writers, hides nothing
        raise ConcurrentModification(
            "The creation queue was changed by others all the time.",
            remedy="Nothing to do: the workflow tries again by itself.",
        )

    def _without_lapses(self, queue: CreationQueue, at: float) -> CreationQueue:
        """With the leases renewed that have run out while AWS still creates their accounts.

        Nobody renews a lease while its workflow waits: who comes to the queue looks instead. A
        lease whose release was lost is not renewed, so that it is free from here on.
        """
        for request_id, lease in queue.leases.items():
            if lease.until <= at and self._is_being_created(request_id):
                queue = queue.renew(request_id, at, self.quota)
        return queue

    def _is_being_created(self, request_id: str) -> bool:
        row = self.ledger.get(request_id)
        return (
            row is not None
            and row["state"] == State.CREATING
            and self.ledger.locks.may_still_create(row)
        )

    def read(self) -> tuple[int, CreationQueue]:
        """The queue as it is now, and which version of it that is."""
        found = self.ledger.table.get(CREATION_QUEUE, consistent=True) or {}
        return int(found.get("version", 0)), _queue(found)

    def _write(self, queue: CreationQueue, version: int) -> bool:
        """Whether the queue was still the one that was read."""
        put = Put(
            item={"pk": CREATION_QUEUE, "version": version + 1, **_attributes(queue)},
            condition=IS_NEW | Attr("version").eq(version),
            returns_found=False,  # it is large, and is read again
        )
        try:
            self.ledger.table.put(put)
        except ConditionFailed:
            return False
        return True

    def _notify(self, slot: Slot) -> bool:
        """Whether anybody will use the slot."""
        row = self.ledger.get(slot.request_id)
        if row is None:
            return False
        if "accountId" in row:
            return False  # it came in line when its account was there
        if is_creation_in_flight(row):
            return True  # it was told before, and used it
        if self._accepted(self._token(row), self._granted(slot.start_at)):
            return True
        if not self._goes_on(slot.request_id, row):
            return False
        # Nobody may wait there any more: the slot was told before, or the wait ran out and begins
        # anew; then the execution comes for its slot by itself. Or its own function, which put it
        # in the queue, is about to return, and Step Functions takes no answer before that.
        self.sleep(_FUNCTION_RETURNS_IN)
        row = self.ledger.get(slot.request_id)
        self._accepted(self._token(row), self._granted(slot.start_at))
        return True

    def _granted(self, start_at: float) -> dict[str, Any]:
        """A slot as whoever waits for it is told."""
        wait = max(0.0, start_at - self.clock())
        # A Wait state knows whole seconds only, and a slot must not come a little too early.
        start_at = math.ceil(start_at) if wait else start_at
        return {"startAt": timestamp(start_at), "waitSeconds": round(wait)}

    def _accepted(self, task_token: str | None, slot: dict[str, Any]) -> bool:
        """Whether the step under the token took the slot."""
        if task_token and WaitingStep(client=self.stepfunctions, token=task_token).succeed(slot):
            return True
        logger.info("nobody waits for the slot")
        return False

    def _token(self, row: Row | None) -> str | None:
        """The task token under which the request waits for its slot."""
        return self.ledger.tokens.find(row) if row and "reservation" in row else None

    def _goes_on(self, request_id: str, row: Row | None = None) -> bool:
        """Whether the request's execution runs."""
        row = row or self.ledger.get(request_id)
        execution_arn = row.get("executionArn") if row else None
        return execution_arn is not None and is_running(execution_arn, self.stepfunctions)


def _attributes(queue: CreationQueue) -> dict[str, Any]:
    return {
        "paidUntil": _number(queue.tat),
        "restingUntil": _number(queue.cooldown_until),
        "refusals": queue.consecutive_throttles,
        "queue": list(queue.waiting),
        "places": {
            request_id: {
                "startAt": _number(lease.start_at),
                "until": _number(lease.until),
                **({"teller": lease.notifier} if lease.notifier else {}),
            }
            for request_id, lease in queue.leases.items()
        },
    }


def _queue(found: Mapping[str, Any]) -> CreationQueue:
    return CreationQueue(
        tat=float(found.get("paidUntil", 0)),
        cooldown_until=float(found.get("restingUntil", 0)),
        consecutive_throttles=int(found.get("refusals", 0)),
        waiting=tuple(found.get("queue", ())),
        leases={
            request_id: Lease(
                start_at=float(lease["startAt"]),
                until=float(lease["until"]),
                notifier=lease.get("teller"),
            )
            for request_id, lease in found.get("places", {}).items()
        },
    )


def _number(moment: float) -> Decimal:
    """What reads back as the very same float."""
    return Decimal(repr(moment))
