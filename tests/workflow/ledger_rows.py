"""Rows of the ledger that are put there by hand, where no execution is to make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vending.ledger.items import from_dynamodb, to_dynamodb

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws

_PER_WRITE = 25


class LedgerRows:
    """The ledger of an embedded AWS."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self._dynamodb = aws.client("dynamodb")
        self._name = aws.outputs["LedgerTableName"]

    def row(self, pk: str) -> dict[str, Any]:
        """The row of this key."""
        found = self._dynamodb.get_item(TableName=self._name, Key={"pk": {"S": pk}})
        return from_dynamodb(found["Item"])

    def put(self, rows: list[dict[str, Any]]) -> None:
        """Put rows in place of what has their keys."""
        puts = [{"PutRequest": {"Item": to_dynamodb(row)}} for row in rows]
        for begin in range(0, len(puts), _PER_WRITE):
            some = puts[begin : begin + _PER_WRITE]
            self._dynamodb.batch_write_item(RequestItems={self._name: some})
