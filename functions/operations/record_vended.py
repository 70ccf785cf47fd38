"""RecordVended: the ledger says that the account is done, and an event tells everybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from vending import ports
from vending.ledger import Ledger
from vending.locks import Locks, account_of
from vending.observability import metrics
from vending.operation import Json, Payload, operation
from vending.request import AccountId
from vending.rows import record_of

if TYPE_CHECKING:
    from vending.announcements import Announcements

CALLS = {"dynamodb:DeleteItem", "dynamodb:UpdateItem", "events:PutEvents"}


class RecordVended(Payload):
    """What was vended, where it was put (null: left in its place), and what is worth knowing."""

    execution_arn: str
    account_id: AccountId
    organizational_unit_id: str | None
    warnings: list[str] = Field([])


def run(payload: RecordVended, *, ledger: Ledger, announcements: Announcements) -> Json:
    """The record, VENDED."""
    row = ledger.vended(
        payload.request_id,
        payload.execution_arn,
        account_id=payload.account_id,
        organizational_unit_id=payload.organizational_unit_id,
        warnings=payload.warnings,
    )
    Locks(client=ledger.client, table_name=ledger.table_name).free(
        payload.request_id, payload.execution_arn, account_of(row)
    )
    record = record_of(row)
    announcements.state_changed(record)
    metrics.add_metric(name="AccountVended", unit="Count", value=1)
    return record


@operation(RecordVended)
def handler(payload: RecordVended) -> Json:
    """The Lambda entrance."""
    return run(payload, ledger=ports.ledger(), announcements=ports.announcements())
