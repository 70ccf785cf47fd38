"""The events on this system's bus, each with the record as its detail."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vending.errors.aws_errors import translate_aws_errors
from vending.errors.exceptions import ServiceUnavailable
from vending.frozen import frozen
from vending.requesters import DRIFT_REPAIRS
from vending.states import State

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "account-vending"
STATE_CHANGED = "AccountVendingStateChanged"
REQUESTED = "AccountRequested"
RECONCILED = "AccountVendingReconciled"
DRIFTED = "AccountDrifted"
RETIREMENT_REQUESTED = "AccountRetirementRequested"
RETIRING, RESTORED, CLOSED = "AccountRetiring", "AccountRestored", "AccountClosed"
RETIREMENT_FAILED = "AccountRetirementFailed"
RETIREMENT_AWAITS_APPROVAL = "AccountRetirementAwaitsApproval"
DECISION_REFUSED = "AccountApprovalRefused"
OUTCOMES: Mapping[str, str] = {
    State.VENDED: "AccountVended",
    State.FAILED: "AccountVendingFailed",
    State.REJECTED: "AccountVendingFailed",
}
"""The event besides, by the state with which a request has ended."""
CHANGED = "AccountChanged"
"""The event instead of AccountVended where the account was vended before, as `is_change` says."""


def is_change(record: Mapping[str, Any]) -> bool:
    """Whether a request that is vended changed an account which was vended before.

    It was of its second revision, and of those after it; and where the request only put back what
    somebody else had changed.
    """
    repairs = (record.get("sender") or {}).get("requester") == DRIFT_REPAIRS
    return repairs or (record.get("revision") or 1) > 1


@frozen
class EventPublisher:
    """The event bus as the operations use it."""

    client: EventBridgeClient
    bus_name: str

    def publish_state_changed(self, record: Mapping[str, Any]) -> None:
        """Publish the record's state, by a function that ends no request.

        Where the request has ended meanwhile, its outcome is published by what ended it. At least
        once: an operation that is repeated publishes again. ServiceUnavailable when EventBridge
        takes an entry in but does not accept it (PutEvents answers 200 then).
        """
        self._publish(record, [STATE_CHANGED])

    def publish_outcome(self, record: Mapping[str, Any]) -> None:
        """Publish the record's state and, if the request has ended, its outcome; as above."""
        detail_types = [STATE_CHANGED]
        if record["state"] == State.VENDED and is_change(record):
            detail_types.append(CHANGED)
        elif record["state"] in OUTCOMES:
            detail_types.append(OUTCOMES[record["state"]])
        self._publish(record, detail_types)

    def _publish(
        self, detail: Mapping[str, Any], detail_types: Sequence[str], *, source: str = SOURCE
    ) -> None:
        entries: list[PutEventsRequestEntryTypeDef] = [
            {
                "EventBusName": self.bus_name,
                "Source": source,
                "DetailType": detail_type,
                "Detail": json.dumps(detail, separators=(",", ":")),
            }
            for detail_type in detail_types
        ]
        self._put(entries)

    def publish_request(self, request: Mapping[str, Any], *, source: str) -> None:
        """Ask for an account as anybody may: ServiceUnavailable as above."""
        self._publish(request, [REQUESTED], source=source)

    def publish_retirement(self, detail_type: str, record: Mapping[str, Any]) -> None:
        """Tell how far the end of an account has come: ServiceUnavailable as above."""
        self._publish(record, [detail_type])

    def publish_report(self, report: Mapping[str, Any]) -> None:
        """Publish what was repaired and what was found: ServiceUnavailable as above."""
        self._publish(report, [RECONCILED])

    def publish_drift(self, report: Mapping[str, Any]) -> None:
        """Publish how an account differs from its document: ServiceUnavailable as above."""
        self._publish(report, [DRIFTED])

    def publish_refused_decision(self, report: Mapping[str, Any]) -> None:
        """Publish why an event's decision was not taken: ServiceUnavailable as above."""
        self._publish(report, [DECISION_REFUSED])

    def _put(self, entries: list[PutEventsRequestEntryTypeDef]) -> None:
        with translate_aws_errors():
            answer = self.client.put_events(Entries=entries)
        if answer["FailedEntryCount"]:
            refused = sorted({e["ErrorCode"] for e in answer["Entries"] if "ErrorCode" in e})
            raise ServiceUnavailable(
                f"PutEvents: EventBridge did not accept an event ({', '.join(refused)}).",
                remedy="No action needed: this is retried automatically.",
            )
