"""AWS::Logs::LogGroup and QueryDefinition."""

from __future__ import annotations

from typing import Any, ClassVar

from moto.logs import models

from embedded.cloudformation.resource import Place, Properties, Resource, names
from embedded.moto_patches import log_queries


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
        return _backend(self.place)


class QueryDefinition(Resource):
    """A saved query of Logs Insights; its physical id is the query's id."""

    type: ClassVar[str] = "AWS::Logs::QueryDefinition"
    understood = names("LogGroupNames Name QueryLanguage QueryString")
    attribute_names = names("QueryDefinitionId")

    def create(self) -> None:
        self.physical_resource_id = log_queries.put(_backend(self.place), self._given())
        self.attributes = {"QueryDefinitionId": self.physical_resource_id}

    def update(self, before: Properties) -> None:  # noqa: ARG002 - all of it is put again
        given = self._given() | {"queryDefinitionId": self.physical_resource_id}
        log_queries.put(_backend(self.place), given)

    def delete(self) -> None:
        log_queries.delete(_backend(self.place), self.physical_resource_id)

    def _given(self) -> Properties:
        return {name[0].lower() + name[1:]: value for name, value in self.properties.items()}


def _backend(place: Place) -> Any:
    return models.logs_backends[place.account_id][place.region]
