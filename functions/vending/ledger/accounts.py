"""The accounts' records: one for each account that was vended, whichever requests it came by.

A record has the account's last document and the number of its revision; every revision is kept in
an item of its own. It is written in the transactions by which an execution claims a request for
the account, and by which it records it as vended, so that it never says other than the request's
row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from vending.aws.clock import timestamp
from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.account_records import ACTIVE, record_of_row
from vending.ledger.submissions import Submission, after, newer_of
from vending.ledger.table import (
    IS_NEW,
    ConditionFailed,
    Table,
    Update,
    Write,
    as_expected,
)
from vending.request.merge import Given, differences, given_by, same_document

if TYPE_CHECKING:
    from vending.ledger.item_types import AccountRecord, Drift, Row


@frozen
class Accounts:
    """The accounts' records in the ledger's table."""

    table: Table

    def get(self, account_id: str) -> AccountRecord | None:
        """The account's record as it is at this moment."""
        found = self.table.get(keys.account_record(account_id), consistent=True)
        return cast("AccountRecord", found) if found else None

    def revision(self, account_id: str, number: int) -> Mapping[str, Any] | None:
        """One revision: {revision, document, changes, requestId, requestedBy, sender, at}."""
        return self.table.get(keys.revision(account_id, number))

    def accepting(
        self,
        account_id: str,
        seen: AccountRecord | None,
        content: Mapping[str, Any],
        *,
        before: Row | None,
        submission: Submission | None,
    ) -> Update:
        """What to add to the transaction that claims a request for an account that is known.

        From then on an older submission is late, and all that the request may put on the account is
        ours, whatever becomes of it.

        Args:
            account_id: the account.
            seen: its record.
            content: the request, normalised.
            before: the row that is taken over.
            submission: when the request was asked for.
        """
        earlier = before if before and before.get("accountId") else None
        had = seen or (record_of_row(earlier) if earlier else None) or {}
        given = Given.from_json(had.get("given", {})) | given_by(content)
        if earlier:
            given |= given_by(earlier.get("request", {}))
        newest = newer_of(had.get("orderedBy"), earlier.get("orderedBy") if earlier else None)
        return Update(
            pk=keys.account_record(account_id),
            values={
                **({} if seen else had),
                "accountId": account_id,
                "given": given.as_json(),
                "orderedBy": after(newest, submission),
                "pendingRequestId": content["requestId"],
                "updatedAt": timestamp(self.table.clock()),
            },
            condition=_as_seen(seen),
        )

    def vending(
        self, account_id: str, row: Row, seen: AccountRecord | None
    ) -> tuple[int, dict[str, Write]]:
        """The account's revision once the row's request is vended, and the writes that make it so.

        A document that asks what the last one asked is no new revision.
        """
        document, at = row.get("request", {}), timestamp(self.table.clock())
        number, last = (seen or {}).get("revision", 0), (seen or {}).get("document")
        values: dict[str, Any] = {
            "accountId": account_id,
            "state": (seen or {}).get("state", ACTIVE),
            "given": given_by(document).as_json(),
            "orderedBy": row.get("orderedBy"),
            "updatedAt": at,
        }
        writes: dict[str, Write] = {}
        if last is None or not same_document(last, document):
            number += 1
            request_id = row["requestId"]
            values |= {"revision": number, "document": document, "requestId": request_id}
            # An update, as who may put items in this transaction could empty a request's row.
            writes["revision"] = Update(
                pk=keys.revision(account_id, number),
                values={
                    "accountId": account_id,
                    "revision": number,
                    "document": document,
                    "changes": [] if last is None else differences(last, document),
                    "requestId": request_id,
                    "executionArn": row.get("executionArn"),
                    "requestedBy": row.get("requestedBy"),
                    "sender": row.get("sender"),
                    "at": at,
                },
                condition=IS_NEW,
            )
        writes["record"] = Update(
            pk=keys.account_record(account_id),
            values=values,
            remove=["pendingRequestId", "drift"],
            keep=["orderedBy"] if "orderedBy" in row else [],
            condition=_as_seen(seen),
        )
        return number, writes

    def note_drift(self, seen: AccountRecord, drift: Drift | None) -> bool:
        """Keep how the account differs, None where it does not any more.

        Whether it was kept: not where the record says something else than was `seen`, so that what
        a change has just put on the account is not taken for drift.
        """
        update = Update(
            pk=keys.account_record(seen["accountId"]),
            values={"drift": drift},
            remove=() if drift else ["drift"],
            condition=_as_seen(seen),
        )
        try:
            self.table.update(update)
        except ConditionFailed:
            return False
        return True


def _as_seen(seen: AccountRecord | None) -> Any:
    if seen is None:
        return IS_NEW
    return as_expected({name: seen.get(name) for name in ("revision", "orderedBy", "updatedAt")})
