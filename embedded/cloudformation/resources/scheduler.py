"""AWS::Scheduler::Schedule and ScheduleGroup."""

from __future__ import annotations

from typing import Any, ClassVar

from moto.scheduler import models

from embedded.cloudformation.resource import Place, Properties, Resource, names


class ScheduleGroup(Resource):
    """A group of schedules."""

    type: ClassVar[str] = "AWS::Scheduler::ScheduleGroup"
    understood = names("Name Tags")
    attribute_names = names("Arn")
    replaced_by = names("Name")
    name_property = "Name"

    def create(self) -> None:
        group = _backend(self.place).create_schedule_group(
            self.name(), self.properties.get("Tags", [])
        )
        self.physical_resource_id = group.name
        self.attributes = {"Arn": group.arn}

    def update(self, before: Properties) -> None:
        tagger, arn = _backend(self.place).tagger, self.attributes["Arn"]
        tagger.untag_resource_using_names(arn, [tag["Key"] for tag in before.get("Tags", [])])
        tagger.tag_resource(arn, self.properties.get("Tags", []))

    def delete(self) -> None:
        _backend(self.place).delete_schedule_group(self.physical_resource_id)


class Schedule(Resource):
    """One schedule and its target."""

    type: ClassVar[str] = "AWS::Scheduler::Schedule"
    understood = names(
        "Description GroupName Name State Target.Arn Target.DeadLetterConfig Target.Input"
        " Target.RetryPolicy Target.RoleArn"
    )
    attribute_names = names("Arn")
    replaced_by = names("GroupName Name")
    name_property = "Name"

    def create(self) -> None:
        schedule = _backend(self.place).create_schedule(
            **self._parameters(self.name()), action_after_completion=None
        )
        self.physical_resource_id = schedule.name
        self.attributes = {"Arn": schedule.arn}

    def update(self, before: Properties) -> None:  # noqa: ARG002 - UpdateSchedule sets all of it
        _backend(self.place).update_schedule(**self._parameters(self.physical_resource_id))

    def delete(self) -> None:
        _backend(self.place).delete_schedule(
            self.properties.get("GroupName", "default"), self.physical_resource_id
        )

    def _parameters(self, name: str) -> dict[str, Any]:
        given = self.properties
        return {
            "name": name,
            "description": given.get("Description"),
            "end_date": given.get("EndDate"),
            "flexible_time_window": given["FlexibleTimeWindow"],
            "group_name": given.get("GroupName", "default"),
            "kms_key_arn": given.get("KmsKeyArn"),
            "schedule_expression": given["ScheduleExpression"],
            "schedule_expression_timezone": given.get("ScheduleExpressionTimezone"),
            "start_date": given.get("StartDate"),
            "state": given.get("State"),
            "target": dict(given["Target"]),
        }


def _backend(place: Place) -> Any:
    return models.scheduler_backends[place.account_id][place.region]
