"""`vend doctor --smoke`: one request that must be refused, followed from the bus to the ledger.

It creates nothing in the organization. The request has no account, so it ends REJECTED; on its way
it needs the bus, the rule and its role, the state machine, the functions, the ledger and the
announcement. It keeps one row, always the same.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from cli.checks import Place, Result
from cli.invocation import command
from cli.stack import Stack

REQUEST_ID = "vend-doctor-smoke"
TAKES_AT_MOST = 120
"""Seconds; every function may start for the first time."""
_INTERVAL = 0.5

Sleep = Callable[[float], None]


def smoke(
    place: Place, *, clock: Callable[[], float] = time.monotonic, sleep: Sleep = time.sleep
) -> Iterator[Result]:
    """Results of the request's way: its end, its execution, and the log of a function."""
    if place.stack is None:
        yield Result(
            check="smoke test",
            level="fail",
            what="AccountVending is not deployed, or not complete",
            remedy="Deploy it with `make deploy`",
        )
        return
    stack = place.stack
    before = stack.row(REQUEST_ID)
    (refusal,) = stack.publish([{"requestId": REQUEST_ID}])
    if refusal:
        yield Result(
            check="smoke test",
            level="fail",
            what=f"the bus {stack.event_bus_name} refused the event: {refusal}",
            remedy="Use a role that may put events on the bus",
        )
        return
    seen = before.record.get("executionArn") if before else None
    began = clock()
    record = _ended(stack, seen, until=began + TAKES_AT_MOST, clock=clock, sleep=sleep)
    if record is None:
        yield Result(
            check="smoke test",
            level="fail",
            what=f"no end of the request in the ledger after {TAKES_AT_MOST} seconds",
            remedy=f"`{command('doctor')}` says whether its event could not be delivered; look at "
            "the executions of the state machine, too",
        )
        return
    yield Result(
        check="smoke test",
        level="ok" if record["state"] == "REJECTED" else "fail",
        what=f"a request without an account is {record['state']} after {clock() - began:.0f} s",
        remedy="" if record["state"] == "REJECTED" else f"`{command('status', REQUEST_ID)}`",
    )
    yield _execution(stack, str(record["executionArn"]))
    yield _log(place, stack)


def _ended(
    stack: Stack,
    seen: object,
    *,
    until: float,
    clock: Callable[[], float],
    sleep: Sleep,
) -> dict[str, Any] | None:
    """The record once another execution than `seen` has ended the request; None: too late."""
    while clock() < until:
        row = stack.row(REQUEST_ID)
        if row and row.record.get("executionArn") not in {None, seen}:
            return dict(row.record)
        sleep(_INTERVAL)
    return None


def _execution(stack: Stack, arn: str) -> Result:
    status = stack.execution_status(arn)
    return Result(
        check="execution",
        level="ok" if status in {"FAILED", "RUNNING"} else "fail",
        what=f"{arn.rsplit(':', 1)[-1]} is {status}",
        remedy="" if status in {"FAILED", "RUNNING"} else "A refused request's execution fails",
    )


def _log(place: Place, stack: Stack) -> Result:
    """Whether the first function of the workflow has written a log."""
    first = json.loads(stack.definition())["States"]["AcceptRequest"]
    name = first["Arguments"]["FunctionName"]
    configuration = place.client("lambda").get_function_configuration(FunctionName=name)
    group = configuration.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}")
    streams = place.client("logs").describe_log_streams(logGroupName=group, limit=1)["logStreams"]
    if streams:
        return Result(check="logs", level="ok", what=f"{group} has a log stream")
    return Result(
        check="logs",
        level="warn",
        what=f"{group} has no log stream yet",
        remedy="Try again in a minute; then look at the role of AcceptRequest",
    )
