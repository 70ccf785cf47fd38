"""The creation gate in the ledger: turns are taken, given back and told.

One item holds the gate; whoever changes it writes the whole of it on the condition that nobody else
did meanwhile, and tries again after a random moment if somebody did. Turns are told by Step
Functions' task tokens, which are in the rows of the requests that wait.
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
from vending.aws.observability import logger
from vending.aws.task_tokens import WaitingStep, token_refused
from vending.creation.queue import Gate, Place, Quota, Turn
from vending.errors.catalogue import explain
from vending.errors.exceptions import (
    ConcurrentModification,
    TransientError,
    TurnNeeded,
    VendingError,
)
from vending.ledger.keys import CREATION_QUEUE
from vending.ledger.locks import is_creation_under_way
from vending.ledger.table import IS_NEW, ConditionFailed, Put
from vending.model import Model

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from vending.ledger.ledger import Ledger
    from vending.ledger.rows import Row

TURN_CALLS = {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "states:DescribeExecution",
    "states:SendTaskSuccess",
}
"""What it takes to change the gate: room for another may have to be told, or found unwanted."""

_ATTEMPTS = 40
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0
"""Seconds; with three hundred who come at once, the last is through after a few of them."""


class GivenTurn(Model):
    """A turn as whoever waited for it was told."""

    start_at: str
    wait_seconds: int = 0
    """How long it was until then; for whoever follows the progress."""


def turn_needed() -> TurnNeeded:
    """AWS must not be asked before the gate has given a turn."""
    words = explain("TurnNeeded")
    return TurnNeeded(words.what, remedy=words.remedy)


_CLOCKS_DIFFER_BY = 2.0
"""Seconds that Lambda's clock may be behind that of Step Functions, which did the waiting."""

_FUNCTION_RETURNS_IN = 1.0
"""Seconds after which a function that has put its request in the queue has surely returned."""

_MOST_TOLD = 20
"""How many turns one change of the gate tells at most."""

Step = Callable[[Gate, float], Gate]
Sleep = Callable[[float], None]


