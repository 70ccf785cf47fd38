"""What DynamoDB refuses of a request before it looks at any item, and moto lets pass or breaks on.

Source: "Expressions in DynamoDB" and "BatchWriteItem", Amazon DynamoDB Developer Guide and API
Reference.

Upstream: moto/dynamodb/responses.py.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from embedded.moto_patches.dynamodb_conditions import (
    condition_problem,
    key_condition_problem,
    projection_problem,
)
from embedded.moto_patches.dynamodb_values import item_problem, key_problem, value_problem

_EXPRESSIONS = (
    "ProjectionExpression",
    "UpdateExpression",
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
)
_NAME, _VALUE = re.compile(r"#\w+"), re.compile(r":\w+")
_MOST_WRITES = 25


def problem(body: Mapping[str, Any], keys: Mapping[str, Mapping[str, str]]) -> str | None:
    """The message of the ValidationException that refuses the request; None for one without faults.

    `body` is the input of any data operation, transactions and batches included; `keys` are the
    types of the key attributes of every table by its name.
    """
    batched = body.get("RequestItems")
    if isinstance(batched, Mapping):
        refused = _batch_problem(batched)
        if refused:
            return refused
        operations = list(_batched(batched))
    else:
        transacted = body.get("TransactItems")
        operations = [one for item in transacted or () for one in item.values()] or [body]
    return next(
        (
            found
            for one in operations
            for found in itertools.chain(_expression_problems(one), _attribute_problems(one, keys))
        ),
        None,
    )


def _batched(batched: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Each read or write of a batch, as the operation on one item would have it."""
    for table, requests in batched.items():
        if isinstance(requests, Mapping):
            for key in requests.get("Keys") or ():
                yield {"TableName": table, "Key": key}
        else:
            for request in requests:
                for one in request.values():
                    yield {"TableName": table, **one}


def _attribute_problems(
    operation: Mapping[str, Any], keys: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    values = operation.get("ExpressionAttributeValues") or {}
    for name, value in values.items():
        found = value_problem(value)
        if found:
            yield f"ExpressionAttributeValues contains invalid value: {found} for key {name}"
    key, item = operation.get("Key"), operation.get("Item")
    for value in (*(key or {}).values(), *(item or {}).values()):
        found = value_problem(value)
        if found:
            yield found
    types = keys.get(str(operation.get("TableName")))
    if types is None:
        return
    for given, check in ((key, key_problem), (item, item_problem)):
        found = check(given, types) if given is not None else None
        if found:
            yield found


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
    yield from _syntax_problems(operation, values)
    for kind, given, used in (("Names", names, used_names), ("Values", values, used_values)):
        unused = [one for one in given if one not in used]
        if unused and any(operation.get(one) for one in _EXPRESSIONS):
            yield (
                f"Value provided in ExpressionAttribute{kind} unused in expressions: "
                f"keys: {{{', '.join(unused)}}}"
            )


def _syntax_problems(operation: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    for kind in _EXPRESSIONS:
        text = operation.get(kind)
        if not isinstance(text, str) or kind == "UpdateExpression":
            continue
        if kind == "ProjectionExpression":
            found = projection_problem(text)
        elif kind == "KeyConditionExpression":
            found = key_condition_problem(text, values)
        else:
            found = condition_problem(text, values)
        if found:
            yield f"Invalid {kind}: {found}"
