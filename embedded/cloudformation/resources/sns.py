"""AWS::SNS::Topic, TopicPolicy and Subscription."""

from __future__ import annotations

import json
from collections.abc import Iterable
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


class TopicPolicy(Resource):
    """The resource policy of topics; without one, a topic has SNS's own again."""

    type: ClassVar[str] = "AWS::SNS::TopicPolicy"
    understood = names("PolicyDocument Topics")
    attribute_names = names("Id")

    def create(self) -> None:
        self.physical_resource_id = self.name()
        self.attributes = {"Id": self.physical_resource_id}
        self._put()

    def update(self, before: Properties) -> None:
        self._take_back(set(before["Topics"]) - set(self.properties["Topics"]))
        self._put()

    def delete(self) -> None:
        self._take_back(self.properties["Topics"])

    def _put(self) -> None:
        for arn in self.properties["Topics"]:
            topic = _backend(self.place).get_topic(arn)
            topic.policy = json.dumps(self.properties["PolicyDocument"])

    def _take_back(self, arns: Iterable[str]) -> None:
        topics = _backend(self.place).topics
        for topic in (topics[arn] for arn in arns if arn in topics):
            region, account_id = self.place.region, self.place.account_id
            own = topic._create_default_topic_policy(region, account_id, topic.name)
            topic.policy = json.dumps(own)


def _backend(place: Place) -> Any:
    return models.sns_backends[place.account_id][place.region]
