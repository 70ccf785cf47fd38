"""What an execution's history says about the time it took and what it ran."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.system import Event


def added_time(
    events: Sequence[Event],
    created_from: float,
    created_until: float,
    speed: float,
    *,
    reported_after: float = math.inf,
) -> tuple[float, float, float]:
    """What a vend took besides AWS's creation: (all, waiting for its end, processing), in seconds.

    Waiting counts at AWS's pace, processing at the machine's: before and after the creation,
    whatever is not a Wait state took real time, which passed `speed` times too fast. The end is
    waited for until the look that saw it began, or an event reported it: `reported_after` seconds.
    """
    began, ended = events[0].at, events[-1].at
    looked = max(
        (
            event.at
            for event in events
            if event.kind == "TaskStateEntered"
            and event.details["name"] == "DescribeCreateAccountStatus"
        ),
        default=created_until,
    )
    noticed = max(created_until, min(looked, created_until + reported_after))
    waits_before = _waited(events, began, created_from)
    waits_after = _waited(events, noticed, ended)
    busy = (created_from - began - waits_before) + (ended - noticed - waits_after)
    processing = busy / speed
    in_vain = noticed - created_until
    return waits_before + in_vain + waits_after + processing, in_vain, processing


def _waited(events: Sequence[Event], since: float, until: float) -> float:
    """Seconds in Wait states between two moments; outside of Parallel, where they would overlap."""
    total, entered = 0.0, None
    for event in events:
        if event.kind == "WaitStateEntered":
            entered = event.at
        elif event.kind == "WaitStateExited" and entered is not None:
            total += max(0.0, min(event.at, until) - max(entered, since))
            entered = None
    return total


def states_entered(events: Sequence[Event]) -> int:
    """How many states the execution entered."""
    return sum(event.kind.endswith("StateEntered") for event in events)


def retries(events: Sequence[Event]) -> int:
    """How many tasks were tried again; each is a state transition more."""
    entered = sum(event.kind == "TaskStateEntered" for event in events)
    return max(0, sum(event.kind == "TaskScheduled" for event in events) - entered)


def lambda_runs(events: Sequence[Event]) -> int:
    """How many functions the workflow ran."""
    return sum(
        event.kind == "TaskScheduled" and event.details.get("resourceType") == "lambda"
        for event in events
    )
