"""What is said of a rule or a bus that is not there: moto names neither the bus nor the kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.events.exceptions import ResourceNotFoundException
from moto.events.models import EventsBackend

_moto_describe_rule = EventsBackend.describe_rule


def describe_rule(self: EventsBackend, name: str, event_bus_arn: str | None) -> Any:
    """DescribeRule.

    Raises:
        ResourceNotFoundException: there is no such bus, or no such rule on it.
    """
    bus_name = self._normalize_event_bus_arn(event_bus_arn)
    if name not in self._get_event_bus(bus_name).rules:
        raise _no_rule(name, bus_name)
    return _moto_describe_rule(self, name, event_bus_arn)


def _of_tagged(operation: Callable[..., Any]) -> Callable[..., Any]:
    """A tag operation by `arn` that finds the rule or bus there, or says which of them is not."""

    def checked(self: EventsBackend, arn: str, *args: Any, **given: Any) -> Any:
        kind, _, path = arn.rpartition(":")[2].partition("/")
        if kind == "event-bus" and path not in self.event_buses:
            raise ResourceNotFoundException(f"Event bus {path} does not exist.")
        if kind == "rule":
            # The ARN of a rule on the default bus does not name the bus.
            bus_name, _, name = path.rpartition("/")
            bus = self.event_buses.get(bus_name or "default")
            if bus is None or name not in bus.rules:
                raise _no_rule(name, bus_name or "default")
        return operation(self, arn, *args, **given)

    return checked


def _no_rule(name: str, bus_name: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"Rule {name} does not exist on EventBus {bus_name}.")


list_tags_for_resource = _of_tagged(EventsBackend.list_tags_for_resource)
tag_resource = _of_tagged(EventsBackend.tag_resource)
untag_resource = _of_tagged(EventsBackend.untag_resource)
