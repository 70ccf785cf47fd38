"""By which request AWS creates an account, and how fast events report it: `keys.creation`.

A pointer is a row with a requestId, whose key is what an event tells of. It also keeps how late the
event about the call came, once that is known.
"""

from __future__ import annotations

from boto3.dynamodb.conditions import Attr

from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.table import IS_NEW, ConditionFailed, Put, Table, Update


@frozen
class CreationPointer:
    """The request of a creation.

    Attributes:
        request_id: whose account AWS creates.
        event_delay: whole seconds between the call and its event; None while none has come.
    """

    request_id: str
    event_delay: int | None


@frozen
class CreationPointers:
    """The pointers in the table. Every method may be repeated."""

    table: Table

    def save(self, creation_id: str, request_id: str) -> None:
        """Let events of the creation find its request. What is known of them already is kept."""
        item = {"pk": keys.creation(creation_id), "requestId": request_id}
        try:
            self.table.put(Put(item=item, condition=IS_NEW, returns_found=False))
        except ConditionFailed:
            return

    def save_event_delay(self, creation_id: str, seconds: int) -> str | None:
        """Keep how late the creation's first event came; its request, None where it has none.

        An event that is delivered again, later, says nothing new.
        """
        update = Update(
            pk=keys.creation(creation_id),
            values={"eventDelay": seconds},
            keep=["eventDelay"],
            condition=Attr("requestId").exists(),
        )
        try:
            return str(self.table.update(update)["requestId"])
        except ConditionFailed:
            return None

    def find(self, creation_id: str) -> CreationPointer | None:
        """The creation's pointer; None where no request made it."""
        found = self.table.get(keys.creation(creation_id), consistent=True)
        if found is None:
            return None
        delay = found.get("eventDelay")
        return CreationPointer(
            request_id=found["requestId"], event_delay=None if delay is None else int(delay)
        )
