"""The functions' own metrics, as alarms and the dashboard name them."""

from collections.abc import Mapping

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


def searched(
    name: str, *, by: Mapping[str, str] | tuple[str, ...], statistic: str, label: str = ""
) -> cloudwatch.MathExpression:
    """All metrics of a name that differ in these dimensions, whichever values they have by then."""
    found = f'{{{NAMESPACE},{",".join(by)}}} MetricName="{name}"'
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{found}', '{statistic}', {FIVE_MINUTES.to_seconds():.0f})",
        label=label,
        using_metrics={},
        period=FIVE_MINUTES,
    )
