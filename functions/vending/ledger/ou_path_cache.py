"""Which organizational unit a path led to the last time, remembered in the ledger's table.

Finding a unit by its name means listing all that its parent has. What was found once is only looked
at again: AWS moves no unit to another parent, so a unit that is still there under its name, and
whose parent is, is what the path leads to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vending.errors.aws_errors import translating
from vending.ledger.items import item, values

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, kw_only=True)
class Unit:
    """An organizational unit below its parent, a unit or the root."""

    id: str
    parent_id: str


@dataclass(frozen=True, kw_only=True)
class Units:
    """Rows `unit#<path>`; any of them may be missing, or out of date."""

    client: DynamoDBClient
    table_name: str

    def get(self, path: str) -> Unit | None:
        """What the path led to."""
        with translating():
            answer = self.client.get_item(TableName=self.table_name, Key={"pk": {"S": _pk(path)}})
        found = values(answer.get("Item", {}))
        if not found:
            return None
        return Unit(id=found["organizationalUnitId"], parent_id=found["parentId"])

    def put(self, path: str, unit: Unit) -> None:
        """Remember what the path leads to now."""
        with translating():
            self.client.put_item(
                TableName=self.table_name,
                Item=item(
                    {
                        "pk": _pk(path),
                        "organizationalUnitId": unit.id,
                        "parentId": unit.parent_id,
                    }
                ),
            )


def _pk(path: str) -> str:
    return f"unit#{path}"
