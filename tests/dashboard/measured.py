"""What CloudWatch would have of a deployed stack: the functions' EMF lines, and AWS's own metrics.

AWS's own are derived from what the embedded AWS shows of functions, executions and queues.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.emf import Sample, samples_in

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws

_ENDS = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "ABORTED": "ExecutionsAborted",
    "TIMED_OUT": "ExecutionsTimedOut",
}


def samples_of(aws: EmbeddedAws) -> list[Sample]:
    """Everything that was measured so far, once anything was."""
    found = sorted([*_of_functions(aws), *_of_executions(aws)], key=lambda sample: sample.at)
    return [*found, *_of_dead_letters(aws, found[0].at)]


def _of_functions(aws: EmbeddedAws) -> Iterator[Sample]:
    logs = aws.client("logs")
    for function in aws.client("lambda").list_functions()["Functions"]:
        name, group = function["FunctionName"], function["LoggingConfig"]["LogGroup"]
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        for event in (event for page in pages for event in page["events"]):
            line, at = event["message"], event["timestamp"] / 1000
            yield from samples_in(line, at)
            if line.startswith("REPORT "):
                yield _lambda("Invocations", name, 1, at)
                yield _lambda("Throttles", name, 0, at)
            elif _says(line) in {"done", "not done"}:
                yield _lambda("Errors", name, float(_says(line) == "not done"), at)


def _says(line: str) -> str:
    try:
        return str(json.loads(line).get("message"))
    except ValueError:
        return ""


def _lambda(metric: str, function: str, value: float, at: float) -> Sample:
    return _aws("AWS/Lambda", metric, ("FunctionName", function), value, at)


def _of_executions(aws: EmbeddedAws) -> Iterator[Sample]:
    machine = aws.outputs["StateMachineArn"]
    pages = aws.client("stepfunctions").get_paginator("list_executions")
    for page in pages.paginate(stateMachineArn=machine):
        for one in page["executions"]:
            dimension = ("StateMachineArn", machine)
            started, ended = one["startDate"].timestamp(), one.get("stopDate")
            yield _aws("AWS/States", "ExecutionsStarted", dimension, 1, started)
            if ended is not None:
                # AWS reports all five in each minute in which there is one.
                for status, metric in _ENDS.items():
                    value = float(status == one["status"])
                    yield _aws("AWS/States", metric, dimension, value, ended.timestamp())


def _of_dead_letters(aws: EmbeddedAws, began: float) -> Iterator[Sample]:
    url = aws.outputs["DeadLetterQueueUrl"]
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    visible = float(attributes["Attributes"]["ApproximateNumberOfMessages"])
    name = ("QueueName", url.rsplit("/", 1)[1])
    for value, at in ((0.0, began), (visible, aws.clock.now())):
        yield _aws("AWS/SQS", "ApproximateNumberOfMessagesVisible", name, value, at)


def _aws(
    namespace: str, metric: str, dimension: tuple[str, str], value: float, at: float
) -> Sample:
    return Sample(
        namespace=namespace, name=metric, dimensions=(dimension,), value=value, unit="None", at=at
    )


def dashboard_of(aws: EmbeddedAws) -> dict[str, Any]:
    """The body of the stack's only dashboard."""
    cloudwatch = aws.client("cloudwatch")
    (entry,) = cloudwatch.list_dashboards()["DashboardEntries"]
    text = cloudwatch.get_dashboard(DashboardName=entry["DashboardName"])["DashboardBody"]
    body: dict[str, Any] = json.loads(text)
    return body


def alarm_states(aws: EmbeddedAws) -> dict[str, str]:
    """The state of each alarm, by its ARN."""
    alarms = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {alarm["AlarmArn"]: alarm["StateValue"] for alarm in alarms}
