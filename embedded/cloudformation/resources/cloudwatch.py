"""AWS::CloudWatch::Alarm and Dashboard."""

from __future__ import annotations

import abc
import json
from typing import Any, ClassVar

from moto.cloudformation.exceptions import ValidationError
from moto.cloudwatch import models

from embedded.cloudformation.resource import Place, Properties, Resource, names

# CloudFormation's property: PutMetricAlarm's parameter, as moto's backend names it.
_PARAMETERS = {
    "ActionsEnabled": "actions_enabled",
    "AlarmActions": "alarm_actions",
    "AlarmDescription": "description",
    "ComparisonOperator": "comparison_operator",
    "DatapointsToAlarm": "datapoints_to_alarm",
    "Dimensions": "dimensions",
    "EvaluateLowSampleCountPercentile": "evaluate_low_sample_count_percentile",
    "EvaluationPeriods": "evaluation_periods",
    "ExtendedStatistic": "extended_statistic",
    "InsufficientDataActions": "insufficient_data_actions",
    "MetricName": "metric_name",
    "Namespace": "namespace",
    "OKActions": "ok_actions",
    "Period": "period",
    "Statistic": "statistic",
    "Tags": "tags",
    "Threshold": "threshold",
    "TreatMissingData": "treat_missing_data",
    "Unit": "unit",
}


class _PutWhole(Resource):
    """What is made and changed by the same call, with all of its properties."""

    def create(self) -> None:
        self.physical_resource_id = self.name()
        self._put()

    def update(self, before: Properties) -> None:  # noqa: ARG002 - all of it is put again
        self._put()

    @abc.abstractmethod
    def _put(self) -> None:
        """Make it of its properties, or make it anew of others."""


class Alarm(_PutWhole):
    """An alarm on one metric."""

    type: ClassVar[str] = "AWS::CloudWatch::Alarm"
    understood = names(
        "ActionsEnabled AlarmActions AlarmDescription AlarmName Dimensions"
        " InsufficientDataActions MetricName Metrics Namespace OKActions Tags Unit"
    )
    attribute_names = names("Arn")
    replaced_by = names("AlarmName")
    name_property = "AlarmName"
    name_length = 255

    def delete(self) -> None:
        self._backend().delete_alarms([self.physical_resource_id])

    def _put(self) -> None:
        parameters: dict[str, Any] = {
            "description": None,
            "dimensions": [],
            "alarm_actions": [],
            "ok_actions": [],
            "insufficient_data_actions": [],
            "period": None,
            "statistic": None,
            "threshold": None,
            "metric_name": None,
            "namespace": None,
        }
        given = {
            parameter: self.properties[name]
            for name, parameter in _PARAMETERS.items()
            if name in self.properties
        }
        queries = [_query(each) for each in self.properties.get("Metrics", [])]
        alarm = self._backend().put_metric_alarm(
            name=self.physical_resource_id, metric_data_queries=queries, **parameters | given
        )
        self.attributes = {"Arn": alarm.alarm_arn}

    def _backend(self) -> Any:
        return _backend(self.place)


class Dashboard(_PutWhole):
    """A dashboard; a body that is no JSON with a list of widgets is refused, as on AWS."""

    type: ClassVar[str] = "AWS::CloudWatch::Dashboard"
    understood = names("DashboardBody DashboardName")
    replaced_by = names("DashboardName")
    name_property = "DashboardName"
    name_length = 255

    def delete(self) -> None:
        _backend(self.place).delete_dashboards([self.physical_resource_id])

    def _put(self) -> None:
        body = self.properties["DashboardBody"]
        try:
            widgets = json.loads(body)["widgets"]
        except (ValueError, KeyError, TypeError):
            widgets = None
        if not isinstance(widgets, list):
            raise ValidationError(message="The dashboard body is invalid")
        _backend(self.place).put_dashboard(self.physical_resource_id, body)


def _query(given: Properties) -> models.MetricDataQuery:
    """One of an alarm's metrics or expressions, as moto keeps it."""
    stat = given.get("MetricStat")
    return models.MetricDataQuery(
        query_id=given["Id"],
        label=given.get("Label", ""),
        period=given.get("Period"),
        return_data=given.get("ReturnData", True),
        expression=given.get("Expression"),
        metric_stat=stat
        and models.MetricStat(
            metric=models.Metric(
                metric_name=stat["Metric"]["MetricName"],
                namespace=stat["Metric"]["Namespace"],
                dimensions=[
                    models.Dimension(each["Name"], each["Value"])
                    for each in stat["Metric"].get("Dimensions", [])
                ],
            ),
            period=stat["Period"],
            stat=stat["Stat"],
            unit=stat.get("Unit"),
        ),
    )


def _backend(place: Place) -> Any:
    return models.cloudwatch_backends[place.account_id][place.region]
