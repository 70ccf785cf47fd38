"""What two requests in flight may not share: the email of an account, and its id.

A lost answer is made up for by looking for the account of that email, which must not be another
request's; and an account gets one baseline at a time. So a request takes a row for each that it
knows in the transaction that claims it, and frees them at its end. The key of an email is a hash:
an email is in nobody's table key. Names are shared: AWS allows it, and where creations of one name
go on at the same time, the request's tag shows which account belongs to which request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from vending.aws.clock import epoch
from vending.errors.exceptions import RequestConflict
from vending.frozen import frozen
from vending.ledger.keys import RETIREMENT, account_lock, email_lock
from vending.ledger.table import IS_NEW, Put, Table

if TYPE_CHECKING:
    from vending.ledger.item_types import Row

MAX_CREATION_SECONDS = 6 * 3600
"""Seconds after which AWS can no longer be creating an account for a request that ended."""

LOCK_CALLS = {"dynamodb:DeleteItem"}
"""What it takes to free a lock; it is taken with the claim."""


class LockHeld(Exception):
    """Another request, the `owner`, has the lock `pk` through one of its executions."""

    def __init__(self, *, pk: str, owner: str, execution_arn: str) -> None:
        super().__init__(pk, owner)
        self.pk, self.owner, self.execution_arn = pk, owner, execution_arn

    @classmethod
    def by(cls, item: Mapping[str, Any]) -> LockHeld:
        """As the lock's item has it."""
        return cls(pk=item["pk"], owner=item["owner"], execution_arn=item["executionArn"])

    @property
    def retired_account(self) -> str | None:
        """The account whose retirement has the lock; None where a request has it."""
        is_retirement = self.owner.startswith(RETIREMENT)
        return self.owner.removeprefix(RETIREMENT) if is_retirement else None

    @property
    def what(self) -> str:
        """The key of a request that the lock is on."""
        kind = self.pk.partition("#")[0]
        return "account.accountId" if kind == "account" else f"account.{kind}"


def retirement_owner(account_id: str) -> str:
    """By what the retirement of an account owns its locks."""
    return f"{RETIREMENT}{account_id}"


def refuse_retired(held: LockHeld) -> None:
    """RequestConflict where the account is being retired: nothing else is done to it meanwhile."""
    account_id = held.retired_account
    if account_id is not None:
        raise RequestConflict(
            f"{held.what}: the account {account_id} is being retired, in the execution "
            f"{held.execution_arn}.",
            remedy=f"If the account is wanted, put it back with `vend restore {account_id}`, then "
            "submit the request again.",
        )


def keys(account: Mapping[str, Any]) -> list[str]:
    """The locks that a request for this account needs."""
    email, account_id = account.get("email"), account.get("accountId")
    return [
        *([email_lock(email)] if email else []),
        *([account_lock(account_id)] if account_id else []),
    ]


def account_of(row: Row) -> dict[str, Any]:
    """The account as the row's request names it, with the id that it has come to know."""
    account = dict(row.get("request", {}).get("account", {}))
    return account | ({"accountId": row["accountId"]} if "accountId" in row else {})


def is_creation_in_flight(row: Row) -> bool:
    """Whether AWS may be creating an account for the request, or may have created it unseen."""
    return not row.get("accountId") and ("createAccountRequestId" in row or "intent" in row)


@frozen
class Locks:
    """The locks in the ledger's table."""

    table: Table

    def lock_puts(
        self, request_id: str, execution_arn: str, account: Mapping[str, Any]
    ) -> dict[str, Put]:
        """What to add to the transaction that claims the request for the execution."""
        return self.puts(request_id, execution_arn, keys(account))

    def puts(self, owner: str, execution_arn: str, pks: Iterable[str]) -> dict[str, Put]:
        """The same for locks by their keys."""
        return {
            pk: Put(
                item={"pk": pk, "owner": owner, "executionArn": execution_arn},
                condition=IS_NEW | Attr("owner").eq(owner),
            )
            for pk in pks
        }

    def free(self, request_id: str, execution_arn: str, account: Mapping[str, Any]) -> None:
        """Give back what the request still has, unless another execution of it has it by now."""
        for pk in keys(account):
            self.release(LockHeld(pk=pk, owner=request_id, execution_arn=execution_arn))

    def foreign_locks(self, request_id: str, account: Mapping[str, Any]) -> list[LockHeld]:
        """The locks for this account that another request has."""
        found = [self.table.get(pk, consistent=True) for pk in keys(account)]
        return [LockHeld.by(item) for item in found if item and item["owner"] != request_id]

    def release(self, held: LockHeld) -> None:
        """Free one lock, if the owner's execution still has it."""
        its = Attr("owner").eq(held.owner) & Attr("executionArn").eq(held.execution_arn)
        self.table.delete(held.pk, IS_NEW | its)

    def may_still_create(self, row: Row) -> bool:
        """Whether AWS may yet create an account for a request whose execution is over."""
        if not is_creation_in_flight(row):
            return False
        began = row["intent"]["at"] if "intent" in row else row["updatedAt"]
        return self.table.clock() - epoch(began) < MAX_CREATION_SECONDS
