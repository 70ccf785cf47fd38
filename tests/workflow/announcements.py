"""What the system announces, as a subscriber of its bus receives it."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from typing import Any

from embedded import eventbridge
from tests.event_queues import queue_of_rule
from tests.workflow.vending import Vending


@contextlib.contextmanager
def collected(
    vending: Vending, detail_type: str, *, most: int = 10
) -> Iterator[list[dict[str, Any]]]:
    """Details of the events of a type that are on the bus meanwhile, filled in at the end.

    `most` is how many are read.
    """
    bus, name = vending.aws.outputs["EventBusName"], f"subscriber-{uuid.uuid4()}"
    sqs = vending.aws.client("sqs")
    pattern = json.dumps({"detail-type": [detail_type]})
    rule = vending.events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
    url, arn = queue_of_rule(sqs, name, rule["RuleArn"])
    vending.events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "q", "Arn": arn}])
    announced: list[dict[str, Any]] = []
    try:
        yield announced
        assert eventbridge.drain(10)
        for _ in range(0, most, 10):
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            announced += [json.loads(one["Body"])["detail"] for one in answer.get("Messages", [])]
    finally:
        vending.events.remove_targets(Rule=name, EventBusName=bus, Ids=["q"])
        vending.events.delete_rule(Name=name, EventBusName=bus)
        sqs.delete_queue(QueueUrl=url)
