"""AWS::SNS::Topic and Subscription."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from moto.sns import models

from embedded.cloudformation.resource import Place, Properties, Resource, names


class Topic(Resource):
    """A topic, with the subscriptions written into it."""

    type: ClassVar[str] = "AWS::SNS::Topic"
    understood = names(
        "DisplayName FifoTopic Subscription.Endpoint Subscription.Protocol Tags TopicName"
    )
    attribute_names = names("TopicArn TopicName")
    replaced_by = names("FifoTopic TopicName")
    name_property = "TopicName"
    name_length = 256

    def create(self) -> None:
        backend = _backend(self.place)
        attributes = {"FifoTopic": "true"} if self.properties.get("FifoTopic") else {}
        topic = backend.create_topic(self.name(), attributes, self.tags())
        self.physical_resource_id = topic.arn
        self.attributes = {"TopicArn": topic.arn, "TopicName": topic.name}
        self._set({})

    def update(self, before: Properties) -> None:
        backend = _backend(self.place)
        backend.topics[self.physical_resource_id]._tags = self.tags()
        self._set(before)

    def delete(self) -> None:
        _backend(self.place).delete_topic(self.physical_resource_id)

    def _set(self, before: Properties) -> None:
        backend, arn = _backend(self.place), self.physical_resource_id
        topic = backend.topics[arn]
        topic.display_name = self.properties.get("DisplayName", "")
        topic.kms_master_key_id = self.properties.get("KmsMasterKeyId", "")
        wanted = self.properties.get("Subscription", [])
        for gone in (each for each in before.get("Subscription", []) if each not in wanted):
            found = backend._find_subscription(arn, gone["Endpoint"], gone["Protocol"])
            backend.unsubscribe(found.arn)
        for each in wanted:
            backend.subscribe(arn, each["Endpoint"], each["Protocol"])


class Subscription(Resource):
    """One subscription to a topic."""

    type: ClassVar[str] = "AWS::SNS::Subscription"
    understood = names(
        "Endpoint FilterPolicy FilterPolicyScope Protocol RawMessageDelivery RedrivePolicy TopicArn"
    )
    attribute_names = names("Arn")
    replaced_by = names("Endpoint Protocol TopicArn")

    def create(self) -> None:
        given = self.properties
        subscription = _backend(self.place).subscribe(
            given["TopicArn"], given["Endpoint"], given["Protocol"]
        )
        self.physical_resource_id = subscription.arn
        self.attributes = {"Arn": subscription.arn}
        self._set()

    def update(self, before: Properties) -> None:  # noqa: ARG002 - all of it is set again
        self._set()

    def delete(self) -> None:
        _backend(self.place).unsubscribe(self.physical_resource_id)

    def _set(self) -> None:
        backend, given = _backend(self.place), self.properties
        for name in ("FilterPolicyScope", "FilterPolicy", "RawMessageDelivery", "RedrivePolicy"):
            if name in given:
                value = given[name]
                text = value if isinstance(value, str) else json.dumps(value)
                backend.set_subscription_attributes(self.physical_resource_id, name, text)


def _backend(place: Place) -> Any:
    return models.sns_backends[place.account_id][place.region]
