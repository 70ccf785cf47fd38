"""What the ledger keeps of an invitation, so that it is sent once and its answer finds its request.

Beside the request's own row there are pointers: rows with nothing but a requestId, whose keys are
what an event reports (`keys.handshake`, `keys.invited`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from vending.aws.clock import epoch, timestamp
from vending.frozen import frozen
from vending.ledger.ledger import Ledger
from vending.ledger.table import Put
from vending.states import State

if TYPE_CHECKING:
    from vending.ledger.item_types import InvitationRow, Row


@frozen
class InvitationRows:
    """The ledger as the operations on invitations use it; raises as the ledger does."""

    ledger: Ledger

    def record_intent(self, request_id: str, execution_arn: str) -> Row:
        """Write down that an account is about to be invited."""
        values = {"state": State.INVITED, "invitation": {"at": timestamp(self.ledger.clock())}}
        remove = ["handshakeId", "expiresAt"]
        return self.ledger.change(
            request_id, execution_arn, values=values, remove=remove, begins=True
        )

    def clear_intent(self, request_id: str, execution_arn: str) -> Row:
        """Clear that: AWS definitely sent no invitation."""
        return self.ledger.change(request_id, execution_arn, remove=["invitation"])

    def seconds_refused_as_duplicate(self, row: Row) -> float:
        """For how many seconds the row's execution has been refused for an unseen invitation."""
        refused = cast("InvitationRow", row).get("refusedAsDuplicate")
        if refused is None or refused["executionArn"] != row["executionArn"]:
            at = timestamp(self.ledger.clock())
            refused = {"executionArn": row["executionArn"], "at": at}
            values = {"refusedAsDuplicate": refused}
            self.ledger.change(row["requestId"], row["executionArn"], values=values)
        return self.ledger.clock() - epoch(refused["at"])

    def mark_invited(
        self,
        request_id: str,
        execution_arn: str,
        *,
        handshake_id: str,
        expires_at: str,
        next_steps: list[str] | None,
        pointers: Iterable[str],
    ) -> Row:
        """Keep the invitation, and the keys by which its answer finds the request."""
        for pointer in pointers:
            self.ledger.table.put(Put(item={"pk": pointer, "requestId": request_id}))
        values = {
            "state": State.INVITED,
            "handshakeId": handshake_id,
            "expiresAt": expires_at,
            "nextSteps": next_steps,
        }
        return self.ledger.change(request_id, execution_arn, values=values)

    def save_task_token(
        self, request_id: str, execution_arn: str, *, handshake_id: str, task_token: str
    ) -> Row:
        """Keep the token of the step that waits for the invitation's answer."""
        row = self.ledger.change(request_id, execution_arn, handshakeId=handshake_id)
        self.ledger.tokens.save(request_id, execution_arn, task_token)
        return row

    def find_by_pointer(self, pointer: str) -> Row | None:
        """The row of the request that a pointer leads to."""
        found = self.ledger.table.get(pointer)
        return self.ledger.get(found["requestId"]) if found else None
