"""What was published to an SNS topic, as a queue that is subscribed to it gets it."""

from __future__ import annotations

import json
from typing import Any


class Reader:
    """A queue of the topic's own; what was published before it was made is not in it.

    With `requester`, it gets what is about the requests of this one alone.
    """

    def __init__(self, *, sns: Any, sqs: Any, topic_arn: str, requester: str = "") -> None:
        self._sqs = sqs
        name = f"{topic_arn.rpartition(':')[2][:60]}-{requester}"
        self._url = sqs.create_queue(QueueName=name)["QueueUrl"]
        queue = sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        sns.subscribe(
            TopicArn=topic_arn,
            Protocol="sqs",
            Endpoint=queue["Attributes"]["QueueArn"],
            Attributes={
                "RawMessageDelivery": "true",
                **({"FilterPolicy": json.dumps({"requester": [requester]})} if requester else {}),
            },
        )
        self.messages: list[str] = []

    def read(self) -> list[str]:
        """The messages so far."""
        found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
        for one in found.get("Messages", []):
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=one["ReceiptHandle"])
            self.messages.append(one["Body"])
        return self.messages
