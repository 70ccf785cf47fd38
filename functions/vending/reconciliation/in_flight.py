"""The requests that an account may belong to, though nothing on the account says so yet.

Read are the requests under way and those that ended lately, by the ledger's index `byState`: as
many as are being vended, however many accounts the organization has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.ledger.ledger import Ledger
from vending.ledger.locks import MAX_CREATION_SECONDS, is_creation_in_flight
from vending.states import IN_FLIGHT, State

if TYPE_CHECKING:
    from vending.ledger.item_types import Row
    from vending.reconciliation.account_events import AccountEvent


def request_of(
    account_event: AccountEvent, *, email: str | None, ledger: Ledger, since: float
) -> Row | None:
    """The request that `account_event`'s account comes of; None if it comes of none.

    `email` is the account's, which no other AWS account has: so a request under way that names it
    means this account even before AWS said which one it became. So does one that FAILED while AWS
    may have been making its account. Of the others that ended only ids count; those that ended
    before `since` (epoch seconds), or too long before it to be what AWS made, are not looked at.
    """
    for state in IN_FLIGHT:
        for row in ledger.query_by_state(state):
            if _is_about(row, account_event) or _asks_for(row, account_event.account_id, email):
                return row
    for row in ledger.query_by_state(State.VENDED, since=since):
        if _is_about(row, account_event):
            return row
    for row in ledger.query_by_state(State.FAILED, since=since - MAX_CREATION_SECONDS):
        is_its = is_creation_in_flight(row) and _asks_for(row, account_event.account_id, email)
        if is_its or _is_about(row, account_event):
            return row
    return None


def _is_about(row: Row, account_event: AccountEvent) -> bool:
    creation_id = account_event.creation_id
    return row.get("accountId") == account_event.account_id or (
        creation_id is not None and row.get("createAccountRequestId") == creation_id
    )


def _asks_for(row: Row, account_id: str, email: str | None) -> bool:
    account = row.get("request", {}).get("account", {})
    if account.get("accountId") == account_id:
        return True
    return email is not None and str(account.get("email", "")).lower() == email.lower()
