"""Rules with a schedule, fired in virtual time.

Implements "Creating a rule that runs on a schedule" of the user guide, for `rate(…)`: the first
time one interval after the rule was made. A schedule that falls behind (the embedded AWS runs
fast, the machine does not) fires once, not once for each interval missed.
"""

from __future__ import annotations

import datetime
import logging
import re
import threading
import uuid
from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends

from embedded.core.context import Context, current
from embedded.eventbridge.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOG = logging.getLogger(__name__)
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SECONDS = {"minute": 60.0, "hour": 3_600.0, "day": 86_400.0}
_LOOK_EVERY = 0.2
"""Real seconds between looks at the clock, which is often enough and costs next to nothing."""


class Schedules:
    """Fires what is due until stopped."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own; every interval begins now."""
        self._thread = threading.Thread(
            target=self._run, args=(current(),), name="event schedules", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Fire nothing more."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, context: Context) -> None:
        while not self._stopped.wait(_LOOK_EVERY):
            if current() is not context:
                return
            try:
                self.fire_due(context.clock.now())
            except Exception:
                _LOG.exception("a schedule did not fire")

    def fire_due(self, now: float) -> None:
        """Send an event to the targets of each enabled rule whose time has come."""
        known, self._due = self._due, {}
        for rule, interval in _scheduled():
            due = known.get(rule.arn, now + interval)
            if now >= due:
                due = now + interval
                if rule.state.startswith("ENABLED"):
                    _fire(rule, now)
            self._due[rule.arn] = due


def _scheduled() -> Iterator[tuple[Any, float]]:
    """Rules and their intervals in virtual seconds; schedules are on default buses only."""
    for regions in list(events_backends.values()):
        for backend in list(regions.values()):
            bus = backend.event_buses.get("default")
            for rule in list(bus.rules.values()) if bus else ():
                rate = _RATE.fullmatch(rule.scheduled_expression or "")
                if rate:
                    yield rule, int(rate[1]) * _SECONDS[rate[2]]


def _fire(rule: Any, now: float) -> None:
    region, account_id = rule.arn.split(":")[3:5]
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account_id,
        "time": text_of(now),
        "region": region,
        "resources": [rule.arn],
        "detail": {},
    }
    for target in list(rule.targets):
        Delivery(event=event, target=target, rule=rule).start()


def text_of(now: float) -> str:
    """A moment as events carry it."""
    return datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
