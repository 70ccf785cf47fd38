"""How a request's row begins: claimed by an execution, taken over by another, or only written down.

A claim and a takeover are one transaction with the locks and the count of the requester's ceilings,
so that all of it is the execution's or nothing is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.conditions import Attr

from vending.aws.clock import timestamp
from vending.errors.exceptions import ConcurrentModification, Throttled
from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.ledger import Ledger
from vending.ledger.locks import LockHeld
from vending.ledger.rows import SCHEMA_VERSION, row_of
from vending.ledger.table import IS_NEW, ConditionFailed, Put, Write, as_expected
from vending.states import UNCLAIMED, State

if TYPE_CHECKING:
    from vending.ledger.item_types import Approval, Row
    from vending.request.account_request import AccountRequest

_CLAIM = "claim"
"""The write of a transaction that makes the request the execution's; the others take locks."""

_WAITS = "No action needed: the workflow retries automatically."


@frozen
class Claims:
    """Whose a request's row is."""

    ledger: Ledger

    def claim(
        self,
        request: AccountRequest,
        execution_arn: str,
        locks: Mapping[str, Write] | None = None,
        *,
        sender: Mapping[str, str] | None = None,
        ordered_by: Mapping[str, Any] | None = None,
        approval: Approval | None = None,
    ) -> tuple[Row, bool]:
        """Make the request's row, or return the one that is there: (row, whether it was made).

        `locks` are taken with it or not at all; LockHeld when another request has one of them.
        `sender` is who asks, as the record shows it; `ordered_by` is this submission, the newest;
        `approval` is what has to be approved of it.
        """
        at = timestamp(self.ledger.clock())
        row = _filled(
            pk=keys.request(request.request_id),
            schemaVersion=SCHEMA_VERSION,
            requestedAt=at,
            updatedAt=at,
            **_claimed(request, execution_arn, sender, ordered_by, approval),
        )
        there = self._transacted(Put(item=row, condition=IS_NEW), locks)
        return (row, True) if there is None else (there, False)

    def take_over(
        self,
        seen: Row,
        request: AccountRequest,
        execution_arn: str,
        locks: Mapping[str, Write] | None = None,
        *,
        sender: Mapping[str, str] | None = None,
        ordered_by: Mapping[str, Any] | None = None,
        approval: Approval | None = None,
    ) -> Row:
        """Make a row that has no living execution this execution's, keeping what was achieved.

        What the request asks takes the place of what the row did; `origin` keeps what the account
        was made with. `locks` are taken with it or not at all; LockHeld when another request has
        one of them.
        ConcurrentModification when the row is no longer as it was seen.
        """
        values = _claimed(request, execution_arn, sender, ordered_by, approval)
        unsaid = ["approval", "error", "requestedBy", "reservation", "sender", "queuedAt"]
        if "accountId" not in seen:  # else the name may be one that AWS returned
            unsaid.append("accountName")
        elif "request" in seen:
            values["origin"] = {key: seen["request"][key] for key in ("source", "account")}
        update = self.ledger.updating(
            request.request_id,
            values=values,
            remove=[name for name in unsaid if name not in values],
            keep=["origin"] if "origin" in values else [],
            condition=as_expected(
                {"executionArn": seen.get("executionArn"), "updatedAt": seen["updatedAt"]}
            ),
        )
        if self._transacted(update, locks) is not None:
            raise ConcurrentModification(
                "The request was taken over by another execution at the same time.",
                remedy="No action needed: the workflow retries automatically.",
            )
        return self.ledger.owned(request.request_id, execution_arn)

    def insert_unclaimed(self, record: Mapping[str, Any], request: AccountRequest | None) -> Row:
        """Write down a request that was never claimed, unless its id has a row that matters.

        Returns the row that is there afterwards.
        """
        kept: dict[str, Any] = {
            "fingerprint": request.fingerprint() if request else None,
            "request": request.normalised() if request else None,
        }
        row = _filled(
            pk=keys.request(record["requestId"]),
            schemaVersion=SCHEMA_VERSION,
            **record,
            **kept,
        )
        row = self.ledger.expiry.of_new(row)
        try:
            self.ledger.table.put(
                Put(item=row, condition=IS_NEW | Attr("state").is_in(list(UNCLAIMED)))
            )
        except ConditionFailed as failed:
            if failed.found is None:
                raise failed.refusal from None
            return row_of(failed.found)
        return row

    def _transacted(self, claim: Write, locks: Mapping[str, Write] | None) -> Row | None:
        """Make a claim together with its locks, or nothing of it; what is there instead of it.

        None when all was written. LockHeld where a lock is another's.
        """
        cancelled = self.ledger.table.transact({_CLAIM: claim, **(locks or {})})
        if not cancelled:
            return None
        failed = {
            name: reason.found
            for name, reason in cancelled.items()
            if reason.code == "ConditionalCheckFailed"
        }
        if _CLAIM in failed:
            return row_of(failed[_CLAIM])
        for found in failed.values():
            if "owner" in found:
                raise LockHeld.by(found)
        if failed or any(reason.code == "TransactionConflict" for reason in cancelled.values()):
            raise ConcurrentModification(
                "The request, its account's id or email, or what its requester has left, was "
                "claimed by another at this time.",
                remedy=_WAITS,
            )
        raise Throttled("DynamoDB temporarily accepted no more writes.", remedy=_WAITS)


def _claimed(
    request: AccountRequest,
    execution_arn: str,
    sender: Mapping[str, str] | None,
    ordered_by: Mapping[str, Any] | None,
    approval: Approval | None,
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "requestId": request.request_id,
        "state": State.REQUESTED,
        "source": request.source,
        "accountName": request.account.name,
        "executionArn": execution_arn,
        "requestedBy": request.requested_by,
        "sender": dict(sender) if sender else None,
        "orderedBy": dict(ordered_by) if ordered_by else None,
        "approval": approval,
        "request": request.normalised(),
        "fingerprint": request.fingerprint(),
    }
    return {name: value for name, value in values.items() if value is not None}


def _filled(**values: object) -> Row:
    return cast("Row", {name: value for name, value in values.items() if value is not None})
