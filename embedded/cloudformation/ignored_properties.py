"""Template properties that the embedded AWS takes although they do nothing here, and why.

The deployer refuses every property it does not understand; this list is the only way around that.
Most are kept and shown by the service's own operations, so that a template can be checked.
"""

from __future__ import annotations

_ENCRYPTION = "kept and shown; nothing here leaves this process's memory"
_PRICE = "sets prices and what the console offers"
_TRACES = "kept and shown; there is no X-Ray here to send segments to"
_TIMER = "kept and shown; nothing fires it here"

_CONNECTIONS = "says how connections are made, which stay on this machine"

WITHOUT_EFFECT: dict[str, dict[str, str]] = {
    "AWS::CDK::Metadata": {
        "Analytics": "reports to AWS which construct libraries made the template",
    },
    "AWS::CloudFront::Distribution": {
        "DistributionConfig.HttpVersion": _CONNECTIONS,
        "DistributionConfig.IPV6Enabled": _CONNECTIONS,
        "DistributionConfig.Origins.CustomOriginConfig": _CONNECTIONS,
        "DistributionConfig.Origins.S3OriginConfig": "is empty where an origin access control is",
    },
    "AWS::CloudWatch::Alarm": dict.fromkeys(
        (
            "ComparisonOperator",
            "DatapointsToAlarm",
            "EvaluateLowSampleCountPercentile",
            "EvaluationPeriods",
            "ExtendedStatistic",
            "Period",
            "Statistic",
            "Threshold",
            "TreatMissingData",
        ),
        "kept and shown; an alarm changes its state here only by SetAlarmState",
    ),
    "AWS::DynamoDB::Table": {
        "OnDemandThroughput": "caps throughput, which is unlimited here",
        "GlobalSecondaryIndexes.OnDemandThroughput": "caps throughput, which is unlimited here",
        "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled": "kept and shown; nothing"
        " can be restored here",
        "PointInTimeRecoverySpecification.RecoveryPeriodInDays": "kept and shown; nothing can be"
        " restored here",
        "SSESpecification.KMSMasterKeyId": _ENCRYPTION,
        "SSESpecification.SSEEnabled": _ENCRYPTION,
        "SSESpecification.SSEType": _ENCRYPTION,
        "TableClass": _PRICE,
    },
    "AWS::Events::EventBus": {
        "DeadLetterConfig": "kept and shown; it is for events that a KMS key cannot decrypt",
        "KmsKeyIdentifier": _ENCRYPTION,
        "LogConfig": "EventBridge's own logs; there are none here",
    },
    "AWS::IAM::Role": {
        "MaxSessionDuration": "kept and shown; sessions here last as long as they ask",
    },
    "AWS::Lambda::Function": {
        "Architectures": "kept and shown; the code that runs is built for this machine",
        "EphemeralStorage.Size": "kept and shown; /tmp is this machine's",
        "MemorySize": "kept, shown and passed to the function; not enforced",
        "RuntimeManagementConfig": "the runtime here is the one that is installed",
        "SnapStart": "snapshots start functions faster, nothing else",
        "TracingConfig.Mode": _TRACES,
    },
    "AWS::Logs::LogGroup": {
        "KmsKeyId": _ENCRYPTION,
        "LogGroupClass": _PRICE,
        "RetentionInDays": "kept and shown; nothing here lives that long",
    },
    "AWS::Scheduler::Schedule": {
        "EndDate": _TIMER,
        "FlexibleTimeWindow": _TIMER,
        "KmsKeyArn": _ENCRYPTION,
        "ScheduleExpression": _TIMER,
        "ScheduleExpressionTimezone": _TIMER,
        "StartDate": _TIMER,
    },
    "AWS::S3::Bucket": {
        "AccessControl": "Private is what a bucket is here; public access is not",
        "LifecycleConfiguration": "objects do not expire here",
    },
    "AWS::SNS::Topic": {
        "KmsMasterKeyId": _ENCRYPTION,
    },
    "AWS::SQS::Queue": {
        "KmsDataKeyReusePeriodSeconds": _ENCRYPTION,
        "KmsMasterKeyId": _ENCRYPTION,
        "SqsManagedSseEnabled": _ENCRYPTION,
    },
    "AWS::StepFunctions::StateMachine": {
        "EncryptionConfiguration.KmsDataKeyReusePeriodSeconds": _ENCRYPTION,
        "EncryptionConfiguration.KmsKeyId": _ENCRYPTION,
        "EncryptionConfiguration.Type": _ENCRYPTION,
        "LoggingConfiguration.Destinations.CloudWatchLogsLogGroup.LogGroupArn": "kept and shown;"
        " what an execution did is in its history",
        "LoggingConfiguration.IncludeExecutionData": "as its destinations",
        "LoggingConfiguration.Level": "as its destinations",
        "TracingConfiguration.Enabled": _TRACES,
    },
}