@dataclass(frozen=True, kw_only=True)
class Turns:
    """The creation gate as the operations use it. Every method may be repeated."""

    ledger: Ledger
    executions: SFNClient
    quota: Quota
    clock: Clock = now
    sleep: Sleep = time.sleep

    def enter(self, request_id: str, *, task_token: str) -> None:
        """Queue for a turn; it is told under the token, now or by whoever makes room for it.

        For the function of the step that waits under the token: TaskTokenRefused carries a turn
        that has come already where Step Functions takes no answer from there.
        """
        gate = self._change(request_id, lambda gate, at: gate.enter(request_id, at, self.quota)[0])
        place = gate.places.get(request_id)
        if place is not None:
            turn = self._given(max(self.clock(), place.start_at))
            if not self._answers(task_token, turn):
                if self._goes_on(request_id):
                    raise token_refused(turn)
                self.leave(request_id)

    def leave(self, request_id: str, *, unless_resumed_since: str | None = None) -> None:
        """Give back the place, or the place in the queue; nothing happens without either.

        `unless_resumed_since` names an execution that is over: what another execution of the
        request has at the gate by now is left to it.
        """

        def step(gate: Gate, at: float) -> Gate:
            # Looked at after the gate was read: who takes the request over later comes to the gate
            # later still, and the write fails.
            if unless_resumed_since is not None:
                row = self.ledger.get(request_id)
                if row is not None and row.get("executionArn") != unless_resumed_since:
                    return gate
            return gate.leave(request_id, at, self.quota)[0]

        self._change(request_id, step)

    def is_due(self, request_id: str) -> bool:
        """Whether the request has a place whose moment has come."""
        place, at = self.read()[1].places.get(request_id), self.clock()
        return place is not None and place.start_at - _CLOCKS_DIFFER_BY <= at < place.until

    def refused(self, request_id: str) -> None:
        """AWS refused the creation as one too many: everybody rests, then this one is the first."""
        self._change(request_id, lambda gate, at: gate.refused(request_id, at, self.quota)[0])

    def again(self, request_id: str) -> None:
        """The turn was used and nothing came of it: give the request the next one."""
        self._change(request_id, lambda gate, at: gate.again(request_id, at, self.quota)[0])

    def renew(self, request_id: str) -> None:
        """Keep a place for a creation that goes on, where less than half of the lease is left."""

        def step(gate: Gate, at: float) -> Gate:
            place = gate.places.get(request_id)
            if place is not None and place.until - at > self.quota.lease_seconds / 2:
                return gate
            return gate.renew(request_id, at, self.quota)

        self._change(request_id, step)

    def _change(self, request_id: str, step: Step) -> Gate:
        """Take the step, tell the turns that it handed out, and return the gate after all that.

        Turns whose telling failed are told by the next attempt of the same operation; its error is
        raised when all others were told, if another attempt may help. Where many who wait are
        dead, telling takes long: what is left then is told by whoever comes next.
        """
        gate = self._written(step)
        failures: list[TransientError] = []
        tried: set[str] = set()
        while len(tried) < _MOST_TOLD and (turns := self._to_tell(gate, request_id, tried)):
            told: list[str] = []
            unwanted: list[str] = []
            for turn in turns:
                tried.add(turn.request_id)
                try:
                    (told if self._tell(turn) else unwanted).append(turn.request_id)
                except TransientError as error:
                    failures.append(error)
                except VendingError as error:
                    # Somebody else's turn must not fail this request.
                    logger.warning("turn not told", extra={"code": error.code})
            gate = self._written(partial(self._settled, request_id, told, unwanted))
        if failures:
            raise failures[0]
        return gate

    def _to_tell(self, gate: Gate, teller: str, tried: set[str]) -> list[Turn]:
        turns = gate.untold(teller, self.clock())
        return [turn for turn in turns if turn.request_id not in tried]

    def _settled(
        self, teller: str, told: list[str], unwanted: list[str], gate: Gate, at: float
    ) -> Gate:
        gate = gate.told(told)
        for request_id in unwanted:
            gate, _ = gate.forfeit(request_id, teller, at, self.quota)
        return gate

    def _written(self, step: Step) -> Gate:
        for attempt in range(_ATTEMPTS):
            version, gate = self.read()
            changed = step(gate, self.clock())
            if changed == gate or self._write(changed, version):
                return changed
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
            self.sleep(random.uniform(0, pause))  # noqa: S311 - spreads writers, hides nothing
        raise ConcurrentModification(
            "The creation gate was changed by others all the time.",
            remedy="Nothing to do: the workflow tries again by itself.",
        )

    def read(self) -> tuple[int, Gate]:
        """The gate as it is now, and which version of it that is."""
        found = self.ledger.table.get(CREATION_QUEUE, consistent=True) or {}
        return int(found.get("version", 0)), _gate(found)

    def _write(self, gate: Gate, version: int) -> bool:
        """Whether the gate was still the one that was read."""
        put = Put(
            item={"pk": CREATION_QUEUE, "version": version + 1, **_attributes(gate)},
            condition=IS_NEW | Attr("version").eq(version),
            returns_found=False,  # it is large, and is read again
        )
        try:
            self.ledger.table.put(put)
        except ConditionFailed:
            return False
        return True

    def _tell(self, turn: Turn) -> bool:
        """Whether anybody will use the turn."""
        row = self.ledger.get(turn.request_id)
        if row is None:
            return False
        if "accountId" in row:
            return False  # it came in line when its account was there
        if is_creation_under_way(row):
            return True  # it was told before, and used it
        if self._answers(_token(row), self._given(turn.start_at)):
            return True
        if not self._goes_on(turn.request_id, row):
            return False
        # Nobody may wait there any more: the turn was told before, or the wait ran out and begins
        # anew; then the execution comes for its turn by itself. Or its own function, which put it
        # in the queue, is about to return, and Step Functions takes no answer before that.
        self.sleep(_FUNCTION_RETURNS_IN)
        self._answers(_token(self.ledger.get(turn.request_id)), self._given(turn.start_at))
        return True

    def _given(self, start_at: float) -> dict[str, Any]:
        """A turn as whoever waits for it is told."""
        wait = max(0.0, start_at - self.clock())
        # A Wait state knows whole seconds only, and a turn must not come a little too early.
        start_at = math.ceil(start_at) if wait else start_at
        return {"startAt": timestamp(start_at), "waitSeconds": round(wait)}

    def _answers(self, task_token: str | None, turn: dict[str, Any]) -> bool:
        """Whether the step under the token took the turn."""
        if task_token and WaitingStep(client=self.executions, token=task_token).succeed(turn):
            return True
        logger.info("nobody waits for the turn")
        return False

    def _goes_on(self, request_id: str, row: Row | None = None) -> bool:
        """Whether the request's execution runs."""
        row = row or self.ledger.get(request_id)
        execution_arn = row.get("executionArn") if row else None
        return execution_arn is not None and is_running(execution_arn, self.executions)


def _token(row: Row | None) -> str | None:
    """The task token under which the request waits for its turn."""
    return row.get("reservation", {}).get("taskToken") if row else None


def _attributes(gate: Gate) -> dict[str, Any]:
    return {
        "paidUntil": _number(gate.paid_until),
        "restingUntil": _number(gate.resting_until),
        "refusals": gate.refusals,
        "queue": list(gate.queue),
        "places": {
            request_id: {
                "startAt": _number(place.start_at),
                "until": _number(place.until),
                **({"teller": place.teller} if place.teller else {}),
            }
            for request_id, place in gate.places.items()
        },
    }


def _gate(found: Mapping[str, Any]) -> Gate:
    return Gate(
        paid_until=float(found.get("paidUntil", 0)),
        resting_until=float(found.get("restingUntil", 0)),
        refusals=int(found.get("refusals", 0)),
        queue=tuple(found.get("queue", ())),
        places={
            request_id: Place(
                start_at=float(place["startAt"]),
                until=float(place["until"]),
                teller=place.get("teller"),
            )
            for request_id, place in found.get("places", {}).items()
        },
    )


def _number(moment: float) -> Decimal:
    """What reads back as the very same float."""
    return Decimal(repr(moment))
