"""A queue in the ledger: slots are taken, given back and notified.

One item holds the queue; whoever changes it writes the whole of it on condition that nobody else
did meanwhile, and tries again after a random moment if somebody did. Those who wait are
notified by Step Functions' task tokens, which are kept beside the rows of the requests that wait.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from boto3.dynamodb.conditions import Attr

from vending.aws.clock import Clock, now, timestamp
from vending.aws.executions import is_running
from vending.aws.measurements import measure
from vending.aws.observability import logger
from vending.aws.task_tokens import WaitingStep, token_refused
from vending.errors.exceptions import (
    ConcurrentModification,
    TransientError,
    VendingError,
)
from vending.frozen import frozen
from vending.ledger.table import IS_NEW, ConditionFailed, Put, Table
from vending.model import Model
from vending.queueing import queue_item
from vending.queueing.queue import Observed, Queue, Quota, Slot

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


SLOT_CALLS = {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "states:DescribeExecution",
    "states:SendTaskSuccess",
}
"""What it takes to change the queue: others may have to be notified, or found gone."""

_ATTEMPTS = 40
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0
"""Seconds; with three hundred who come at once, the last is through after a few of them."""


class GrantedSlot(Model):
    """A slot as the request that waited for it receives it."""

    start_at: str
    wait_seconds: int = 0
    """How long it was until then; for whoever follows the progress."""


_CLOCKS_DIFFER_BY = 2.0
"""Seconds that Lambda's clock may be behind that of Step Functions, which did the waiting."""

_FUNCTION_RETURNS_IN = 1.0
"""Seconds after which a function that has put its request in the queue has returned."""

_MAX_NOTIFIED = 20
"""How many requests one change of the queue notifies at most."""

Step = Callable[[Queue, float], Queue]
Sleep = Callable[[float], None]


@frozen
class Waiter:
    """Who waits in a queue, as the ledger has it at this moment.

    Attributes:
        execution_arn: of the execution that waits.
        task_token: under which it waits; None where it does not.
        is_served: whether it has what it came for, and no use for a slot.
        is_begun: whether it was sent a slot before, and used it.
        keeps_lease: whether what it uses its slot for may still be in progress at AWS.
    """

    execution_arn: str | None
    task_token: str | None
    is_served: bool = False
    is_begun: bool = False
    keeps_lease: bool = False


class Waiters(Protocol):
    """Those who wait in a queue, by what they are called there."""

    def find(self, waiter_id: str) -> Waiter | None:
        """None where nothing is known of it."""


