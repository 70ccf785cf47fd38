"""One request alone: what it adds to AWS's creation time, what it runs, what it costs."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.bounds import added_time_bound
from bench.histories import added_time, lambda_runs, retries, states_entered
from bench.prices import AS_OF, WRITE_UNITS_OF_A_ROW, Use
from bench.results import Measurement, Report
from bench.system import Event, a_request, deployed
from bench.tables import number, span
from embedded.core.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.core.context import Call

TIMES = (3.0, 30.0, 120.0, 600.0)
"""AWS's creation times T, in seconds."""


@dataclass(frozen=True, kw_only=True)
class Reporting:
    """How CloudTrail's events report that an account is made.

    Attributes:
        name: in the table.
        seconds: after which they come; None: never.
        speeds: by T, how many times as fast as on AWS it is waited for.
    """

    name: str
    seconds: float | None
    speeds: Mapping[float, float]


IN_TIME = Reporting(
    name="events after 1 s", seconds=1.0, speeds={3.0: 1.0, 30.0: 2.0, 120.0: 4.0, 600.0: 10.0}
)
_QUICKER = {3.0: 1.0, 30.0: 2.0, 120.0: 8.0, 600.0: 30.0}
LATE = Reporting(name="events after 17 s", seconds=17.0, speeds=_QUICKER)
NEVER = Reporting(name="no events", seconds=None, speeds=_QUICKER)

MOST_ADDED_SECONDS = 2.0
MOST_POLLS, MOST_STATES, MOST_LAMBDA_RUNS = 5, 34, 14
DEAREST_RATIO = 1.1
"""What a vend at the longest T may cost more than one at the shortest, where events report."""

_REPORTS = ("CreateAccount", "CreateAccountResult")
_PATIENCE = 180.0
_COST_NOTE = (
    f"public prices of {AS_OF}; for others only states and Lambda requests, without the rest of "
    "what they run"
)
_BILLED = re.compile(r'"billedDurationMs": (\d+)|Billed Duration: (\d+) ms')
_READS = {"GetItem": 1.0, "Query": 1.0, "TransactGetItems": 2.0}
_WRITES = {"PutItem": 1, "UpdateItem": 1, "DeleteItem": 1, "TransactWriteItems": 2}

