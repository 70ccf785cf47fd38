"""What EventBridge Scheduler refuses and moto takes: a target's role that it may not assume.

Source: "Set up the execution role" and "Confused deputy prevention", EventBridge Scheduler User
Guide. Schedules are kept and shown; nothing fires them here, so nothing assumes the role later.
"""

from __future__ import annotations

from typing import Any

from moto.scheduler.exceptions import ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend

from embedded.policies.service_roles import may_assume

_moto_create_schedule = EventBridgeSchedulerBackend.create_schedule
_moto_update_schedule = EventBridgeSchedulerBackend.update_schedule


def create_schedule(self: EventBridgeSchedulerBackend, **given: Any) -> Any:
    """CreateSchedule.

    Raises:
        ValidationException: the target's role does not exist, or does not trust Scheduler.
    """
    _check_role(self, given)
    return _moto_create_schedule(self, **given)


def update_schedule(self: EventBridgeSchedulerBackend, **given: Any) -> Any:
    """UpdateSchedule.

    Raises:
        ValidationException: the target's role does not exist, or does not trust Scheduler.
    """
    _check_role(self, given)
    return _moto_update_schedule(self, **given)


def _check_role(backend: EventBridgeSchedulerBackend, given: dict[str, Any]) -> None:
    # Scheduler acts for the schedule's group, which is what aws:SourceArn names.
    region, group = backend.region_name, given["group_name"] or "default"
    place = f"{backend.partition}:scheduler:{region}:{backend.account_id}"
    arn = f"arn:{place}:schedule-group/{group}"
    if not may_assume(given["target"]["RoleArn"], "scheduler", region=region, source_arn=arn):
        raise ValidationException(
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the"
            " role."
        )
