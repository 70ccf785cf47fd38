"""AWS::Events::EventBus, EventBusPolicy and Rule."""

from __future__ import annotations

import copy
import json
from typing import Any, ClassVar

from moto.events import models

from embedded.cloudformation.resource import Place, Properties, Resource, names
from embedded.eventbridge import bus_policies


class EventBus(Resource):
    """A custom event bus."""

    type: ClassVar[str] = "AWS::Events::EventBus"
    understood = names("Description Name Tags")
    attribute_names = names("Arn Name")
    replaced_by = names("Name")

    def create(self) -> None:
        given = self.properties
        bus = _backend(self.place).create_event_bus(
            name=given["Name"],
            description=given.get("Description"),
            kms_key_identifier=given.get("KmsKeyIdentifier"),
            dead_letter_config=given.get("DeadLetterConfig"),
            tags=given.get("Tags", []),
        )
        self.physical_resource_id = bus.name
        self.attributes = {"Arn": bus.arn, "Name": bus.name}

    def update(self, before: Properties) -> None:
        backend = _backend(self.place)
        bus = backend.describe_event_bus(self.physical_resource_id)
        bus.description = self.properties.get("Description")
        bus.kms_key_identifier = self.properties.get("KmsKeyIdentifier")
        bus.dead_letter_config = self.properties.get("DeadLetterConfig")
        _retag(backend, bus.arn, before, self.properties)

    def delete(self) -> None:
        _backend(self.place).delete_event_bus(self.physical_resource_id)


class EventBusPolicy(Resource):
    """One statement of a bus's resource policy."""

    type: ClassVar[str] = "AWS::Events::EventBusPolicy"
    understood = names("EventBusName Statement StatementId")
    replaced_by = names("EventBusName StatementId")

    def create(self) -> None:
        self.physical_resource_id = str(self.properties["StatementId"])
        self._put()

    def update(self, before: Properties) -> None:
        del before
        self._put()

    def delete(self) -> None:
        self._bus()._statements.pop(self.physical_resource_id, None)

    def _put(self) -> None:
        sid = {"Sid": self.physical_resource_id}
        bus_policies.put(self._bus(), {**copy.deepcopy(self.properties["Statement"]), **sid})

    def _bus(self) -> models.EventBus:
        name = self.properties.get("EventBusName", "default")
        return _backend(self.place).describe_event_bus(name)


class Rule(Resource):
    """A rule with its targets, on the default bus or a custom one."""

    type: ClassVar[str] = "AWS::Events::Rule"
    understood = names(
        "Description EventBusName EventPattern Name RoleArn ScheduleExpression State Tags"
        " Targets.Arn Targets.DeadLetterConfig Targets.Id Targets.Input Targets.InputPath"
        " Targets.InputTransformer Targets.RetryPolicy Targets.RoleArn Targets.SqsParameters"
    )
    attribute_names = names("Arn")
    replaced_by = names("EventBusName Name")
    name_property = "Name"

    def create(self) -> None:
        name, bus = self.name(), self._bus()
        self.physical_resource_id = name if bus == "default" else f"{bus}|{name}"
        try:
            self._put(name)
        except Exception:
            _backend(self.place).delete_rule(name, bus)
            raise

    def update(self, before: Properties) -> None:
        backend, name, bus = _backend(self.place), self._name(), self._bus()
        kept = {target["Id"] for target in self.properties.get("Targets", [])}
        gone = [t["Id"] for t in before.get("Targets", []) if t["Id"] not in kept]
        backend.remove_targets(name, bus, gone)
        self._put(name)
        _retag(backend, self.attributes["Arn"], before, self.properties)

    def delete(self) -> None:
        backend, name, bus = _backend(self.place), self._name(), self._bus()
        ids = [target["Id"] for target in self.properties.get("Targets", [])]
        backend.remove_targets(name, bus, ids)
        backend.delete_rule(name, bus)

    def _put(self, name: str) -> None:
        given, backend, bus = self.properties, _backend(self.place), self._bus()
        pattern = given.get("EventPattern")
        rule = backend.put_rule(
            name,
            description=given.get("Description"),
            event_bus_arn=bus,
            event_pattern=None if pattern is None else json.dumps(pattern),
            role_arn=given.get("RoleArn"),
            scheduled_expression=given.get("ScheduleExpression"),
            state=given.get("State"),
            tags=given.get("Tags", []),
        )
        self.attributes = {"Arn": rule.arn}
        if targets := given.get("Targets"):
            backend.put_targets(name=name, event_bus_arn=bus, targets=copy.deepcopy(targets))

    def _bus(self) -> str:
        """The bus's name; the property may be that or an ARN."""
        return str(self.properties.get("EventBusName", "default")).rsplit("/", 1)[-1]

    def _name(self) -> str:
        return self.physical_resource_id.rsplit("|", 1)[-1]


def _retag(backend: Any, arn: str, before: Properties, after: Properties) -> None:
    if before.get("Tags") != after.get("Tags"):
        backend.untag_resource(arn, [tag["Key"] for tag in before.get("Tags", [])])
        backend.tag_resource(arn, after.get("Tags", []))


def _backend(place: Place) -> Any:
    return models.events_backends[place.account_id][place.region]
