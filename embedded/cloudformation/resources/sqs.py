"""AWS::SQS::Queue and QueuePolicy."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from moto.sqs import models

from embedded.cloudformation.resource import Place, Properties, Resource, names


class Queue(Resource):
    """A queue; but for its name and tags, the properties are SetQueueAttributes' attributes."""

    type: ClassVar[str] = "AWS::SQS::Queue"
    understood = names(
        "ContentBasedDeduplication DeduplicationScope DelaySeconds FifoQueue FifoThroughputLimit"
        " MaximumMessageSize MessageRetentionPeriod QueueName ReceiveMessageWaitTimeSeconds"
        " RedrivePolicy Tags VisibilityTimeout"
    )
    attribute_names = names("Arn QueueName QueueUrl")
    replaced_by = names("FifoQueue QueueName")
    name_property = "QueueName"
    name_length = 80

    def create(self) -> None:
        name = self.name()
        queue = _backend(self.place).create_queue(
            name=name, tags=self.tags(), region=self.place.region, **self._attributes()
        )
        self.physical_resource_id = queue.physical_resource_id  # its URL
        self.attributes = {
            "Arn": queue.queue_arn,
            "QueueName": queue.name,
            "QueueUrl": self.physical_resource_id,
        }

    def update(self, before: Properties) -> None:
        queue = _backend(self.place).get_queue(self.attributes["QueueName"])
        removed = before.keys() - self.properties.keys()
        defaults = models.Queue(queue.name, queue.region, queue.account_id).attributes
        queue._set_attributes(
            {name: defaults.get(name) for name in removed - {"Tags"}} | self._attributes()
        )
        queue.tags = self.tags()

    def delete(self) -> None:
        _backend(self.place).delete_queue(self.attributes["QueueName"])

    def _attributes(self) -> dict[str, Any]:
        return {k: v for k, v in self.properties.items() if k not in {"QueueName", "Tags"}}


class QueuePolicy(Resource):
    """The resource policy of queues."""

    type: ClassVar[str] = "AWS::SQS::QueuePolicy"
    understood = names("PolicyDocument Queues")
    attribute_names = names("Id")

    def create(self) -> None:
        self.physical_resource_id = self.name()
        self.attributes = {"Id": self.physical_resource_id}
        self._put(self.properties["Queues"], json.dumps(self.properties["PolicyDocument"]))

    def update(self, before: Properties) -> None:
        self._put(set(before["Queues"]) - set(self.properties["Queues"]), None)
        self._put(self.properties["Queues"], json.dumps(self.properties["PolicyDocument"]))

    def delete(self) -> None:
        self._put(self.properties["Queues"], None)

    def _put(self, urls: Any, policy: str | None) -> None:
        for url in urls:
            queue = _backend(self.place).get_queue(url.rsplit("/", 1)[-1])
            queue._set_attributes({"Policy": policy})


def _backend(place: Place) -> Any:
    return models.sqs_backends[place.account_id][place.region]
