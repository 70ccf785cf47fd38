"""The dashboard: how vending is, from left to right and from what matters most downwards."""

from collections.abc import Mapping, Sequence

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.alarms import RUNBOOK, titled
from infra.metrics import FIVE_MINUTES, counted, measured, searched
from infra.settings import Settings

_WIDTH = 24
_HEIGHT = 6
_GREEN, _RED, _AMBER, _BLUE, _GREY, _PURPLE = (
    cloudwatch.Color.GREEN,
    cloudwatch.Color.RED,
    cloudwatch.Color.ORANGE,
    cloudwatch.Color.BLUE,
    cloudwatch.Color.GREY,
    cloudwatch.Color.PURPLE,
)
_DAY = Duration.days(1)
_SECONDS = cloudwatch.YAxisProps(label="seconds", show_units=False, min=0)
_COUNT = cloudwatch.YAxisProps(label="count", show_units=False, min=0)
_MILLISECONDS = cloudwatch.YAxisProps(label="milliseconds", show_units=False, min=0)


class VendingDashboard(Construct):
    """The dashboard of one stack. `alarms` are shown in it, by name."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        functions: Mapping[str, lambda_.IFunction],
        state_machine: sfn.IStateMachine,
        dead_letter_queue: sqs.IQueue,
        alarms: Mapping[str, cloudwatch.Alarm],
    ) -> None:
        super().__init__(scope, id_)
        links = _links(settings, state_machine, alarms)
        rows: list[list[cloudwatch.IWidget]] = [
            _head(links, alarms),
            [_totals(), _success(), _accounts(), _quota(settings)],
            [_requests(), _time_to_vend(), _failures()],
            [_steps(), _queue(), _creations()],
            [_retirements(), _failed_retirements(), _closing_queue()],
            [
                _executions(state_machine),
                _function_errors(functions),
                _function_throttles(functions),
            ],
            [_retries(), _reconciliation(), _dead_letters(dead_letter_queue)],
        ]
        self.dashboard = cloudwatch.Dashboard(
            self,
            "Dashboard",
            # People look for it by its name.
            dashboard_name=Stack.of(self).stack_name,
            default_interval=_DAY,
            widgets=rows,
        )


def _links(
    settings: Settings, state_machine: sfn.IStateMachine, alarms: Mapping[str, cloudwatch.Alarm]
) -> str:
    console = f"https://{Aws.REGION}.console.aws.amazon.com"
    machine = (
        f"{console}/states/home?region={Aws.REGION}#/statemachines/view/"
        f"{state_machine.state_machine_arn}"
    )
    queries = f"{console}/cloudwatch/home?region={Aws.REGION}#logsV2:logs-insights"
    dead_letters = f"{console}/sqs/v3/home?region={Aws.REGION}#/queues"
    sections = [
        f"[{title}]({settings.runbook_url}#{anchor})" if settings.runbook_url else title
        for title, anchor in map(titled, alarms)
    ]
    return "\n".join(
        (
            "# Account vending",
            f"[Executions]({machine}) · [Log queries]({queries}) · [Queues]({dead_letters})",
            "",
            *([f"What to do, in {RUNBOOK}: {' · '.join(sections)}", ""] if sections else []),
            "`vend doctor` · `vend list --state FAILED` · `vend status ID` · `vend resume ID`",
        )
    )


def _head(links: str, alarms: Mapping[str, cloudwatch.Alarm]) -> list[cloudwatch.IWidget]:
    if not alarms:
        return [cloudwatch.TextWidget(markdown=links, width=_WIDTH, height=5)]
    return [
        cloudwatch.TextWidget(markdown=links, width=8, height=5),
        cloudwatch.AlarmStatusWidget(
            title="Alarms", alarms=list(alarms.values()), width=16, height=5
        ),
    ]


def _totals() -> cloudwatch.IWidget:
    return cloudwatch.SingleValueWidget(
        title="Requests in this time",
        metrics=[
            measured("RequestAccepted", label="accepted", color=_BLUE),
            measured("AccountVended", label="vended", color=_GREEN),
            measured("AccountChanged", label="changed", color=_BLUE),
            measured("AccountVendingFailed", label="failed", color=_RED),
            measured("RequestRejected", label="rejected", color=_AMBER),
            measured("RequestDuplicate", label="repeated", color=_GREY),
            measured("RequestSuperseded", label="superseded", color=_GREY),
        ],
        set_period_to_time_range=True,
        full_precision=False,
        width=10,
        height=4,
    )


def _success() -> cloudwatch.IWidget:
    return cloudwatch.SingleValueWidget(
        title="Success rate",
        metrics=[
            cloudwatch.MathExpression(
                expression="100 * vended / (vended + FILL(failed, 0))",
                label="% vended",
                color=_GREEN,
                using_metrics={
                    "vended": measured("AccountVended"),
                    "failed": measured("AccountVendingFailed"),
                },
                period=FIVE_MINUTES,
            )
        ],
        set_period_to_time_range=True,
        width=4,
        height=4,
    )


def _accounts() -> cloudwatch.IWidget:
    return cloudwatch.SingleValueWidget(
        title="Accounts of the organization",
        metrics=[
            measured("AccountsUsed", statistic="Maximum", period=_DAY, label="used", color=_BLUE),
            measured(
                "AccountQuota", statistic="Maximum", period=_DAY, label="allowed", color=_GREY
            ),
        ],
        width=5,
        height=4,
    )


def _quota(settings: Settings) -> cloudwatch.IWidget:
    return cloudwatch.GaugeWidget(
        title="Of the quota for accounts",
        metrics=[
            measured(
                "AccountQuotaUsed", statistic="Maximum", period=_DAY, label="% used", color=_BLUE
            )
        ],
        left_y_axis=cloudwatch.YAxisProps(min=0, max=100),
        annotations=[
            cloudwatch.HorizontalAnnotation(
                value=settings.alarm_quota_percent,
                color=_RED,
                fill=cloudwatch.Shading.ABOVE,
                label="alarm",
            )
        ],
        width=5,
        height=4,
    )


def _graph(
    title: str,
    left: Sequence[cloudwatch.IMetric],
    *,
    axis: cloudwatch.YAxisProps = _COUNT,
    right: Sequence[cloudwatch.IMetric] = (),
    right_axis: cloudwatch.YAxisProps | None = None,
    stacked: bool = False,
) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(left),
        left_y_axis=axis,
        right=list(right),
        right_y_axis=right_axis,
        stacked=stacked,
        legend_position=cloudwatch.LegendPosition.BOTTOM,
        width=_WIDTH // 3,
        height=_HEIGHT,
    )


def _requests() -> cloudwatch.IWidget:
    return _graph(
        "Requests",
        [
            counted("RequestAccepted", label="accepted", color=_BLUE),
            counted("AccountVended", label="vended", color=_GREEN),
            counted("AccountVendingFailed", label="failed", color=_RED),
            counted("RequestRejected", label="rejected", color=_AMBER),
        ],
    )


def _time_to_vend() -> cloudwatch.IWidget:
    by = ("service", "source")
    return _graph(
        "Time to vend, by source",
        [
            searched("VendDuration", by=by, statistic="p50", label="p50"),
            searched("VendDuration", by=by, statistic="p95", label="p95"),
        ],
        axis=_SECONDS,
    )


def _failures() -> cloudwatch.IWidget:
    return _graph(
        "Failures, by who must act and why",
        [searched("AccountVendingFailed", by=("owner", "reason"), statistic="Sum", fill=True)],
        stacked=True,
    )


def _steps() -> cloudwatch.IWidget:
    return _graph(
        "Steps: p95 of a run",
        [searched("StepDuration", by=("service", "step"), statistic="p95")],
        axis=_MILLISECONDS,
    )


def _queue() -> cloudwatch.IWidget:
    return _graph(
        "Creation queue",
        [measured("QueueBacklog", statistic="Maximum", label="waiting", color=_PURPLE)],
        right=[
            measured("QueueWait", statistic="p50", label="wait p50", color=_GREY),
            measured("QueueWait", statistic="p95", label="wait p95", color=_BLUE),
        ],
        right_axis=_SECONDS,
    )


def _creations() -> cloudwatch.IWidget:
    return _graph(
        "AWS creates an account",
        [
            measured("CreationDuration", statistic="p50", label="p50", color=_GREY),
            measured("CreationDuration", statistic="p95", label="p95", color=_BLUE),
        ],
        axis=_SECONDS,
    )


def _retirements() -> cloudwatch.IWidget:
    return _graph(
        "Accounts that are retired",
        [
            counted("AccountRetiring", label="suspended", color=_AMBER),
            counted("AccountRestored", label="restored", color=_GREEN),
            counted("AccountClosed", label="closed", color=_GREY),
            counted("AccountRetirementFailed", label="retirement failed", color=_RED),
        ],
    )


def _failed_retirements() -> cloudwatch.IWidget:
    return _graph(
        "Failed retirements, by who must act and why",
        [searched("AccountRetirementFailed", by=("owner", "reason"), statistic="Sum", fill=True)],
        stacked=True,
    )


def _closing_queue() -> cloudwatch.IWidget:
    return _graph(
        "Closing queue",
        [measured("ClosureBacklog", statistic="Maximum", label="waiting to close", color=_PURPLE)],
        right=[
            measured("ClosureWait", statistic="p50", label="wait to close p50", color=_GREY),
            measured("ClosureWait", statistic="p95", label="wait to close p95", color=_BLUE),
        ],
        right_axis=_SECONDS,
    )


def _executions(state_machine: sfn.IStateMachine) -> cloudwatch.IWidget:
    shown = {
        "ExecutionsStarted": ("started", _BLUE),
        "ExecutionsSucceeded": ("succeeded", _GREEN),
        "ExecutionsFailed": ("failed", _RED),
        "ExecutionsAborted": ("stopped", _AMBER),
        "ExecutionsTimedOut": ("timed out", _PURPLE),
    }
    return _graph(
        "Executions of the state machine",
        [
            state_machine.metric(
                name, statistic="Sum", period=FIVE_MINUTES, label=label, color=color
            )
            for name, (label, color) in shown.items()
        ],
    )


def _function_errors(functions: Mapping[str, lambda_.IFunction]) -> cloudwatch.IWidget:
    return _graph(
        "Runs of functions that ended with an error",
        [
            function.metric_errors(period=FIVE_MINUTES, label=operation)
            for operation, function in functions.items()
        ],
        stacked=True,
    )


def _function_throttles(functions: Mapping[str, lambda_.IFunction]) -> cloudwatch.IWidget:
    throttles = {
        f"t{number}": function.metric_throttles(period=FIVE_MINUTES)
        for number, function in enumerate(functions.values())
    }
    return _graph(
        "Runs of functions that Lambda throttled",
        [
            cloudwatch.MathExpression(
                expression="SUM(METRICS())",
                label="all functions",
                color=_RED,
                using_metrics=throttles,
                period=FIVE_MINUTES,
            )
        ],
    )


def _retries() -> cloudwatch.IWidget:
    return _graph(
        "Repeated and throttled calls",
        [
            counted("Retries", label="repeated", color=_AMBER),
            counted("Throttled", label="throttled", color=_RED),
        ],
    )


def _reconciliation() -> cloudwatch.IWidget:
    # Counted once an hour where anything is in progress; the others are events.
    gauges = {"RequestsInProgress": ("in progress", _BLUE), "RequestsStuck": ("stuck", _RED)}
    events = {
        "RequestRepaired": ("ended unrecorded", _PURPLE),
        "AccountDrift": ("findings", _AMBER),
        "AccountDiscovered": ("created elsewhere", _GREY),
    }
    return _graph(
        "What the reconciliation found",
        [
            *(
                measured(name, statistic="Maximum", label=label, color=color)
                for name, (label, color) in gauges.items()
            ),
            *(counted(name, label=label, color=color) for name, (label, color) in events.items()),
        ],
    )


def _dead_letters(queue: sqs.IQueue) -> cloudwatch.IWidget:
    return _graph(
        "Dead letters",
        [
            queue.metric_approximate_number_of_messages_visible(
                statistic="Maximum", period=FIVE_MINUTES, label="waiting", color=_RED
            )
        ],
    )
