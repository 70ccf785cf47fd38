"""The ledger as the command reads it: rows of requests, records of accounts, any other item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from cli.watch.submission import Record
from vending.ledger import keys
from vending.ledger.item_types import AccountRecord, Row
from vending.ledger.items import from_dynamodb
from vending.ledger.rows import record_of, row_of
from vending.states import State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEYS_PER_GET = 100


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """A request's row, with everything that the functions keep in it."""

    attributes: Row

    @property
    def record(self) -> Record:
        """What everybody sees of it, and what was asked."""
        return {**record_of(self.attributes), "request": self.attributes.get("request")}

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the content."""
        return self.attributes.get("fingerprint")


@dataclass(frozen=True, kw_only=True)
class LedgerReader:
    """The ledger's table, read with the caller's own credentials.

    Attributes:
        client: DynamoDB.
        table_name: of the deployed stack.
    """

    client: DynamoDBClient
    table_name: str

    def rows(self, request_ids: Sequence[str]) -> dict[str, LedgerRow]:
        """The ledger rows of those requests that have one, read consistently."""
        items = self._items([keys.request(request_id) for request_id in request_ids])
        return {pk.removeprefix(keys.REQUEST): _row(item) for pk, item in items.items()}

    def accounts(
        self, rows: Mapping[str, LedgerRow], contents: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, AccountRecord]:
        """The records of the accounts that requests are about, by the requests' ids.

        Args:
            rows: what the ledger knows of the requests.
            contents: the requests.
        """
        of: dict[str, str] = {}
        for request_id, content in contents.items():
            row = rows.get(request_id)
            account_id = row.record.get("accountId") if row else None
            account_id = account_id or content.get("account", {}).get("accountId")
            if account_id:
                of[request_id] = keys.account_record(account_id)
        items = self._items(sorted(set(of.values())))
        return {
            request_id: cast(AccountRecord, from_dynamodb(items[pk]))
            for request_id, pk in of.items()
            if pk in items
        }

    def items(self, pks: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The ledger's items of these keys that there are, read consistently, as plain values."""
        return {pk: from_dynamodb(item) for pk, item in self._items(pks).items()}

    def items_in(self, state: str) -> Iterator[dict[str, Any]]:
        """Every item of the ledger in a state, of requests, accounts and retirements alike."""
        return map(from_dynamodb, self._in_state(state))

    def row(self, request_id: str) -> LedgerRow | None:
        """The ledger row of one request."""
        return self.rows([request_id]).get(request_id)

    def records(self, state: str | None = None) -> list[Record]:
        """Every record, or those in `state`, newest change first.

        A retirement that waits for approval is among them, by its account's id.
        """
        found = [
            _row(item).record if _is_request(item) else _retirement(item)
            for one in ([state] if state else State)
            for item in self._in_state(one)
            if _is_request(item) or one == State.AWAITING_APPROVAL
        ]
        return sorted(found, key=lambda record: str(record.get("updatedAt", "")), reverse=True)

    def _items(self, pks: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """The ledger's items of these keys, read consistently."""
        found: dict[str, Mapping[str, Any]] = {}
        wanted_keys = [{"pk": {"S": pk}} for pk in pks]
        for start in range(0, len(wanted_keys), KEYS_PER_GET):
            some = {"Keys": wanted_keys[start : start + KEYS_PER_GET], "ConsistentRead": True}
            wanted: Any = {self.table_name: some}
            while wanted:
                answer = self.client.batch_get_item(RequestItems=wanted)
                for item in answer["Responses"].get(self.table_name, []):
                    found[str(item["pk"]["S"])] = item
                wanted = answer.get("UnprocessedKeys")
        return found

    def _in_state(self, state: str) -> Iterator[Mapping[str, Any]]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table_name,
            IndexName=keys.BY_STATE,
            KeyConditionExpression="#state = :state",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":state": {"S": state}},
            ScanIndexForward=False,
        )
        for page in pages:
            yield from page["Items"]


def _row(item: Mapping[str, Any]) -> LedgerRow:
    return LedgerRow(attributes=row_of(from_dynamodb(item)))


def _is_request(item: Mapping[str, Any]) -> bool:
    return str(item["pk"]["S"]).startswith(keys.REQUEST)


def _retirement(item: Mapping[str, Any]) -> Record:
    """A retirement's row as one of the list of requests."""
    row = from_dynamodb(item)
    return {**row, "requestId": row["accountId"], "source": "retirement"}
