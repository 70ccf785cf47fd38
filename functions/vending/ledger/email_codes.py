"""What the ledger keeps of the code that AWS sends to a root user's new email; never the code.

AWS Account Management API reference: StartPrimaryEmailUpdate sends it, AcceptPrimaryEmailUpdate
takes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.aws.clock import timestamp
from vending.frozen import frozen
from vending.ledger.ledger import Ledger
from vending.states import State

if TYPE_CHECKING:
    from vending.ledger.item_types import EmailCode, Row


@frozen
class EmailCodes:
    """The ledger as the operations on root users' emails use it; raises as the ledger does."""

    ledger: Ledger

    def await_code(self, request_id: str, execution_arn: str, task_token: str) -> Row:
        """The execution waits for a code under this token from now on."""
        row = self.ledger.change(
            request_id, execution_arn, values={"state": State.AWAITING_CODE}, begins=True
        )
        self.ledger.tokens.save(request_id, execution_arn, task_token)
        return row

    def note_sent(self, row: Row) -> Row:
        """AWS was asked to send a code to the row's execution."""
        execution_arn = row["executionArn"]
        sent: EmailCode = {
            "executionArn": execution_arn,
            "sentAt": timestamp(self.ledger.clock()),
        }
        return self.ledger.change(row["requestId"], execution_arn, values={"emailCode": sent})

    def note_refused(self, request_id: str, execution_arn: str) -> Row:
        """AWS did not take the code that was given."""
        row = self.ledger.owned(request_id, execution_arn)
        code: EmailCode = {**row.get("emailCode", {})}
        code["refusedAt"] = timestamp(self.ledger.clock())
        return self.ledger.change(request_id, execution_arn, values={"emailCode": code})


def was_sent(row: Row) -> bool:
    """Whether AWS was asked for a code by this very execution."""
    return row.get("emailCode", {}).get("executionArn") == row["executionArn"]
