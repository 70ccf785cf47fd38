"""The resource policy of an event bus: how it is kept, and what it says to a principal.

Implements "Resource-based policies for Amazon EventBridge" of the user guide, and PutPermission of
the API reference, where moto forgets a principal's other statements.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.events.models import EventBus, EventBusPolicyStatement, events_backends

from embedded.core.principal import Principal
from embedded.policies import resource_policy
from embedded.policies.patterns import Values
from embedded.policies.policy import Decision, PolicyInvalid

ACTION = "events:PutEvents"
_ARN_PARTS = 6


def install() -> None:
    """Keep every statement until its own id is put again. Safe to repeat."""
    EventBus._remove_principals_statements = _keep
    EventBus.add_policy = _replace


def _keep(_: EventBus, *__: Any) -> None:
    return None


def _replace(self: EventBus, policy: dict[str, Any]) -> None:
    self._statements.clear()
    for statement in policy["Statement"]:
        put(self, statement)


def put(bus: EventBus, statement: dict[str, Any]) -> None:
    """Add a statement, in place of one of the same Sid."""
    bus._statements[statement["Sid"]] = EventBusPolicyStatement.from_dict(statement)


def bus_of(arn: str) -> EventBus | None:
    """The bus of this ARN, in whichever account."""
    parts = arn.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS or parts[2] != "events" or not parts[5].startswith("event-bus/"):
        return None
    backend = events_backends.get(parts[4], {}).get(parts[3])
    return backend.event_buses.get(parts[5].removeprefix("event-bus/")) if backend else None


def decision(
    bus_arn: str, principal: Principal, role_arn: str, context: Mapping[str, Values]
) -> Decision:
    """What the bus's policy says to the principal about putting the event of `context`.

    A bus that is not there says nothing, and a policy that cannot be understood lets nobody in.
    """
    bus = bus_of(bus_arn)
    if bus is None:
        return Decision.NOT_ALLOWED
    try:
        return resource_policy.decision(
            [statement.describe() for statement in list(bus._statements.values())],
            principal=principal,
            role_arn=role_arn,
            action=ACTION,
            resource=bus_arn,
            context=context,
        )
    except PolicyInvalid:
        return Decision.DENIED
