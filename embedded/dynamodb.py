"""DynamoDB's data operations, each as one step: what conditional writes and transactions rest on.

moto checks a condition and then writes, and takes a failed transaction back by restoring the whole
table; on a threaded server two writers can both win, and a write in between can be lost.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from moto.dynamodb.responses import DynamoHandler

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

# One for all tables: transactions span them. A table with a stream that moto sends to a function
# within the write would need another way, as the function may write too.
_one_at_a_time = threading.RLock()


def install() -> None:
    """Let each operation finish before the next begins; safe to call twice."""
    for name in OPERATIONS:
        operation = getattr(DynamoHandler, name)
        if not hasattr(operation, "one_at_a_time"):
            setattr(DynamoHandler, name, _alone(operation))


def _alone(operation: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(operation)
    def alone(*args: Any, **kwargs: Any) -> Any:
        with _one_at_a_time:
            return operation(*args, **kwargs)

    alone.one_at_a_time = True  # type: ignore[attr-defined]
    return alone
