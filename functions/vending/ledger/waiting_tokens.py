"""The task tokens under which requests wait, apart from their rows: a token lets its holder answer.

Whoever may read requests can follow them and end none of their waits. A request waits at one place
at a time, and the token of an earlier wait is of no use, so one item a request is enough. DynamoDB
deletes it when no execution can wait under it any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.expiry import DELETE_AT
from vending.ledger.table import Put, Table

if TYPE_CHECKING:
    from vending.ledger.item_types import Row

KEPT_SECONDS = 50 * 86_400
"""Longer than an execution can last by its definition, which is 47 days and some hours."""


@frozen
class WaitingTokens:
    """The tokens in the table."""

    table: Table

    def save(
        self, request_id: str, execution_arn: str, task_token: str, *, awaits: str | None = None
    ) -> None:
        """Keep the token of the step at which the request's execution waits from now on.

        `awaits` is what it waits for, where whoever ends the wait might come too late for it.
        """
        item = {
            "pk": keys.token(request_id),
            "executionArn": execution_arn,
            "taskToken": task_token,
            **({"awaits": awaits} if awaits else {}),
            DELETE_AT: int(self.table.clock()) + KEPT_SECONDS,
        }
        self.table.put(Put(item=item))

    def save_for_execution(self, execution_arn: str, task_token: str) -> None:
        """Keep the token of a step that waits for the end of this execution of a request."""
        self.save(_end_of(execution_arn), execution_arn, task_token)

    def of_execution(self, execution_arn: str) -> str | None:
        """The token of the step that waits, or last waited, for the end of this execution."""
        found = self.table.get(keys.token(_end_of(execution_arn)), consistent=True)
        return str(found["taskToken"]) if found else None

    def find(self, row: Row, *, awaits: str | None = None) -> str | None:
        """The token under which the row's execution waits, or last waited; for this, if given."""
        found = self.table.get(keys.token(row["requestId"]), consistent=True)
        if found is None:
            return _of_earlier_version(cast(Mapping[str, Any], row))
        is_its_own = found["executionArn"] == row.get("executionArn")
        is_its_own = is_its_own and awaits in (None, found.get("awaits"))
        return str(found["taskToken"]) if is_its_own else None


def _end_of(execution_arn: str) -> str:
    return f"{keys.EXECUTION_END}{execution_arn.rpartition(':')[2]}"


def _of_earlier_version(row: Mapping[str, Any]) -> str | None:
    """Where a token was kept once: executions that wait since then are answered, too."""
    token: str | None = row.get("taskToken") or row.get("reservation", {}).get("taskToken")
    return token