_POLLS = {"LZA": 15, "LZA creation workflow": 60, "ASEA": 60, "api-account-factory": 300}


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One account elsewhere, by a static reading of public definitions: states entered and Lambda
    runs, each with how many more for every poll, and its fixed waits in words.
    """

    name: str
    states: int
    states_per_poll: int
    lambda_runs: int
    lambda_runs_per_poll: int
    poll_seconds: float | None
    waits: str

    def at(self, creation_seconds: float) -> tuple[int, int]:
        """States entered and Lambda runs at AWS's creation time T, at least."""
        polls = int(creation_seconds // self.poll_seconds) if self.poll_seconds else 0
        return (
            self.states + self.states_per_poll * polls,
            self.lambda_runs + self.lambda_runs_per_poll * polls,
        )


def _peer(
    name: str, states: int, runs: int, waits: str, per_poll: tuple[int, int] = (0, 0)
) -> Peer:
    return Peer(
        name=name,
        states=states,
        states_per_poll=per_poll[0],
        lambda_runs=runs,
        lambda_runs_per_poll=per_poll[1],
        poll_seconds=_POLLS.get(name),
        waits=waits,
    )


PEERS = (
    _peer("AFT", 14, 12, "65 s, 10 s or more, a tick of 0-300 s"),
    _peer("ADF", 29, 15, "130 s"),
    _peer("ASEA", 8, 4, "60 s a poll", (3, 1)),
    _peer("LZA", 2, 6, "15 s a poll", (1, 2)),
    _peer("LZA creation workflow", 11, 7, "60 s a poll", (3, 1)),
    _peer("JimmyDqv", 12, 9, "180 s"),
    _peer("api-account-factory", 7, 4, "300 s a poll", (3, 1)),
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One vend. `added` is in seconds, `waited_in_vain` the part of it spent between AWS being done
    and an event or a poll that said so. `lambda_runs` counts those of events about it, too.
    """

    creation_seconds: float
    reporting: Reporting
    added: float
    waited_in_vain: float
    processing: float
    polls: int
    states: int
    retries: int
    lambda_runs: int
    calls: int
    use: Use


def used(
    events: Sequence[Event], calls: Iterable[Call], log_lines: Iterable[str], memory_gb: float
) -> Use:
    """What a vend used of everything that has a price, the request's own event included."""
    calls = list(calls)
    tables = [call.operation for call in calls if call.service == "dynamodb"]
    milliseconds = sum(
        int(found[1] or found[2]) for line in log_lines if (found := _BILLED.search(line))
    )
    return Use(
        transitions=states_entered(events) + retries(events),
        lambda_runs=lambda_runs(events),
        lambda_gb_seconds=milliseconds / 1000 * memory_gb,
        write_units=sum(_WRITES.get(one, 0) * WRITE_UNITS_OF_A_ROW for one in tables),
        read_units=sum(_READS.get(one, 0.0) for one in tables),
        events=1 + sum(call.service == "events" for call in calls),
    )


def vend(creation_seconds: float, reporting: Reporting) -> Outcome:
    """Vend one account by warm functions in an organization that was vended to before."""
    from embedded.lambda_runtime import logs  # noqa: PLC0415
    from embedded.organizations import OrganizationSettings  # noqa: PLC0415

    speed = reporting.speeds[creation_seconds]
    settings = OrganizationSettings(
        creation_seconds=creation_seconds, event_seconds=reporting.seconds or 0.0
    )
    faults: list[dict[str, object]] = [{"createAccount": {"calls": [1, 2], "seconds": 0.5}}]
    if reporting.seconds is None:
        faults += [{"event": name, "lost": True} for name in _REPORTS]
    with deployed(Clock(speed), organization=settings, faults=faults) as system:
        for warm in range(2):
            system.await_end(system.start(a_request(warm, prefix="warm")))
        functions = system.functions()
        logged = {name: len(logs(name)) for name in functions}
        system.aws.context.calls.clear()
        arn = system.start(a_request(0))
        status = system.await_end(arn, patience=_PATIENCE + creation_seconds / speed)
        if status != "SUCCEEDED":
            raise RuntimeError(f"the request ended {status}")
        events = system.history(arn)
        calls = [call for call in system.aws.context.calls if system.is_ours(call)]
        lines = {name: logs(name)[logged[name] :] for name in functions}
        requested, completed = system.last_creation()
        added, in_vain, processing = added_time(
            events,
            requested,
            completed,
            speed,
            reported_after=math.inf if reporting.seconds is None else reporting.seconds,
        )
        use = used(events, calls, itertools.chain(*lines.values()), max(functions.values()) / 1024)
        runs_of_events = sum(
            line.startswith("START")
            for name, of_function in lines.items()
            if "AnswerCreateAccount" in name
            for line in of_function
        )
        return Outcome(
            creation_seconds=creation_seconds,
            reporting=reporting,
            added=added,
            waited_in_vain=in_vain,
            processing=processing,
            polls=sum(call.operation == "DescribeCreateAccountStatus" for call in calls),
            states=states_entered(events),
            retries=retries(events),
            lambda_runs=lambda_runs(events) + runs_of_events,
            calls=sum(call.service in {"organizations", "iam"} for call in calls),
            use=replace(use, lambda_runs=use.lambda_runs + runs_of_events),
        )


def limits(outcomes: Sequence[Outcome]) -> list[Measurement]:
    """What the vends are held to: flat in T where events report, else by what looking may take."""
    found = []
    for one in outcomes:
        where = f"T = {one.creation_seconds:g} s, {one.reporting.name}"
        in_time = one.reporting is IN_TIME
        bound = MOST_ADDED_SECONDS if in_time else added_time_bound(one.creation_seconds)
        found.append(
            Measurement(name=f"added time, {where}", value=one.added, unit="s", at_most=bound)
        )
        if in_time:
            found += [
                Measurement(name=f"polls, {where}", value=one.polls, at_most=MOST_POLLS),
                Measurement(name=f"states, {where}", value=one.states, at_most=MOST_STATES),
                Measurement(
                    name=f"Lambda runs, {where}", value=one.lambda_runs, at_most=MOST_LAMBDA_RUNS
                ),
            ]
    prices = [one.use.dollars() for one in outcomes if one.reporting is IN_TIME]
    if prices:
        ratio = max(prices) / min(prices)
        found.append(Measurement(name="dearest T / cheapest T", value=ratio, at_most=DEAREST_RATIO))
    return found


def measure(creation_times: Sequence[float] = TIMES) -> Report:
    """Added time, states, runs, calls and dollars at every T, beside the counts of others."""
    outcomes = [
        vend(seconds, reporting)
        for reporting in (IN_TIME, LATE, NEVER)
        for seconds in creation_times
    ]
    rows = [
        [
            f"this project, T = {one.creation_seconds:g} s, {one.reporting.name}",
            span(one.added),
            f"{one.polls}",
            f"{one.states}",
            f"{one.lambda_runs}",
            f"{one.calls}",
            number(one.use.dollars(), "$"),
        ]
        for one in outcomes
    ]
    for peer in PEERS:
        states, runs = peer.at(30.0)
        least = Use(transitions=states, lambda_runs=runs).dollars()
        rows.append(
            [
                f"{peer.name}, T = 30 s",
                peer.waits,
                "-",
                f">= {states}",
                f">= {runs}",
                "-",
                f">= {number(least, '$')}",
            ]
        )
    return Report(
        part="one",
        title="One request",
        headings=[
            "system",
            "added time",
            "polls",
            "states",
            "Lambda runs",
            "Organizations calls",
            "cost",
        ],
        table=rows,
        measurements=limits(outcomes),
        notes=[
            *(
                f"T = {one.creation_seconds:g} s, {one.reporting.name}, at "
                f"{one.reporting.speeds[one.creation_seconds]:g} times AWS's pace: "
                f"{one.waited_in_vain:.1f} s until an event or a poll said so, "
                f"{one.processing:.1f} s of processing, {one.retries} retries"
                for one in outcomes
            ),
            "Lambda runs are those of the workflow and of the events about the creation",
            _COST_NOTE,
        ],
        data={
            "vends": [
                {
                    "creation_seconds": one.creation_seconds,
                    "event_seconds": one.reporting.seconds,
                    "added_seconds": one.added,
                    "polls": one.polls,
                    "states": one.states,
                    "transitions": one.use.transitions,
                    "lambda_runs": one.lambda_runs,
                    "lambda_gb_seconds": one.use.lambda_gb_seconds,
                    "organizations_calls": one.calls,
                    "dynamodb_write_units": one.use.write_units,
                    "dynamodb_read_units": one.use.read_units,
                    "events": one.use.events,
                    "dollars": one.use.dollars(),
                }
                for one in outcomes
            ]
        },
    )
