"""The resource types that the embedded AWS makes, one class each, one file per service."""

from __future__ import annotations

from embedded.cloudformation.resource import Resource
from embedded.cloudformation.resources import (
    cdk,
    cloudwatch,
    dynamodb,
    events,
    functions,
    iam,
    logs,
    scheduler,
    sns,
    sqs,
    stepfunctions,
)

TYPES: dict[str, type[Resource]] = {
    kind.type: kind
    for kind in (
        cdk.Metadata,
        cloudwatch.Alarm,
        dynamodb.Table,
        events.EventBus,
        events.Rule,
        functions.EventSourceMapping,
        functions.Function,
        functions.Permission,
        iam.ManagedPolicy,
        iam.Policy,
        iam.Role,
        logs.LogGroup,
        scheduler.Schedule,
        scheduler.ScheduleGroup,
        sns.Subscription,
        sns.Topic,
        sqs.Queue,
        sqs.QueuePolicy,
        stepfunctions.StateMachine,
    )
}
"""By CloudFormation's name of the type."""
