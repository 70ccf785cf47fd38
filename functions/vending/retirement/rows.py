"""An account's retirement in the ledger: one row an account, `retirement#<account>`.

Whoever carries the retirement on has the row by its executionArn, and every write is conditional on
that. A restoration takes the row over, so that it and the closure cannot both go on: the intent to
close is written on the condition that the row is still the retirement's, and a restoration takes
over no row that has this intent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.conditions import Attr, ConditionBase

from vending.aws.clock import timestamp
from vending.errors.exceptions import ConcurrentModification, ExecutionSuperseded, Throttled
from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.locks import LockHeld, Locks, retirement_owner
from vending.ledger.table import IS_NEW, ConditionFailed, Put, Table, Update, as_expected
from vending.ledger.waiting_tokens import WaitingTokens
from vending.queueing.slots import Waiter
from vending.request import ou_paths

if TYPE_CHECKING:
    from vending.ledger.item_types import Retirement, Row

_CLAIM = "claim"
_WAITS = "No action needed: the workflow retries automatically."


class AccountState(StrEnum):
    """Where an account stands at its end. ACTIVE is one that was restored, or whose retirement was
    not approved.
    """

    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    RETIRING = "RETIRING"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"
    ACTIVE = "ACTIVE"
    DEPARTED = "DEPARTED"


ENDED = (AccountState.CLOSED, AccountState.ACTIVE, AccountState.DEPARTED)
"""Nothing is to be done any more for the retirement of an account in one of these."""


RECORD_FIELDS = (
    "accountId",
    "accountName",
    "state",
    "action",
    "reason",
    "requestedBy",
    "sender",
    "executionArn",
    "before",
    "deregistered",
    "closesAt",
    "closingAt",
    "closedAt",
    "closedBy",
    "restoredAt",
    "error",
    "warnings",
    "requestedAt",
    "updatedAt",
    "approval",
)
"""The keys of `RetirementRecord`, in their order."""


def record_of(row: Retirement) -> dict[str, Any]:
    """The record as everybody sees it: every field, null where nothing is known yet."""
    return {name: row.get(name) for name in RECORD_FIELDS}


def unit_before(row: Retirement | None, stands: tuple[str, ...] | None) -> tuple[str, ...]:
    """The unit by which it is decided who may retire an account, and who approves that.

    Args:
        row: the account's retirement. While it goes on, the account may stand where suspended
            accounts are, and the unit is the one in which it was.
        stands: the unit in which the account is now; None for no member of the organization.
    """
    if row is not None and row["state"] not in ENDED and stands is not None:
        return tuple(ou_paths.split(row["before"]["organizationalUnit"]))
    return stands or ()


@frozen
class Retirements:
    """The rows as the operations use them; they are those who wait in the closing queue, too."""

    table: Table

    @property
    def locks(self) -> Locks:
        """The locks beside the rows."""
        return Locks(table=self.table)

    def get(self, account_id: str) -> Retirement | None:
        """The account's row as it is at this moment."""
        found = self.table.get(keys.retirement(account_id), consistent=True)
        return cast("Retirement", found) if found else None

    def owned(self, account_id: str, execution_arn: str) -> Retirement:
        """The account's row, if it is the execution's; else ExecutionSuperseded."""
        row = self.get(account_id)
        if row is None or row["executionArn"] != execution_arn:
            raise _superseded(row)
        return row

    def begin(self, row: Mapping[str, Any], before: Retirement | None) -> Retirement | None:
        """Make the row in place of what was found, with the locks on the account's id and email.

        None where somebody else has changed the row meanwhile; LockHeld where a request has one of
        the locks.
        """
        at = timestamp(self.table.clock())
        account_id = row["accountId"]
        item = {
            **{name: value for name, value in row.items() if value is not None},
            "pk": keys.retirement(account_id),
            "updatedAt": at,
        }
        item.setdefault("requestedAt", at)
        condition: ConditionBase = IS_NEW
        if before is not None:
            condition = as_expected(
                {name: before.get(name) for name in ("executionArn", "state", "updatedAt")}
            )
        locks = self.locks.puts(retirement_owner(account_id), row["executionArn"], _lock_keys(row))
        reasons = self.table.transact({_CLAIM: Put(item=item, condition=condition), **locks})
        if not reasons:
            return cast("Retirement", item)
        for name, reason in reasons.items():
            if name != _CLAIM and reason.code == "ConditionalCheckFailed":
                raise LockHeld.by(reason.found)
        if any(reason.code == "ConditionalCheckFailed" for reason in reasons.values()):
            return None
        if any(reason.code == "TransactionConflict" for reason in reasons.values()):
            raise ConcurrentModification(
                "The account's row or locks are being changed by somebody else.", remedy=_WAITS
            )
        raise Throttled("DynamoDB took no more writes at this moment.", remedy=_WAITS)

    def mark(
        self,
        account_id: str,
        execution_arn: str,
        *,
        states: Sequence[AccountState],
        remove: Sequence[str] = (),
        keep: Sequence[str] = (),
        **values: Any,
    ) -> Retirement:
        """Write these values, if the row is the execution's and in one of the states.

        Raises:
            ExecutionSuperseded: it is not.
        """
        owned = Attr("executionArn").eq(execution_arn) & Attr("state").is_in(list(states))
        update = Update(
            pk=keys.retirement(account_id),
            values={"updatedAt": timestamp(self.table.clock()), **values},
            remove=remove,
            keep=keep,
            condition=owned,
        )
        try:
            return cast("Retirement", self.table.update(update))
        except ConditionFailed as failed:
            raise _superseded(cast("Retirement | None", failed.found)) from None

    def free_locks(self, row: Retirement) -> None:
        """Give back the locks, unless another execution of the retirement has them by now."""
        owner = retirement_owner(row["accountId"])
        for pk in _lock_keys(row):
            self.locks.release(LockHeld(pk=pk, owner=owner, execution_arn=row["executionArn"]))

    def save_token(
        self, account_id: str, execution_arn: str, task_token: str, *, awaits: str | None = None
    ) -> None:
        """Keep the token under which the execution waits for its slot, or for `awaits`."""
        WaitingTokens(table=self.table).save(
            retirement_owner(account_id), execution_arn, task_token, awaits=awaits
        )

    def find(self, waiter_id: str) -> Waiter | None:
        """Who waits in the closing queue for this account; None where it is not retired."""
        row = self.get(waiter_id)
        if row is None:
            return None
        is_served = row["state"] in ENDED or row["action"] == "restore"
        waits = "waitsSince" in row and not is_served
        is_begun = row["state"] == AccountState.CLOSING and not waits
        return Waiter(
            execution_arn=row["executionArn"],
            task_token=self._token(row) if waits else None,
            is_served=is_served,
            is_begun=is_begun,
        )

    def _token(self, row: Retirement) -> str | None:
        known = {
            "requestId": retirement_owner(row["accountId"]),
            "executionArn": row["executionArn"],
        }
        return WaitingTokens(table=self.table).find(cast("Row", known))


def _lock_keys(row: Mapping[str, Any]) -> list[str]:
    return [keys.account_lock(row["accountId"]), f"{keys.EMAIL_LOCK}{row['emailHash']}"]


def _superseded(row: Retirement | None) -> ExecutionSuperseded:
    if row is None:
        return ExecutionSuperseded(
            "The ledger has no retirement of this account.",
            remedy="Retire the account again, if that is still wanted.",
        )
    return ExecutionSuperseded(
        f"The account {row['accountId']} is {row['state']}, by the execution "
        f"{row['executionArn']}, which does {row['action']} it.",
        remedy=f"Follow the execution {row['executionArn']}.",
    )