@frozen
class Slots:
    """A queue as the operations use it. Every method may be repeated.

    Attributes:
        pk: the key of the queue's item.
        backlog: the metric of how many wait.
    """

    pk: str
    backlog: str
    table: Table
    waiters: Waiters
    stepfunctions: SFNClient
    quota: Quota
    clock: Clock = now
    sleep: Sleep = time.sleep

    def enqueue(self, request_id: str, *, task_token: str) -> None:
        """Queue for a slot, which is sent to the token now or by whichever request frees one.

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
                if self._runs(self.waiters.find(request_id)):
                    raise token_refused(slot)
                self.release(request_id)

    def release(self, request_id: str, *, unless_resumed_since: str | None = None) -> None:
        """Give back the lease, or the place in the queue; nothing happens without either.

        `unless_resumed_since` names an execution that is over: what another execution of the
        request has at the queue by now is left to it.
        """

        def step(queue: Queue, at: float) -> Queue:
            # Looked at after the queue was read: who takes the request over later comes there
            # later still, and the write fails.
            if unless_resumed_since is not None:
                waiter = self.waiters.find(request_id)
                if waiter is not None and waiter.execution_arn != unless_resumed_since:
                    return queue
            return queue.release(request_id, at, self.quota)[0]

        self._change(request_id, step)

    def is_due(self, request_id: str) -> bool:
        """Whether the request has a lease whose moment has come."""
        lease, at = self.read()[1].leases.get(request_id), self.clock()
        return lease is not None and lease.start_at - _CLOCKS_DIFFER_BY <= at < lease.until

    def back_off(self, request_id: str) -> None:
        """AWS refused the use as one too many: everybody rests, then this one is the first."""
        self._change(request_id, lambda queue, at: queue.back_off(request_id, at, self.quota)[0])

    def back_off_period(self, request_id: str) -> None:
        """AWS refused the use as one too many in the period: as above, for longer."""
        self._change(
            request_id, lambda queue, at: queue.back_off_period(request_id, at, self.quota)[0]
        )

    def reclaim(self, request_id: str) -> None:
        """Give back the lease, or the place in the queue, of whoever uses no slot any more."""

        def step(queue: Queue, at: float) -> Queue:
            lease = queue.leases.get(request_id)
            if lease is None or lease.start_at <= at:
                return queue.release(request_id, at, self.quota)[0]
            return queue.reclaim(request_id, request_id, at, self.quota)[0]

        self._change(request_id, step)

    def observe(self, seen: Observed, by: str) -> None:
        """Count what others do, unless somebody has seen later than this."""

        def step(queue: Queue, at: float) -> Queue:
            if queue.observed.at >= seen.at:
                return queue
            return queue.observe(seen, by, at, self.quota)[0]

        self._change(by, step)

    def requeue(self, request_id: str) -> None:
        """The slot was used and nothing was created: give the request the next one."""
        self._change(request_id, lambda queue, at: queue.requeue(request_id, at, self.quota)[0])

    def renew(self, request_id: str) -> None:
        """Have a lease for a creation that goes on, where less than half of one is left."""

        def step(queue: Queue, at: float) -> Queue:
            lease = queue.leases.get(request_id)
            if lease is not None and lease.until - at > self.quota.lease_seconds / 2:
                return queue
            return queue.renew(request_id, at, self.quota)

        self._change(request_id, step)

    def _change(self, request_id: str, step: Step) -> Queue:
        """Take the step, notify those who got a slot by it, and return the queue after all that.

        A notification that failed is made by the next attempt of the same operation; its error is
        raised when all others were made, if another attempt may help. Where many who wait are
        dead, notifying takes long: the rest is left to the next change of the queue.
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
                    # Another request's slot must not fail this request.
                    logger.warning("request not notified of its slot", extra={"code": error.code})
            queue = self._written(
                partial(self._settled, notifier=request_id, notified=notified, unwanted=unwanted)
            )
        if failures:
            raise failures[0]
        return queue

    def _to_notify(self, queue: Queue, notifier: str, tried: set[str]) -> list[Slot]:
        slots = queue.pending_notifications(notifier, self.clock())
        return [slot for slot in slots if slot.request_id not in tried]

    def _settled(
        self,
        queue: Queue,
        at: float,
        *,
        notifier: str,
        notified: list[str],
        unwanted: list[str],
    ) -> Queue:
        queue = queue.with_notified(notified)
        for request_id in unwanted:
            queue, _ = queue.reclaim(request_id, notifier, at, self.quota)
        return queue

    def _written(self, step: Step) -> Queue:
        for attempt in range(_ATTEMPTS):
            version, queue = self.read()
            at = self.clock()
            changed = step(self._without_lapses(queue, at), at)
            if changed == queue:
                return changed
            if self._write(changed, version):
                measure(self.backlog, len(changed.waiting))
                return changed
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
            self.sleep(random.uniform(0, pause))  # noqa: S311 - spreads writers, hides nothing
        raise ConcurrentModification(
            "The queue was changed by others all the time.",
            remedy="No action needed: the workflow retries automatically.",
        )

    def _without_lapses(self, queue: Queue, at: float) -> Queue:
        """With the leases renewed that have expired while AWS is still at work.

        Nobody renews a lease while its workflow waits: who comes to the queue looks instead. A
        lease whose release was lost is not renewed, so that it is free from here on.
        """
        for waiter_id, lease in queue.leases.items():
            if lease.until <= at:
                waiter = self.waiters.find(waiter_id)
                if waiter is not None and waiter.keeps_lease:
                    queue = queue.renew(waiter_id, at, self.quota)
        return queue

    def read(self) -> tuple[int, Queue]:
        """The queue as it is now, and which version of it that is."""
        found = self.table.get(self.pk, consistent=True) or {}
        return int(found.get("version", 0)), queue_item.parsed(found)

    def _write(self, queue: Queue, version: int) -> bool:
        """Whether the queue was still the one that was read."""
        put = Put(
            item={"pk": self.pk, "version": version + 1, **queue_item.attributes(queue)},
            condition=IS_NEW | Attr("version").eq(version),
            returns_found=False,  # it is large, and is read again
        )
        try:
            self.table.put(put)
        except ConditionFailed:
            return False
        return True

    def _notify(self, slot: Slot) -> bool:
        """Whether the slot will be used."""
        waiter = self.waiters.find(slot.request_id)
        if waiter is None or waiter.is_served:
            return False
        if waiter.is_begun or self._accepted(waiter.task_token, self._granted(slot.start_at)):
            return True
        if not self._runs(waiter):
            return False
        # Perhaps nothing waits there any more: the slot was sent before, or the wait timed out and
        # starts again; then the execution asks for its slot itself. Or its own function, which put
        # it in the queue, is about to return, and Step Functions accepts no answer before that.
        self.sleep(_FUNCTION_RETURNS_IN)
        waiter = self.waiters.find(slot.request_id)
        self._accepted(waiter.task_token if waiter else None, self._granted(slot.start_at))
        return True

    def _granted(self, start_at: float) -> dict[str, Any]:
        """A slot as it is sent to the request that waits for it."""
        wait = max(0.0, start_at - self.clock())
        # A Wait state knows whole seconds only, and a slot must not come a little too early.
        start_at = math.ceil(start_at) if wait else start_at
        return {"startAt": timestamp(start_at), "waitSeconds": round(wait)}

    def _accepted(self, task_token: str | None, slot: dict[str, Any]) -> bool:
        """Whether the step under the token took the slot."""
        if task_token and WaitingStep(client=self.stepfunctions, token=task_token).succeed(slot):
            return True
        logger.info("no task waits for the slot")
        return False

    def _runs(self, waiter: Waiter | None) -> bool:
        """Whether the waiter's execution runs."""
        arn = waiter.execution_arn if waiter else None
        return arn is not None and is_running(arn, self.stepfunctions)
