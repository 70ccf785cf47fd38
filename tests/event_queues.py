"""Queues that EventBridge may send to, as the user guide's "Amazon SQS permissions" wants it."""

from __future__ import annotations

import json
from typing import Any


def queue_of_rule(sqs: Any, name: str, rule_arn: str) -> tuple[str, str]:
    """URL and ARN of a new queue of the SQS client's account that `rule_arn` may send to."""
    url = str(sqs.create_queue(QueueName=name)["QueueUrl"])
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = str(attributes["Attributes"]["QueueArn"])
    let_in(sqs, url, arn, rule_arn)
    return url, arn


def let_in(sqs: Any, url: str, arn: str, rule_arn: str) -> None:
    """Give the queue the policy that lets the rule send to it, in place of any other."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
