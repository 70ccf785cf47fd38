"""The functions' own metrics, as alarms and the dashboard name them."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

NAMESPACE = "AccountVending"
SERVICE = "account-vending"
"""What POWERTOOLS_METRICS_NAMESPACE and POWERTOOLS_SERVICE_NAME say to the functions."""

FIVE_MINUTES = Duration.minutes(5)


def measured(
    name: str,
    *,
    statistic: str = "Sum",
    period: Duration = FIVE_MINUTES,
    label: str | None = None,
    color: str | None = None,
    **dimensions: str,
) -> cloudwatch.Metric:
    """A metric of the functions, by its name in `vending.aws.measurements`."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": SERVICE, **dimensions},
        statistic=statistic,
        period=period,
        label=label,
        color=color,
    )


def counted(
    name: str, *, label: str, color: str, statistic: str = "Sum", period: Duration = FIVE_MINUTES
) -> cloudwatch.MathExpression:
    """As `measured`, and 0 where nothing was: a line of events instead of scattered points."""
    id_ = name[0].lower() + name[1:]
    return cloudwatch.MathExpression(
        expression=f"FILL({id_}, 0)",
        label=label,
        color=color,
        using_metrics={id_: measured(name, statistic=statistic, period=period)},
        period=period,
    )


def searched(
    name: str,
    *,
    by: Sequence[str],
    statistic: str,
    label: str = "",
    fill: bool = False,
) -> cloudwatch.MathExpression:
    """All metrics of a name that differ in these dimensions, whichever values they have by then.

    `fill`: 0 where nothing was measured.
    """
    found = f'{{{NAMESPACE},{",".join(by)}}} MetricName="{name}"'
    search = f"SEARCH('{found}', '{statistic}', {FIVE_MINUTES.to_seconds():.0f})"
    return cloudwatch.MathExpression(
        expression=f"FILL({search}, 0)" if fill else search,
        label=label,
        using_metrics={},
        period=FIVE_MINUTES,
    )
