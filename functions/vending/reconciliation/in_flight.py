"""The requests that an account may belong to, though nothing on the account says so yet.

Read are the requests under way and those that ended lately, by the ledger's index `byState`: as
many as are being vended, however many accounts the organization has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from vending.aws.clock import timestamp
from vending.errors.aws_errors import translating
from vending.ledger.items import values as values_of
from vending.ledger.ledger import Ledger
from vending.ledger.locks import CREATION_TAKES, is_creation_under_way
from vending.ledger.rows import Row

if TYPE_CHECKING:
    from vending.reconciliation.account_events import Sighting

INDEX = "byState"
UNDER_WAY = ("REQUESTED", "AWAITING_APPROVAL", "QUEUED", "CREATING", "INVITED", "BASELINING")


def request_of(
    sighting: Sighting, *, email: str | None, ledger: Ledger, since: float
) -> Row | None:
    """The request that `sighting`'s account comes of; None if it comes of none.

    `email` is the account's, which no other AWS account has: so a request under way that names it
    means this account even before AWS said which one it became. So does one that FAILED while AWS
    may have been making its account. Of the others that ended only ids count; those that ended
    before `since` (epoch seconds), or too long before it to be what AWS made, are not looked at.
    """
    for state in UNDER_WAY:
        for row in rows_in(ledger, state):
            if _is_about(row, sighting) or _asks_for(row, sighting.account_id, email):
                return row
    for row in rows_in(ledger, "VENDED", since=since):
        if _is_about(row, sighting):
            return row
    for row in rows_in(ledger, "FAILED", since=since - CREATION_TAKES):
        is_its = is_creation_under_way(row) and _asks_for(row, sighting.account_id, email)
        if is_its or _is_about(row, sighting):
            return row
    return None


def _is_about(row: Row, sighting: Sighting) -> bool:
    creation_id = sighting.creation_id
    return row.get("accountId") == sighting.account_id or (
        creation_id is not None and row.get("createAccountRequestId") == creation_id
    )


def _asks_for(row: Row, account_id: str, email: str | None) -> bool:
    account = row.get("request", {}).get("account", {})
    if account.get("accountId") == account_id:
        return True
    return email is not None and str(account.get("email", "")).lower() == email.lower()


def rows_in(ledger: Ledger, state: str, since: float | None = None) -> Iterator[Row]:
    """The rows in a state, oldest change first; those changed since a moment (epoch seconds)."""
    condition, values = "#state = :state", {":state": {"S": state}}
    names = {"#state": "state"}
    if since is not None:
        condition += " AND #updatedAt >= :since"
        values[":since"] = {"S": timestamp(since)}
        names["#updatedAt"] = "updatedAt"
    with translating():
        for page in ledger.client.get_paginator("query").paginate(
            TableName=ledger.table_name,
            IndexName=INDEX,
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        ):
            for item in page["Items"]:
                yield cast(Row, values_of(item))
