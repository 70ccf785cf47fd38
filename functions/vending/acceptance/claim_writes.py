"""What the transaction that claims a request writes beside the request's row.

The locks on the account, the count under the requester's ceilings, and the account's record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vending.authorization import approvals_needed
from vending.authorization.approvals_needed import NOTHING_COUNTED, Counted
from vending.authorization.authorization import Authorization
from vending.authorization.policy_requesters import Ceilings
from vending.errors.exceptions import RequestNotAllowed
from vending.frozen import frozen
from vending.ledger.ledger import Ledger
from vending.ledger.submissions import Submission
from vending.ledger.usage import Usages
from vending.request.account_request import AccountRequest
from vending.states import FINAL

if TYPE_CHECKING:
    from vending.ledger.item_types import AccountRecord, Row
    from vending.ledger.table import Put, Write


@frozen
class ClaimWrites:
    """The writes for one request, by the key of the item that each writes."""

    request: AccountRequest
    submission: Submission | None
    authorization: Authorization
    execution_arn: str
    ledger: Ledger

    def locks(self, account: Mapping[str, Any]) -> dict[str, Put]:
        """The writes that take the locks on the account, as far as it is known."""
        return self.ledger.locks.lock_puts(self.request.request_id, self.execution_arn, account)

    def counted(self, *, is_new: bool) -> tuple[dict[str, Put], Counted]:
        """The write that counts the request, and what is counted then.

        A ceiling that is reached refuses nothing here: `refuse_beyond` does.
        """
        if not self.is_counted:
            return {}, NOTHING_COUNTED
        put, usage, beyond = Usages(table=self.ledger.table).counting(
            self.request.request_id,
            self.authorization.name,
            self._ceilings or Ceilings(),
            is_new=is_new,
            has_ended=self._has_ended,
        )
        counted = Counted(today=usage.today if is_new else None, beyond=beyond)
        return {str(put.item["pk"]): put}, counted

    def refuse_beyond(self, counted: Counted) -> None:
        """RequestNotAllowed with every ceiling that is reached."""
        if counted.beyond:
            raise RequestNotAllowed(
                list(counted.beyond.values()),
                remedy="Submit the request again when others have ended, or on another day; or "
                "have the operators of account vending raise the limit in the request policy.",
            )

    def accepting(
        self,
        account_id: str | None,
        account: AccountRecord | None,
        content: Mapping[str, Any],
        *,
        before: Row | None,
    ) -> dict[str, Write]:
        """The write by which the account's record knows that the request was accepted."""
        is_there = account is not None or (before is not None and "accountId" in before)
        if account_id is None or not (is_there or self.request.source == "existing"):
            return {}
        update = self.ledger.accounts.accepting(
            account_id, account, content, before=before, submission=self.submission
        )
        return {update.pk: update}

    @property
    def is_counted(self) -> bool:
        """Whether it matters how many requests the requester has."""
        policy, name = self.authorization.policy, self.authorization.name
        return self._ceilings is not None or approvals_needed.counts_of(policy, name)

    @property
    def _ceilings(self) -> Ceilings | None:
        requester = self.authorization.requester
        return requester.ceilings if requester and requester.ceilings.model_fields_set else None

    def _has_ended(self, request_id: str) -> bool:
        row = self.ledger.get(request_id)
        return row is None or row["state"] in FINAL
