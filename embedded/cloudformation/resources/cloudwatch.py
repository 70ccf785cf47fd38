"""AWS::CloudWatch::Alarm."""

from __future__ import annotations

from typing import Any, ClassVar

from moto.cloudwatch import models

from embedded.cloudformation.resource import Properties, Resource, names

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


class Alarm(Resource):
    """An alarm on one metric."""

    type: ClassVar[str] = "AWS::CloudWatch::Alarm"
    understood = names(
        "ActionsEnabled AlarmActions AlarmDescription AlarmName Dimensions"
        " InsufficientDataActions MetricName Namespace OKActions Tags Unit"
    )
    attribute_names = names("Arn")
    replaced_by = names("AlarmName")
    name_property = "AlarmName"
    name_length = 255

    def create(self) -> None:
        self.physical_resource_id = self.name()
        self._put()

    def update(self, before: Properties) -> None:  # noqa: ARG002 - all of it is put again
        self._put()

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
        alarm = self._backend().put_metric_alarm(
            name=self.physical_resource_id, **parameters | given
        )
        self.attributes = {"Arn": alarm.alarm_arn}

    def _backend(self) -> Any:
        return models.cloudwatch_backends[self.place.account_id][self.place.region]
