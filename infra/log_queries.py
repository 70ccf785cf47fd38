"""Saved queries of CloudWatch Logs Insights, in a folder of the stack's name."""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

_OF_FUNCTIONS: Mapping[str, Sequence[str]] = {
    "One request by its id": (
        (
            "fields @timestamp, step, message, error, code, reason, owner, action, duration_ms,"
            " execution"
        ),
        'filter request_id = "ID OF THE REQUEST" and ispresent(message)',
        "sort @timestamp asc",
        "limit 1000",
    ),
    "Failures by reason": (
        'filter message = "failed"',
        (
            "stats count(*) as failures, latest(request_id) as last_request,"
            " latest(@timestamp) as last by owner, code, reason"
        ),
        "sort failures desc",
    ),
    "Slowest steps": (
        "filter ispresent(step) and ispresent(duration_ms)",
        (
            "stats count(*) as runs, pct(duration_ms, 50) as p50, pct(duration_ms, 95) as p95,"
            " max(duration_ms) as slowest by step"
        ),
        "sort p95 desc",
    ),
    "What was denied": (
        'filter message = "denied"',
        (
            "stats count(*) as times, latest(request_id) as last_request,"
            " latest(@timestamp) as last by action, step, code"
        ),
        "sort times desc",
    ),
}
_OF_MACHINES: Mapping[str, Sequence[str]] = {
    "One execution, state by state": (
        "fields @timestamp, type, details.name as state",
        'filter execution_arn = "ARN OF THE EXECUTION"',
        "sort @timestamp asc",
        "limit 1000",
    ),
}


class LogQueries(Construct):
    """The queries over the log groups of `functions`, and of state `machines`."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        functions: Sequence[logs.ILogGroup],
        machines: Sequence[logs.ILogGroup],
    ) -> None:
        super().__init__(scope, id_)
        folder = Stack.of(self).stack_name
        for queries, groups in ((_OF_FUNCTIONS, functions), (_OF_MACHINES, machines)):
            for name, lines in queries.items():
                logs.CfnQueryDefinition(
                    self,
                    "".join(word.strip(",").capitalize() for word in name.split()),
                    name=f"{folder}/{name}",
                    query_string="\n| ".join(lines),
                    log_group_names=[group.log_group_name for group in groups],
                )
