"""Recording a decision, once, and then ending the wait of its request.

The write comes first: what was recorded is the outcome, however often it is said again. That the
wait is not ended yet, whoever decides again makes up for, and ReconcileLedger.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from vending.approvals.verdict import Deciding, verdict
from vending.aws.task_tokens import WaitingStep
from vending.errors.exceptions import ConcurrentModification, UnknownResource
from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.approvals import STATE, Approvals, is_decided
from vending.ledger.locks import retirement_owner
from vending.ledger.waiting_tokens import WaitingTokens

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from vending.ledger.item_types import Row
    from vending.ledger.table import Item, Table

FUNCTION_RETURNS_IN = 1.0
"""Seconds after which the function that keeps the token has surely returned."""

_MAX_ATTEMPTS = 10
"""How often others may decide between a look and a write."""

Sleep = Callable[[float], None]


def request_owner(request_id: str) -> tuple[str, str]:
    """The key of a request's row, and whose token it waits under."""
    return keys.request(request_id), request_id


def account_owner(account_id: str) -> tuple[str, str]:
    """The same of an account's retirement."""
    return keys.retirement(account_id), retirement_owner(account_id)


def owner_of(pk: str) -> tuple[str, str]:
    """The same of a row of either kind, by its key."""
    if pk.startswith(keys.RETIREMENT):
        return account_owner(pk.removeprefix(keys.RETIREMENT))
    return request_owner(pk.removeprefix(keys.REQUEST))


@frozen
class Decisions:
    """The rows that await approvals, and their waits."""

    table: Table
    states: SFNClient
    sleep: Sleep = time.sleep

    def decide(self, pk: str, owner: str, deciding: Deciding) -> tuple[Item, bool]:
        """Record the decision: the row, and whether the decision is new.

        Raises:
            UnknownResource: there is no such row.
            RequestNotAllowed, StateConflict: as `verdict` says.
            ConcurrentModification: too many others decide.
        """
        approvals = Approvals(table=self.table)
        for _ in range(_MAX_ATTEMPTS):
            row = approvals.get(pk)
            if row is None:
                raise UnknownResource(
                    f"There is nothing to decide on under {owner}.",
                    code="UnknownRequest",
                    remedy="Check the id: the notification that asks for approval has it.",
                )
            after = verdict(row, deciding, now=self.table.clock())
            written = approvals.write(row, after) if after is not None else row
            if written is not None:
                self.end_wait(written, owner)
                return written, after is not None
        raise ConcurrentModification(
            "Others decide on this request at the same time.", remedy="Decide again."
        )

    def end_wait(self, row: Item, owner: str) -> bool:
        """Have the request go on if it is decided; whether a step that waited has ended by this."""
        if not is_decided(row):
            return False
        if self._end(row, owner):
            return True
        self.sleep(FUNCTION_RETURNS_IN)
        return self._end(row, owner)

    def _end(self, row: Item, owner: str) -> bool:
        waiting = {"requestId": owner, "executionArn": row.get("executionArn")}
        # It may have gone on already, and wait for something else.
        token = WaitingTokens(table=self.table).find(cast("Row", waiting), awaits=STATE)
        return token is not None and WaitingStep(client=self.states, token=token).succeed({})
