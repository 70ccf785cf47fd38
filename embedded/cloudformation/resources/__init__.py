"""The resource types that the embedded AWS makes, one class each, one file per service."""

from __future__ import annotations

from typing import Any

from embedded.cloudformation.resource import Resource
from embedded.cloudformation.resources import (
    apigateway,
    cdk,
    cloudfront,
    cloudwatch,
    custom,
    dynamodb,
    ecr,
    events,
    functions,
    iam,
    kms,
    logs,
    s3,
    scheduler,
    sns,
    sqs,
    ssm,
    stepfunctions,
)

TYPES: dict[str, type[Resource]] = {
    kind.type: kind
    for kind in (
        apigateway.Api,
        apigateway.Authorizer,
        apigateway.Integration,
        apigateway.Route,
        apigateway.Stage,
        cdk.Metadata,
        cloudfront.Distribution,
        cloudfront.OriginAccessControl,
        cloudfront.ResponseHeadersPolicy,
        cloudwatch.Alarm,
        cloudwatch.Dashboard,
        dynamodb.Table,
        ecr.Repository,
        events.EventBus,
        events.EventBusPolicy,
        events.Rule,
        functions.EventSourceMapping,
        functions.Function,
        functions.Permission,
        iam.ManagedPolicy,
        iam.Policy,
        iam.Role,
        kms.Alias,
        kms.Key,
        logs.LogGroup,
        logs.QueryDefinition,
        s3.Bucket,
        s3.BucketPolicy,
        scheduler.Schedule,
        scheduler.ScheduleGroup,
        sns.Subscription,
        sns.Topic,
        sns.TopicPolicy,
        sqs.Queue,
        sqs.QueuePolicy,
        ssm.Parameter,
        stepfunctions.StateMachine,
    )
}
"""By CloudFormation's name of the type."""


def kind_of(type_name: Any) -> type[Resource] | None:
    """The class of a type; None for one that is not made here."""
    if isinstance(type_name, str) and type_name.startswith(custom.NAMES):
        return custom.kind_of(type_name)
    return TYPES.get(type_name)
