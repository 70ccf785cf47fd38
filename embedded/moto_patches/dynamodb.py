"""DynamoDB's data operations, each as one step: what conditional writes and transactions rest on.

moto checks a condition and then writes; on a threaded server two writers can both win. It copies
every table of a transaction, to take it back by putting the copy in the table's place; here only
the items that a transaction names are copied, so that it costs the same whatever else there is.

Upstream: moto/dynamodb/models/__init__.py.
"""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from moto.dynamodb.comparisons import (
    FuncBetween,
    FuncSize,
    OpGreaterThan,
    OpGreaterThanOrEqual,
    OpLessThan,
    OpLessThanOrEqual,
)
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from embedded.core.frozen import frozen
from embedded.moto_patches.dynamodb_checks import problem
from embedded.moto_patches.dynamodb_expiry import delete_expired
from embedded.moto_patches.dynamodb_tokens import once

OPERATIONS = (
    "batch_get_item",
    "batch_write_item",
    "delete_item",
    "delete_table",
    "get_item",
    "put_item",
    "query",
    "scan",
    "transact_get_items",
    "transact_write_items",
    "update_item",
    "update_table",
)
"""The methods of moto's that run one at a time."""

_ORDERING: tuple[Any, ...] = (
    FuncBetween,
    OpGreaterThan,
    OpGreaterThanOrEqual,
    OpLessThan,
    OpLessThanOrEqual,
)
_SIZED = ("S", "SS", "NS", "B", "BS", "L", "M")

one_at_a_time = threading.RLock()
"""One for all tables: transactions span them. Whoever reads a stream takes it, too."""


_write_transaction = DynamoDBBackend.transact_write_items
_in_transaction = threading.local()


@frozen
class _Before:
    """An item as it is before a transaction; None where there is none."""

    table: Table
    hash_key: DynamoType
    range_key: DynamoType | None
    item: Any

    def restore(self) -> None:
        items: Any = self.table.items
        key: Any = self.hash_key
        if self.range_key is not None:
            items, key = items[self.hash_key], self.range_key
        if self.item is None:
            items.pop(key, None)
        else:
            items[key] = self.item


def transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """TransactWriteItems: all of it or nothing."""
    before = list(_before(self, transact_items))
    shards = [one.table.stream_shard for one in before if one.table.stream_shard]
    records = [(shard, len(shard.items)) for shard in shards]
    _in_transaction.now = True
    try:
        _write_transaction(self, transact_items)
    except BaseException:
        for one in before:
            one.restore()
        for shard, count in records:
            del shard.items[count:]
        raise
    finally:
        _in_transaction.now = False


def _before(backend: DynamoDBBackend, transact_items: Iterable[Any]) -> Iterator[_Before]:
    """Every item that the transaction names; what names none is refused before anything is done."""
    for operation in (operation for each in transact_items for operation in each.values()):
        table = backend.tables.get(operation.get("TableName"))
        key = operation.get("Key") or operation.get("Item") or {}
        names = [table.hash_key_attr, table.range_key_attr] if table else []
        if table is None or not all(name in key for name in names if name):
            continue
        hash_key, range_key = backend.get_keys_value(table, key)
        item = copy.deepcopy(table.get_item(hash_key, range_key))
        yield _Before(table=table, hash_key=hash_key, range_key=range_key, item=item)


def _copy_table(self: Table, memo: dict[int, Any]) -> Table:
    """The table itself within a transaction, which takes back what it did; else as any object."""
    if getattr(_in_transaction, "now", False):
        return self
    made = Table.__new__(type(self))
    memo[id(self)] = made
    made.__dict__.update(copy.deepcopy(self.__dict__, memo))
    return made


def _equal(self: DynamoType, other: Any) -> bool:
    """As moto's; lists and maps element by element, without a copy of each of them."""
    if not isinstance(other, DynamoType) or self.type != other.type:
        return False
    if self.is_list() or self.is_map():
        return bool(self.value == other.value)
    return bool(self.cast_value == other.cast_value)


def install() -> None:
    """Check each operation, and let it finish before the next begins; safe to call twice."""
    DynamoDBBackend.transact_write_items = transact_write_items
    Table.__deepcopy__ = _copy_table
    DynamoType.__eq__ = _equal
    DynamoType.__ne__ = lambda self, other: not _equal(self, other)
    FuncSize.expr = _size
    for operator in _ORDERING:
        if not hasattr(operator.expr, "of_one_type"):
            operator.expr = _of_one_type(operator.expr)
    for name in OPERATIONS:
        operation = getattr(DynamoHandler, name)
        if not hasattr(operation, "one_at_a_time"):
            if name == "transact_write_items":
                operation = once(operation)
            setattr(DynamoHandler, name, _alone(operation))


def _size(self: FuncSize, item: Any) -> int | None:
    """The size of an attribute; None, which no comparison takes, where it has none."""
    if self.attr.get_type(item) not in _SIZED:
        return None
    return len(self.attr.expr(item))


def _of_one_type(compare: Callable[..., bool]) -> Callable[..., bool]:
    """`compare`, which is false for operands of two types as DynamoDB's comparisons are."""

    @functools.wraps(compare)
    def compared(self: Any, item: Any) -> bool:
        try:
            return compare(self, item)
        except TypeError:
            return False

    compared.of_one_type = True  # type: ignore[attr-defined]
    return compared


def _key_types(backend: DynamoDBBackend) -> dict[str, dict[str, str]]:
    """The key attributes of every table, with their types."""
    return {
        name: {
            str(each["AttributeName"]): str(each["AttributeType"])
            for each in table.attr
            if each["AttributeName"] in (table.hash_key_attr, table.range_key_attr)
        }
        for name, table in list(backend.tables.items())
    }


def _alone(operation: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(operation)
    def alone(self: Any, *args: Any, **kwargs: Any) -> Any:
        refused = problem(self.body, _key_types(self.dynamodb_backend))
        if refused:
            raise MockValidationException(refused)
        with one_at_a_time:
            delete_expired(self.dynamodb_backend)
            return operation(self, *args, **kwargs)

    alone.one_at_a_time = True  # type: ignore[attr-defined]
    return alone
