"""Accounts written into the ledger as they are, by whoever adopts them.

Nothing is done to an account that is adopted, so that no execution has to: the record, its revision
and, for an account that has none, the row of a request are one transaction of the administrator's
own. What is in the ledger is replaced only as it was seen.
(docs/decisions/0021-an-account-is-adopted-by-its-administrator.md)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.output.failure import CommandError
from vending.aws.clock import timestamp
from vending.errors.exceptions import VendingError
from vending.ledger import keys
from vending.ledger.item_types import Row
from vending.ledger.ledger import Ledger
from vending.ledger.rows import SCHEMA_VERSION
from vending.ledger.table import IS_NEW, Put, Table, Write
from vending.states import State

if TYPE_CHECKING:
    from cli.aws.organization_reader import Placed
    from cli.aws.stack import Stack
    from vending.request.account_request import AccountRequest


class AdoptedAccounts:
    """The ledger, as far as an adoption writes it.

    Args:
        stack: whose ledger it is.
    """

    def __init__(self, stack: Stack) -> None:
        table = Table(client=stack.client("dynamodb"), name=stack.ledger.table_name)
        self._ledger = Ledger(table=table)
        caller = stack.client("sts").get_caller_identity()["Arn"]
        self._by = f"adopted by {caller}"[:256]

    def record(
        self, placed: Placed, request: AccountRequest, *, has_row: bool
    ) -> tuple[int | None, str]:
        """The account's next revision is what it is: (its number, why it was not written).

        Args:
            placed: the account.
            request: the account's document.
            has_row: whether a request for the account is in the ledger.
        """
        at = timestamp(self._ledger.clock())
        row: Row = {
            "requestId": request.request_id,
            "state": State.VENDED,
            "source": request.source,
            "accountId": placed.id,
            "requestedBy": self._by,
            "requestedAt": at,
            "updatedAt": at,
            "request": request.normalised(),
            "fingerprint": request.fingerprint(),
        }
        if name := placed.account.get("Name"):
            row["accountName"] = name
        if placed.parent_id.startswith("ou-"):
            row["organizationalUnitId"] = placed.parent_id
        with _as_aws_says():
            seen = self._ledger.accounts.get(placed.id)
            number, writes = self._ledger.accounts.vending(placed.id, row, seen)
            row["revision"] = number
            of_row: dict[str, Write] = {} if has_row else {"row": _new(row)}
            cancelled = self._ledger.table.transact({**writes, **of_row})
        if not cancelled:
            return number, ""
        code = ", ".join(sorted({reason.code for reason in cancelled.values()}))
        return None, f"its record was changed at the same time ({code}); adopt it again"


@contextmanager
def _as_aws_says() -> Iterator[None]:
    """The ledger's own errors speak of a function's role, and this is a person's."""
    try:
        yield
    except VendingError as error:
        if isinstance(error.__context__, ClientError):
            raise error.__context__ from None
        raise CommandError(error.message, remedy=error.remedy) from None


def _new(row: Mapping[str, Any]) -> Put:
    pk = keys.request(row["requestId"])
    return Put(item={"pk": pk, "schemaVersion": SCHEMA_VERSION, **row}, condition=IS_NEW)
