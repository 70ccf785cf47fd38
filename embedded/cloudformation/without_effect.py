"""Template properties that the embedded AWS accepts although they change nothing here, and why.

The deployer refuses every property it does not understand; this list is the only way around that.
"""

from __future__ import annotations

WITHOUT_EFFECT: dict[str, dict[str, str]] = {
    "AWS::CDK::Metadata": {
        "Analytics": "tells AWS which construct libraries made the template",
    },
    "AWS::DynamoDB::Table": {
        "TableClass": "sets prices only",
        "OnDemandThroughput": "caps throughput that is unlimited here",
        "GlobalSecondaryIndexes.OnDemandThroughput": "as above",
    },
    "AWS::Events::EventBus": {
        "LogConfig": "EventBridge's own logs; nothing is delivered to them here",
    },
    "AWS::Lambda::Function": {
        "RuntimeManagementConfig": "the runtime here is the one that is installed",
        "SnapStart": "processes start fresh here",
        "TracingConfig": "shown by GetFunction, but there is no X-Ray to send segments to",
        "Architectures": "shown by GetFunction; code is built for this machine",
    },
    "AWS::Logs::LogGroup": {
        "LogGroupClass": "sets prices and what Logs Insights can do",
    },
    "AWS::StepFunctions::StateMachine": {
        "TracingConfiguration": "shown by DescribeStateMachine, but there is no X-Ray here",
    },
    "AWS::SQS::Queue": {
        "SqsManagedSseEnabled": "shown by GetQueueAttributes; memory is not encrypted here",
        "KmsMasterKeyId": "as above",
        "KmsDataKeyReusePeriodSeconds": "as above",
    },
}
