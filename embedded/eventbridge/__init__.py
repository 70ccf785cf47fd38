"""EventBridge: moto's buses and rules, with delivery to targets.

Events are matched (`patterns`) when they are put (`bus`), transformed (`inputs`) and delivered in
the background (`delivery`). Targets are Step Functions, SQS, SNS and Lambda; what else moto
delivers to, it delivers to. Rules with a schedule fire while `Schedules` runs; the schedules of
EventBridge Scheduler (`scheduler`) are kept and do not fire.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from moto.events.models import EventPattern, EventPatternParser, EventsBackend, events_backends
from moto.events.responses import EventsHandler
from moto.scheduler.models import EventBridgeSchedulerBackend

from embedded import ACCOUNT_ID, REGION
from embedded.eventbridge import bus, bus_policies, missing, patterns, rules, scheduler
from embedded.eventbridge.delivery import drain
from embedded.eventbridge.schedules import Schedules

__all__ = ["Schedules", "drain", "install", "publish"]


def publish(
    *,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    resources: Sequence[str] = (),
    account_id: str = ACCOUNT_ID,
    region: str = REGION,
) -> None:
    """Put an event of an AWS service (`source` aws.…) on the account's default bus."""
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Resources": list(resources),
    }
    events_backends[account_id][region].put_events([entry])


def _matches_event(self: Any, event: Mapping[str, Any]) -> bool:
    pattern = self.get_pattern()
    return not pattern or patterns.matches(pattern, event)


def _parse(self: Any) -> dict[str, Any]:
    return patterns.parse(self.pattern)


def install() -> None:
    """Deliver what is put on any bus."""
    bus_policies.install()
    EventsBackend.put_events = bus.put_events
    EventsBackend.put_rule = rules.put_rule
    EventsBackend.put_targets = rules.put_targets
    EventsBackend.describe_rule = missing.describe_rule
    EventsBackend.list_tags_for_resource = missing.list_tags_for_resource
    EventsBackend.tag_resource = missing.tag_resource
    EventsBackend.untag_resource = missing.untag_resource
    EventsHandler.put_events = bus.handle_put_events
    EventsHandler.test_event_pattern = bus.handle_test_event_pattern
    EventBridgeSchedulerBackend.create_schedule = scheduler.create_schedule
    EventBridgeSchedulerBackend.update_schedule = scheduler.update_schedule
    EventPattern.matches_event = _matches_event
    EventPatternParser.parse = _parse
