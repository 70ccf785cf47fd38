"""DynamoDB's items as Python's values and back, and updates of them as DynamoDB is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef


def item(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as DynamoDB takes them; numbers must be int or Decimal."""
    serializer = TypeSerializer()
    return {name: serializer.serialize(value) for name, value in values.items()}


def values(item: Mapping[str, Any]) -> dict[str, Any]:
    """What an item holds; whole numbers are int, all others Decimal."""
    deserializer = TypeDeserializer()
    return {name: _plain(deserializer.deserialize(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    whole = isinstance(value, Decimal) and value == value.to_integral_value()
    return int(value) if whole else value


def update(
    table_name: str,
    pk: str,
    *,
    values: Mapping[str, Any],
    remove: Iterable[str],
    expected: Mapping[str, Any],
) -> UpdateTypeDef:
    """Set and remove attributes if others are as expected (None: absent).

    `values` that are None are left as they are. A failed condition sends along what is there.
    """
    written = {name: value for name, value in values.items() if value is not None}
    present = {name: value for name, value in expected.items() if value is not None}
    removed = list(remove)
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in written)
    if removed:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in removed)
    condition = " AND ".join(
        f"#{name} = :expected_{name}" if name in present else f"attribute_not_exists(#{name})"
        for name in expected
    )
    return {
        "TableName": table_name,
        "Key": {"pk": {"S": pk}},
        "UpdateExpression": expression,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {f"#{name}": name for name in {*written, *removed, *expected}},
        "ExpressionAttributeValues": item(
            {f":{name}": value for name, value in written.items()}
            | {f":expected_{name}": value for name, value in present.items()}
        ),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def unless_one_of(update: UpdateTypeDef, name: str, texts: Sequence[str]) -> UpdateTypeDef:
    """The update on the further condition that an attribute is none of these texts."""
    listed = {f":unless_{name}_{number}": {"S": text} for number, text in enumerate(texts)}
    condition = f"NOT #{name} IN ({', '.join(listed)})"
    return {
        **update,
        "ConditionExpression": f"{update['ConditionExpression']} AND {condition}",
        "ExpressionAttributeNames": {**update["ExpressionAttributeNames"], f"#{name}": name},
        "ExpressionAttributeValues": {**update["ExpressionAttributeValues"], **listed},
    }
