"""PutEvents, by users and by AWS services, and the way from a bus to its rules' targets."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterator
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.events.models import EventsBackend
from moto.events.responses import EventsHandler

from embedded.core import strict_json
from embedded.core.context import current
from embedded.eventbridge import bus_policies, patterns
from embedded.eventbridge.delivery import Delivery

_MOST_ENTRIES = 10
_LARGEST_REQUEST = 1024 * 1024
_REQUIRED = {"id", "account", "source", "time", "region", "detail-type"}
"""What an event has at least that TestEventPattern takes."""


def put_events(self: EventsBackend, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put entries on their buses as whoever they say they are: for AWS services.

    Returns an entry for each: `EventId`, or `ErrorCode` and `ErrorMessage`. An event for a bus that
    does not exist is accepted and dropped, as on AWS.
    """
    return [_put(self, entry) for entry in events]


def handle_put_events(self: EventsHandler) -> str:
    """PutEvents as users call it."""
    entries = self._get_param("Entries") or []
    if len(entries) > _MOST_ENTRIES:
        raise JsonRESTError(
            "ValidationException",
            "1 validation error detected: Value '[PutEventsRequestEntry]' at 'entries' failed to "
            "satisfy constraint: Member must have length less than or equal to 10",
        )
    if sum(_size(entry) for entry in entries) > _LARGEST_REQUEST:
        raise JsonRESTError(
            "ValidationException", "Total size of the entries in the request is over the limit."
        )
    results = [_reserved(entry) or _put(self.events_backend, entry) for entry in entries]
    failed = sum("ErrorCode" in result for result in results)
    return json.dumps({"FailedEntryCount": failed, "Entries": results})


def handle_test_event_pattern(self: EventsHandler) -> str:
    """TestEventPattern, which moto lacks."""
    try:
        event = json.loads(self._get_param("Event") or "")
    except ValueError:
        event = None
    if not isinstance(event, dict) or not event.keys() >= _REQUIRED:
        raise JsonRESTError("ValidationException", "Parameter Event is not valid.")
    pattern = patterns.parse(self._get_param("EventPattern"))
    return json.dumps({"Result": patterns.matches(pattern, event)})


def _size(entry: dict[str, Any]) -> int:
    """As "Calculating Amazon EventBridge PutEvents event entry size" counts it."""
    texts = (entry.get("Source"), entry.get("DetailType"), entry.get("Detail"))
    size = sum(
        len(str(text).encode(errors="surrogatepass"))
        for text in (*texts, *entry.get("Resources", []))
        if text
    )
    return size + (14 if entry.get("Time") is not None else 0)


def _reserved(entry: dict[str, Any]) -> dict[str, Any] | None:
    if str(entry.get("Source") or "").lower().startswith("aws."):
        return _refused("NotAuthorizedForSourceException", "Not authorized for the source.")
    return None


def _put(backend: EventsBackend, entry: dict[str, Any]) -> dict[str, Any]:
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            return _refused(
                "InvalidArgument",
                f"Parameter {name} is not valid. Reason: {name} is a required argument.",
            )
    try:
        detail = strict_json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        return _refused("MalformedDetail", "Detail is malformed.")
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": backend.account_id,
        "time": _time(entry.get("Time")),
        "region": backend.region_name,
        "resources": list(entry.get("Resources") or []),
        "detail": detail,
    }
    bus = _bus(backend, entry.get("EventBusName"))
    if bus is not None:
        route(bus, event, entry.get("TraceHeader"))
    return {"EventId": event["id"]}


def _bus(backend: EventsBackend, name_or_arn: str | None) -> Any:
    """The bus, which another account may have; its policy was asked before."""
    if name_or_arn and name_or_arn.startswith("arn:"):
        return bus_policies.bus_of(name_or_arn)
    return backend.event_buses.get(name_or_arn or "default")


def _refused(code: str, message: str) -> dict[str, Any]:
    return {"ErrorCode": code, "ErrorMessage": message}


def _time(given: Any) -> str:
    moment = current().clock.datetime()
    if isinstance(given, int | float):
        moment = datetime.datetime.fromtimestamp(given, datetime.UTC)
    elif isinstance(given, str):
        moment = datetime.datetime.fromisoformat(given)
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def route(bus: Any, event: dict[str, Any], trace_header: str | None = None) -> None:
    """Start the delivery to every target of every enabled rule of the bus that matches.

    At least once: as often, all at once, as the faults say for the event's detail-type or name.
    """
    deliveries = [
        Delivery(event=event, target=target, rule=rule, trace_header=trace_header)
        for rule in rules(bus, event)
        for target in list(rule.targets)
    ]
    if deliveries:
        fault = current().faults.for_event(event["detail-type"], event["detail"].get("eventName"))
        for delivery in deliveries * fault.deliveries:
            delivery.start()


def rules(bus: Any, event: dict[str, Any]) -> Iterator[Any]:
    """The enabled rules of the bus that match the event."""
    for rule in list(bus.rules.values()):
        if rule.state.startswith("ENABLED") and _matches(rule, event):
            yield rule


def _matches(rule: Any, event: dict[str, Any]) -> bool:
    pattern = rule.event_pattern.get_pattern()
    return bool(pattern) and patterns.matches(pattern, event)
