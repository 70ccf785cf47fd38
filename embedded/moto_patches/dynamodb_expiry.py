"""DynamoDB's time to live: items whose time has come are deleted, by AWS's clock.

Source: "Using time to live (TTL) in DynamoDB", developer guide. DynamoDB deletes within days; here
it happens before the next data operation that comes an hour after the last look, or more. What is
deleted is in the table's stream as a deletion by the service.

moto keeps the setting and deletes nothing.

Upstream: moto/dynamodb/models/table.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.dynamodb.models import DynamoDBBackend

from embedded.core.context import current

LOOKS_EVERY = 3_600.0
"""Virtual seconds."""
BY_SERVICE = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
"""Who deleted an item, in the stream's record."""


def delete_expired(backend: DynamoDBBackend) -> None:
    """Delete what has expired in the tables that have a time to live."""
    for table in list(backend.tables.values()):
        setting = table.ttl
        if setting.get("TimeToLiveStatus") == "ENABLED" and _is_due(table):
            name, now = setting["AttributeName"], current().clock.now()
            for item in [one for one in _items(table) if _is_past(one.attrs.get(name), now)]:
                _delete(table, item)


def _items(table: Any) -> Iterator[Any]:
    """All items. moto's `all_items` sorts them, for which each of thousands is compared often."""
    for found in list(table.items.values()):
        if table.range_key_attr:
            yield from list(found.values())
        else:
            yield found


def _is_due(table: Any) -> bool:
    now = current().clock.now()
    if now < getattr(table, "expiry_looked_at", 0.0) + LOOKS_EVERY:
        return False
    table.expiry_looked_at = now
    return True


def _is_past(until: Any, now: float) -> bool:
    # What is no number does not expire.
    return until is not None and until.type == "N" and float(until.value) < now


def _delete(table: Any, item: Any) -> None:
    shard = table.stream_shard
    before = len(shard.items) if shard else 0
    table.delete_item(item.hash_key, item.range_key)
    if shard:
        for record in shard.items[before:]:
            record.record["userIdentity"] = BY_SERVICE
