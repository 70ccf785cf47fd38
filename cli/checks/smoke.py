"""`vend doctor --smoke`: two requests that cannot be vended, followed to their ends in the ledger.

They create nothing in the organization. The first has no account, so it ends REJECTED; on its way
it needs the bus, the rule and its role, the state machine, the functions, the ledger and the
announcement. The second is for an account that exists, with an id that no account has: no step of
its source creates or invites an account, and the only one before its id is looked up claims the
request. Its execution is stopped, and the ledger has to say so by itself. Each keeps one row.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from cli.aws.stack import Stack
from cli.checks.checks import Check, Place, Result
from cli.output.shell_command import command
from vending.request.validators import REQUEST_ID_TAG

REQUEST_ID = "vend-doctor-smoke"
STOPPED_ID = "vend-doctor-smoke-stopped"
NO_ACCOUNT = "000000000000"
STOPPED = {"requestId": STOPPED_ID, "source": "existing", "account": {"accountId": NO_ACCOUNT}}

TAKES_AT_MOST = 120
"""Seconds; every function may start for the first time."""
HEARD_WITHIN = 60
"""Seconds from the stop of an execution to FAILED in the ledger."""
TRACED_WITHIN = 30
_INTERVAL = 0.5
_SOON = 0.02
"""Seconds between looks for the claim: the execution is to be stopped before it ends by itself."""
_TRIES = 4

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
    before = stack.ledger.row(REQUEST_ID)
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
            what=f"the request has not ended in the ledger after {TAKES_AT_MOST} seconds",
            remedy=f"`{command('doctor')}` shows whether its event could not be delivered; "
            "check the executions of the state machine, too",
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
        row = stack.ledger.row(REQUEST_ID)
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
        remedy="Try again in a minute; then check the role of AcceptRequest",
    )


def stopped(
    place: Place, *, clock: Callable[[], float] = time.monotonic, sleep: Sleep = time.sleep
) -> Iterator[Result]:
    """Whether the ledger hears of an execution that somebody stops."""
    if (stack := place.stack) is None:
        return
    check, states = "stopped execution", place.client("stepfunctions")
    for _ in range(_TRIES):
        arn = str(
            states.start_execution(
                stateMachineArn=stack.state_machine_arn, input=json.dumps(STOPPED)
            )["executionArn"]
        )
        until = clock() + TAKES_AT_MOST
        while not _holds(stack, arn) and clock() < until:
            sleep(_SOON)
        states.stop_execution(executionArn=arn, cause="vend doctor --smoke")
        began = clock()
        record = None
        while record is None and clock() < began + HEARD_WITHIN:
            record = _holds(stack, arn, state="FAILED")
            sleep(0 if record else _INTERVAL)
        if record is None:
            yield Result(
                check=check,
                level="fail",
                what=f"not FAILED in the ledger {HEARD_WITHIN} seconds after it was stopped",
                remedy="Check the rule ExecutionEnded on the default bus, the log of "
                "RecordExecutionEnd, and the dead-letter queue",
            )
            return
        if (record.get("error") or {}).get("code") == "ExecutionAborted":
            yield Result(check=check, level="ok", what=f"FAILED after {clock() - began:.0f} s")
            return
    yield Result(
        check=check,
        level="warn",
        what="not checked: each time, the execution ended on its own before it was stopped",
        remedy="Try again",
    )


def _holds(stack: Stack, arn: str, state: str | None = None) -> dict[str, Any] | None:
    """The record of the stopped request where it is this execution's, and in the state."""
    row = stack.ledger.row(STOPPED_ID)
    if row is None or row.record.get("executionArn") != arn:
        return None
    return dict(row.record) if state in {None, row.record["state"]} else None


def traces(
    place: Place, *, clock: Callable[[], float] = time.monotonic, sleep: Sleep = time.sleep
) -> Iterator[Result]:
    """Whether X-Ray has a trace of the state machine from the last minutes."""
    if (stack := place.stack) is None:
        return
    if stack.is_on_this_machine:
        yield Result(
            check="traces", level="warn", what="not checked: the embedded AWS keeps no traces"
        )
        return
    xray, name = place.client("xray"), stack.state_machine_arn.rsplit(":", 1)[-1]
    until = clock() + TRACED_WITHIN
    while True:
        now = datetime.datetime.now(datetime.UTC)
        found = xray.get_trace_summaries(
            StartTime=now - datetime.timedelta(minutes=10),
            EndTime=now,
            FilterExpression=f'service("{name}")',
        )["TraceSummaries"]
        if found:
            yield Result(check="traces", level="ok", what=f"X-Ray has a trace of {name}")
            return
        if clock() >= until:
            break
        sleep(_INTERVAL * 4)
    yield Result(
        check="traces",
        level="warn",
        what=f"X-Ray shows no trace of {name}",
        remedy="Try again in a minute: X-Ray samples requests; then check the state machine's role",
    )


def creation_grant(place: Place) -> Iterator[Result]:
    """Whether the function's role may create accounts with tags, as far as IAM simulates it.

    Nobody but Lambda may take the role, so that no call of its own can be tried.
    """
    if (stack := place.stack) is None:
        return
    check = "creation grant"
    if stack.is_on_this_machine:
        yield Result(
            check=check, level="warn", what="not checked: the embedded AWS simulates no policies"
        )
        return
    function = json.loads(stack.definition())["States"]["CreateAccount"]["Arguments"]
    configuration = place.client("lambda").get_function_configuration(
        FunctionName=function["FunctionName"]
    )
    tag = {"ContextKeyName": f"aws:RequestTag/{REQUEST_ID_TAG}", "ContextKeyType": "string"}
    keys = {"ContextKeyName": "aws:TagKeys", "ContextKeyType": "stringList"}
    decided = place.client("iam").simulate_principal_policy(
        PolicySourceArn=configuration["Role"],
        ActionNames=["organizations:CreateAccount", "organizations:TagResource"],
        ContextEntries=[
            tag | {"ContextKeyValues": [REQUEST_ID]},
            keys | {"ContextKeyValues": [REQUEST_ID_TAG]},
        ],
    )["EvaluationResults"]
    denied = [each["EvalActionName"] for each in decided if each["EvalDecision"] != "allowed"]
    yield Result(
        check=check,
        level="fail" if denied else "ok",
        what=f"IAM denies {', '.join(denied)} to the role of CreateAccount"
        if denied
        else "the role of CreateAccount may create accounts and tag them",
        remedy="Deploy again; then check for a permissions boundary" if denied else "",
    )


SMOKE: dict[str, Check] = {
    "smoke test": smoke,
    "stopped execution": stopped,
    "traces": traces,
    "creation grant": creation_grant,
}
