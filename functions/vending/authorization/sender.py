"""Who sent a request, by what Amazon EventBridge says of the event that brought it, or by what an
entrance says that starts executions itself: the API, or the custom resource of CloudFormation.

EventBridge sets `account` itself: it is the account whose credentials put the event on the bus.
`source` is the sender's word, which the sender's own IAM policy and the bus's resource policy hold
it to by `events:source`. Neither shows the principal. Amazon EventBridge User Guide, "Events
in Amazon EventBridge".

The API starts executions itself, with an input in the form of an event that has the key `principal`
besides. No event on the bus can have it: PutEvents takes no such member. CloudFormation shows no
principal; the bus's resource policy lets nobody use the source of its requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vending.frozen import frozen
from vending.request import validators

DETAIL_TYPE = "detail-type"
"""The key by which an execution's input is an event, and no request by itself."""


_LONGEST = 256
"""Characters of a source, the longest of what EventBridge says (PutEvents, API reference)."""

API_SOURCE = "account-vending.api"
"""Of requests that came by the API, whose sender is a principal."""

CLOUDFORMATION_SOURCE = "account-vending.cloudformation"
"""Of requests that came by the custom resource; the sender is the account, with this source."""


@frozen
class Sender:
    """What the event says; all None for an execution that somebody started by hand."""

    account: str | None = None
    source: str | None = None
    event_id: str | None = None
    sent_at: str | None = None
    principal: str | None = None
    """Who called the API, as `vending.authorization.principals` names it; None of any event."""

    @property
    def is_by_hand(self) -> bool:
        """Whether no event started the execution: who may start one is an administrator."""
        return self == Sender()

    def as_record(self, requester: str) -> dict[str, str]:
        """The record's `sender`, with the requester that the request policy knows it as."""
        values = {
            "requester": requester,
            "account": self.account,
            "source": self.source,
            "eventId": self.event_id,
            "sentAt": self.sent_at,
            "principal": self.principal,
        }
        return {key: value for key, value in values.items() if value is not None}


def opened(execution_input: object) -> tuple[Sender, object]:
    """The sender, and the request itself: the event's detail, or the whole input by hand."""
    if not isinstance(execution_input, dict) or DETAIL_TYPE not in execution_input:
        return Sender(), execution_input
    event: dict[str, Any] = execution_input
    sender = Sender(
        account=_text(event.get("account")),
        source=_text(event.get("source")),
        event_id=_text(event.get("id")),
        sent_at=_text(event.get("time")),
        principal=_text(event["principal"]) if "principal" in event else None,
    )
    return sender, event.get("detail")


def enveloped(sender: Sender, detail_type: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    """The execution's input from which `opened` reads this sender and detail."""
    principal = {} if sender.principal is None else {"principal": sender.principal}
    return {
        "version": "0",
        "id": sender.event_id,
        DETAIL_TYPE: detail_type,
        "source": sender.source,
        "account": sender.account,
        "time": sender.sent_at,
        **principal,
        "detail": dict(detail),
    }


def _text(value: Any) -> str:
    """A short text, empty for anything else: an event without a sender has an unknown one."""
    is_one = isinstance(value, str) and len(value) <= _LONGEST and not validators.free_text(value)
    return value if is_one else ""
