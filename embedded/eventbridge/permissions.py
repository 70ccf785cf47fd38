"""Whether a function's, a queue's or a topic's resource policy lets EventBridge in for a rule.

Implements "Using resource-based policies for Amazon EventBridge", "AWS Lambda permissions",
"Amazon SQS permissions" and "Amazon SNS permissions", of the user guide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from embedded.policies import resource_policy
from embedded.policies.policy import Decision, PolicyInvalid

_SERVICE = "events.amazonaws.com"


def may_invoke(function_arn: str, *, source_arn: str, service: str = _SERVICE) -> bool:
    """Whether the rule `source_arn`, or what else of another service, may invoke the function.

    True for a function that does not exist: Lambda says so when it is invoked.
    """
    region, account_id = function_arn.split(":")[3:5]
    function = lambda_backends[account_id][region].get_function_by_arn(function_arn)
    if function is None:
        return True
    statements = function.policy.statements
    return _allows(statements, "lambda:InvokeFunction", function_arn, source_arn, service=service)


def may_send(queue_arn: str, *, source_arn: str) -> bool:
    """Whether the rule `source_arn` may send to the queue, as a target or with dead letters.

    True for a queue that does not exist: SQS says so when it is sent to.
    """
    region, account_id, name = queue_arn.split(":")[3:6]
    queue = sqs_backends[account_id][region].queues.get(name)
    if queue is None:
        return True
    statements = resource_policy.statements(queue.policy) if queue.policy else []
    return _allows(statements, "sqs:SendMessage", queue_arn, source_arn)


def may_publish(topic_arn: str, *, source_arn: str) -> bool:
    """Whether the rule `source_arn` may publish to the topic; by the policy that every topic has
    from the start, it may not.

    True for a topic that does not exist: SNS says so when it is published to.
    """
    region, account_id = topic_arn.split(":")[3:5]
    topic = sns_backends[account_id][region].topics.get(topic_arn)
    if topic is None:
        return True
    statements = resource_policy.statements(topic.policy)
    return _allows(statements, "sns:Publish", topic_arn, source_arn)


def _allows(
    statements: Iterable[dict[str, Any]],
    action: str,
    resource: str,
    source_arn: str,
    *,
    service: str = _SERVICE,
) -> bool:
    context = {
        "aws:securetransport": ("true",),
        "aws:sourcearn": (source_arn,),
        "aws:sourceaccount": (source_arn.split(":")[4],),
    }
    try:
        decision = resource_policy.decision(
            statements, service=service, action=action, resource=resource, context=context
        )
    except PolicyInvalid:
        return False
    return decision is Decision.ALLOWED
