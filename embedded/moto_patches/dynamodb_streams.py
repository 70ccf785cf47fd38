"""DynamoDB's streams: records that keep their numbers, dated by AWS's clock, read when due.

moto runs the functions of a stream within the write, with everything that the stream ever had; here
the records wait for whoever reads them (`lambda_runtime.stream_mappings`).

Upstream: moto/dynamodb/models/table.py.
"""

from __future__ import annotations

from typing import Any

from moto.dynamodb.models.table import StreamRecord, StreamShard

from embedded.core.context import current

_NAMES = {(True, False): "INSERT", (False, False): "MODIFY", (False, True): "REMOVE"}
"""By whether the item is new, and whether it is gone."""


def add(self: StreamShard, old: Any, new: Any) -> None:
    """Keep what a write did; one that changes nothing is none."""
    if old is not None and new is not None and old.attrs == new.attrs:
        return
    view = self.table.stream_specification["StreamViewType"]
    name = _NAMES[old is None, new is None]
    number = self.starting_sequence_number + len(self.items)
    record = StreamRecord(self.table, view, name, old, new, number)
    record.record["dynamodb"]["ApproximateCreationDateTime"] = current().clock.datetime()
    self.items.append(record)


def take(shard: StreamShard, position: int) -> list[dict[str, Any]]:
    """The records from this number on."""
    return [one.to_json() for one in shard.items[max(0, position - first(shard)) :]]


def first(shard: StreamShard) -> int:
    """The number of the oldest record that is kept."""
    return int(shard.starting_sequence_number)


def end(shard: StreamShard) -> int:
    """The number that the next record gets."""
    return first(shard) + len(shard.items)


def forget(shard: StreamShard, before: int) -> None:
    """Forget the records with smaller numbers; those that stay keep theirs."""
    count = min(max(0, before - first(shard)), len(shard.items))
    del shard.items[:count]
    shard.starting_sequence_number += count


def install() -> None:
    """Have moto's streams keep their records so; safe to call twice."""
    StreamShard.add = add
