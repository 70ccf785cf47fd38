"""AWS::Logs::LogGroup."""

from __future__ import annotations

from typing import Any, ClassVar

from moto.logs import models

from embedded.cloudformation.resource import Properties, Resource, names


class LogGroup(Resource):
    """A log group with its retention."""

    type: ClassVar[str] = "AWS::Logs::LogGroup"
    understood = names("LogGroupName Tags")
    attribute_names = names("Arn")
    replaced_by = names("LogGroupName")
    name_property = "LogGroupName"
    name_length = 512

    def create(self) -> None:
        group = self._backend().create_log_group(
            self.name(),
            self.tags(),
            RetentionInDays=self.properties.get("RetentionInDays"),
            kmsKeyId=self.properties.get("KmsKeyId"),
        )
        self.physical_resource_id = group.name
        # Unlike DescribeLogGroups, CloudFormation's Arn ends in ":*", which log destinations need.
        self.attributes = {"Arn": f"{group.arn}:*"}

    def update(self, before: Properties) -> None:
        backend = self._backend()
        group = backend.groups[self.physical_resource_id]
        group.set_retention_policy(self.properties.get("RetentionInDays"))
        group.kms_key_id = self.properties.get("KmsKeyId")
        backend.untag_resource(group.arn, [tag["Key"] for tag in before.get("Tags", [])])
        backend.tag_resource(group.arn, self.tags())

    def delete(self) -> None:
        self._backend().delete_log_group(self.physical_resource_id)

    def _backend(self) -> Any:
        return models.logs_backends[self.place.account_id][self.place.region]
