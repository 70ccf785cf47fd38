"""What DynamoDB refuses of a request before it looks at any item, and moto lets pass or breaks on.

Source: "Expressions in DynamoDB" and "BatchWriteItem", Amazon DynamoDB Developer Guide and API
Reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_EXPRESSIONS = (
    "ProjectionExpression",
    "UpdateExpression",
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
)
_NAME, _VALUE = re.compile(r"#\w+"), re.compile(r":\w+")
_MOST_WRITES = 25


def problem(body: Mapping[str, Any]) -> str | None:
    """The message of the ValidationException that refuses the request; None for one without faults.

    `body` is the input of any data operation, transactions and batches included.
    """
    batched = body.get("RequestItems")
    if isinstance(batched, Mapping):
        return _batch_problem(batched)
    transacted = body.get("TransactItems")
    operations = [one for item in transacted or () for one in item.values()] or [body]
    return next((found for one in operations for found in _expression_problems(one)), None)


def _batch_problem(batched: Mapping[str, Any]) -> str | None:
    sizes = [len(writes) for writes in batched.values() if isinstance(writes, list)]
    if any(size > _MOST_WRITES for size in sizes):
        return (
            "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: "
            "Map value must satisfy constraint: [Member must have length less than or equal to "
            f"{_MOST_WRITES}, Member must have length greater than or equal to 1]"
        )
    if sum(sizes) > _MOST_WRITES:
        return "Too many items requested for the BatchWriteItem call"
    return None


def _expression_problems(operation: Mapping[str, Any]) -> Iterator[str]:
    names = operation.get("ExpressionAttributeNames") or {}
    values = operation.get("ExpressionAttributeValues") or {}
    used_names: set[str] = set()
    used_values: set[str] = set()
    for kind in _EXPRESSIONS:
        text = str(operation.get(kind) or "")
        for name in _NAME.findall(text):
            used_names.add(name)
            if name not in names:
                yield (
                    f"Invalid {kind}: An expression attribute name used in the document path is "
                    f"not defined; attribute name: {name}"
                )
        for value in _VALUE.findall(text):
            used_values.add(value)
            if value not in values:
                yield (
                    f"Invalid {kind}: An expression attribute value used in expression is not "
                    f"defined; attribute value: {value}"
                )
    for kind, given, used in (("Names", names, used_names), ("Values", values, used_values)):
        unused = [one for one in given if one not in used]
        if unused and any(operation.get(one) for one in _EXPRESSIONS):
            yield (
                f"Value provided in ExpressionAttribute{kind} unused in expressions: "
                f"keys: {{{', '.join(unused)}}}"
            )
