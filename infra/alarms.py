"""What wakes somebody: one alarm a section of docs/runbook.md, under the same name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.metrics import measured
from infra.settings import Settings

RUNBOOK = "docs/runbook.md"
THROTTLED_CALLS = 30
"""In a quarter of an hour; a few are everyday, and who was refused waits and tries again."""
MOST_HOURS = 83
"""Of a schedule whose missing can be noticed: CloudWatch looks back for seven days."""

_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """When an alarm goes off.

    Attributes:
        name: of the alarm, `FailedVends`; its section of the runbook is `Failed vends`.
        says: what it means, in a sentence.
        metric: what is watched.
        at_least: it goes off from this value on.
        periods: so many periods of the metric in a row.
        missing: what it means that nothing is measured.
        below: it goes off below `at_least` instead.
        lasts: whether it lasts, so that its end is notified, too; else it is about an event.
    """

    name: str
    says: str
    metric: cloudwatch.IMetric
    at_least: float = 1
    periods: int = 1
    missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING
    below: bool = False
    lasts: bool = False


class Alarms(Construct):
    """The alarms, which notify `topic`. `alarms` has them by name."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        topic: sns.ITopic,
        dead_letter_queue: sqs.IQueue,
        reconciler: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, id_)
        self.alarms: dict[str, cloudwatch.Alarm] = {}
        action = actions.SnsAction(topic)
        runbook = settings.runbook_url or RUNBOOK
        for condition in _conditions(settings, dead_letter_queue, reconciler):
            _, anchor = titled(condition.name)
            alarm = cloudwatch.Alarm(
                self,
                condition.name,
                # It is the subject of the mail that wakes somebody.
                alarm_name=f"{Stack.of(self).stack_name}-{condition.name}",
                alarm_description=f"{condition.says} What to do: {runbook}#{anchor}",
                metric=condition.metric,
                threshold=condition.at_least,
                evaluation_periods=condition.periods,
                comparison_operator=(
                    cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
                    if condition.below
                    else cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
                ),
                treat_missing_data=condition.missing,
            )
            alarm.add_alarm_action(action)
            if condition.lasts:
                alarm.add_ok_action(action)
            self.alarms[condition.name] = alarm


def titled(alarm: str) -> tuple[str, str]:
    """The title of an alarm's section in the runbook, and its anchor there."""
    title = _WORD_START.sub(" ", alarm).capitalize()
    return title, title.lower().replace(" ", "-")


def _conditions(
    settings: Settings, dead_letter_queue: sqs.IQueue, reconciler: lambda_.IFunction
) -> Iterator[Condition]:
    quarter, hour = Duration.minutes(15), Duration.hours(1)
    yield Condition(
        name="FailedVends",
        says="A request for an account ended FAILED.",
        metric=measured("AccountVendingFailed"),
    )
    yield Condition(
        name="FailedRetirements",
        says="An account could not be suspended, closed or restored.",
        metric=measured("AccountRetirementFailed"),
    )
    yield Condition(
        name="DeadLetters",
        says="An event could not be delivered and waits in the dead-letter queue.",
        metric=dead_letter_queue.metric_approximate_number_of_messages_visible(
            period=Duration.minutes(5), statistic="Maximum"
        ),
        lasts=True,
    )
    yield Condition(
        name="StuckRequests",
        says="A request in progress has not changed for hours.",
        metric=measured("RequestsStuck", statistic="Maximum", period=hour),
        lasts=True,
    )
    yield Condition(
        name="ReconcilerFindings",
        says="There are new differences between the organization and the ledger.",
        metric=measured("AccountDrift", period=hour),
    )
    yield Condition(
        name="QuotaNearlyUsed",
        says=f"The organization has {settings.alarm_quota_percent} % of the accounts that AWS "
        "allows it, or more.",
        metric=measured("AccountQuotaUsed", statistic="Maximum", period=hour),
        at_least=settings.alarm_quota_percent,
        # It is measured once a day, and stays what it was in between.
        missing=cloudwatch.TreatMissingData.IGNORE,
        lasts=True,
    )
    yield Condition(
        name="Throttling",
        says=f"AWS throttled {THROTTLED_CALLS} calls or more within a quarter of an hour.",
        metric=measured("Throttled", period=quarter),
        at_least=THROTTLED_CALLS,
        lasts=True,
    )
    yield Condition(
        name="LambdaThrottles",
        says=f"Lambda refused {THROTTLED_CALLS} runs or more in a quarter of an hour, of whatever "
        "functions of this account and region: its concurrency is used up.",
        # Of all functions, as they share the concurrency; one function each would cost as many.
        metric=cloudwatch.Metric(
            namespace="AWS/Lambda", metric_name="Throttles", statistic="Sum", period=quarter
        ),
        at_least=THROTTLED_CALLS,
        lasts=True,
    )
    yield Condition(
        name="QueueBacklog",
        says=f"{settings.alarm_queue_backlog} requests or more have waited for a slot of AWS's "
        "creation quota for three quarters of an hour.",
        metric=measured("QueueBacklog", statistic="Minimum", period=quarter),
        at_least=settings.alarm_queue_backlog,
        periods=3,
        lasts=True,
    )
    hours = settings.reconcile_every_hours
    if hours is not None and hours <= MOST_HOURS:
        yield Condition(
            name="ReconcilerNotRunning",
            says=f"ReconcileLedger has not completed a run for {2 * hours + 1} hours.",
            metric=cloudwatch.MathExpression(
                expression="invocations - errors",
                label="runs without an error",
                period=hour,
                using_metrics={
                    "invocations": reconciler.metric_invocations(period=hour),
                    "errors": reconciler.metric_errors(period=hour),
                },
            ),
            periods=2 * hours + 1,
            below=True,
            missing=cloudwatch.TreatMissingData.BREACHING,
            lasts=True,
        )
