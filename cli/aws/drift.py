"""What DetectDrift has found: kept in the accounts' records, and when it last saw all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from vending.aws.clock import timestamp
from vending.ledger import keys
from vending.ledger.account_records import ACTIVE
from vending.ledger.items import from_dynamodb

if TYPE_CHECKING:
    from cli.aws.stack import Stack

Drifted = dict[str, Any]
"""{accountId, requestId, revision, since, differences: [{what, name, how, expected, found}]}."""


def compared_at(stack: Stack) -> str | None:
    """When the last complete comparison ended; None before the first one."""
    item = _item(stack, keys.ACCOUNTS_COMPARED)
    ended = int(item.get("endedAt", 0)) if item else 0
    return timestamp(ended) if ended else None


def drift_of(stack: Stack, account_ids: Sequence[str]) -> tuple[list[Drifted], list[str]]:
    """How these accounts differ from their documents, and those of which there is no document.

    Without ids it is about all accounts.
    """
    if not account_ids:
        return [_shown(one) for one in _all(stack) if "drift" in one], []
    found, unknown = [], []
    for account_id in dict.fromkeys(account_ids):
        record = _item(stack, keys.account_record(account_id))
        if record is None or "document" not in record:
            unknown.append(account_id)
        elif "drift" in record:
            found.append(_shown(record))
    return found, unknown


def _shown(record: dict[str, Any]) -> Drifted:
    drift = record["drift"]
    return {
        "accountId": record["accountId"],
        "requestId": record["requestId"],
        "revision": record["revision"],
        "since": drift["at"],
        "differences": drift["differences"],
    }


def _item(stack: Stack, pk: str) -> dict[str, Any] | None:
    item = stack.client("dynamodb").get_item(
        TableName=stack.table_name, Key={"pk": {"S": pk}}, ConsistentRead=True
    )
    return from_dynamodb(item["Item"]) if "Item" in item else None


def _all(stack: Stack) -> Iterator[dict[str, Any]]:
    """The records of the accounts that are not on their way out, in the order of their ids."""
    pages = (
        stack.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=stack.table_name,
            IndexName=keys.BY_STATE,
            KeyConditionExpression="#state = :state",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":state": {"S": ACTIVE}},
        )
    )
    found = [from_dynamodb(item) for page in pages for item in page["Items"]]
    # Retirements that were undone are ACTIVE, too.
    records = (one for one in found if one["pk"] == keys.account_record(one.get("accountId", "")))
    yield from sorted(records, key=lambda one: str(one["accountId"]))
