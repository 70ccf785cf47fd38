"""DynamoDB's items as Python's values and back, by boto3's own serializer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer


def to_dynamodb(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as DynamoDB takes them; numbers must be int or Decimal."""
    serializer = TypeSerializer()
    return {name: serializer.serialize(value) for name, value in values.items()}


def from_dynamodb(item: Mapping[str, Any]) -> dict[str, Any]:
    """What an item holds; whole numbers are int, all others Decimal."""
    deserializer = TypeDeserializer()
    return {name: _plain(deserializer.deserialize(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    whole = isinstance(value, Decimal) and value == value.to_integral_value()
    return int(value) if whole else value
