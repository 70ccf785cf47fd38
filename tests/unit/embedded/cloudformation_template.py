"""A template with all that the CDK writes into ours, only smaller."""

from __future__ import annotations

import copy
import json
from typing import Any

NAME = "AccountVending"
"""The stack's name in all tests."""
VERSION_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
ASSETS_BUCKET = "cdk-hnb659fds-assets-111111111111-us-east-1"
FUNCTIONS_KEY = "bee559eb136131be.zip"

DEFINITION = {
    "QueryLanguage": "JSONata",
    "StartAt": "CreateAccount",
    "States": {
        "CreateAccount": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {
                "FunctionName": "${CreateAccountFunctionArn}",
                "Payload": "{% $merge([$states.input, {'now': $now()}]) %}",
            },
            "End": True,
        }
    },
}


def trust(*services: str) -> dict[str, Any]:
    """A role's trust in an AWS service, or in several."""
    service = services[0] if len(services) == 1 else list(services)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
        ],
    }


def template(**changes: Any) -> dict[str, Any]:
    """The template, with resources replaced (by logical id) or left out (None)."""
    made = copy.deepcopy(_TEMPLATE)
    for logical_id, resource in changes.items():
        if resource is None:
            del made["Resources"][logical_id]
        else:
            made["Resources"][logical_id] = resource
    return made


def text(**changes: Any) -> str:
    """The template as TemplateBody."""
    return json.dumps(template(**changes))


def with_properties(logical_id: str, **properties: Any) -> dict[str, Any]:
    """A resource of the template with some properties changed; None leaves one out."""
    resource: dict[str, Any] = copy.deepcopy(_TEMPLATE["Resources"][logical_id])
    resource["Properties"] |= properties
    resource["Properties"] = {k: v for k, v in resource["Properties"].items() if v is not None}
    return resource


def only(**resources: Any) -> str:
    """A TemplateBody of nothing but these resources."""
    return json.dumps({"Resources": resources})


_TEMPLATE: dict[str, Any] = {
    "Description": "Vends AWS accounts",
    "Parameters": {
        "BootstrapVersion": {
            "Type": "AWS::SSM::Parameter::Value<String>",
            "Default": "/cdk-bootstrap/hnb659fds/version",
            "Description": "Version of the CDK Bootstrap resources [cdk:skip]",
        }
    },
    "Rules": {
        "CheckBootstrapVersion": {
            "Assertions": [
                {
                    "Assert": {
                        "Fn::Not": [
                            {"Fn::Contains": [["1", "2", "3"], {"Ref": "BootstrapVersion"}]}
                        ]
                    },
                    "AssertDescription": "CDK bootstrap stack version 6 required.",
                }
            ]
        }
    },
    "Resources": {
        # Before all that it refers to, as the CDK may write it.
        "DeadLettersPolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sqs:SendMessage",
                            "Principal": {"Service": "events.amazonaws.com"},
                            "Resource": {"Fn::GetAtt": ["DeadLetters", "Arn"]},
                            "Condition": {
                                "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]}}
                            },
                        }
                    ],
                },
                "Queues": [{"Ref": "DeadLetters"}],
            },
        },
        "Ledger": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "AttributeDefinitions": [
                    {"AttributeName": name, "AttributeType": "S"}
                    for name in ("pk", "state", "updatedAt")
                ],
                "BillingMode": "PAY_PER_REQUEST",
                "DeletionProtectionEnabled": True,
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "byState",
                        "KeySchema": [
                            {"AttributeName": "state", "KeyType": "HASH"},
                            {"AttributeName": "updatedAt", "KeyType": "RANGE"},
                        ],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "SSESpecification": {"SSEEnabled": True},
            },
            "UpdateReplacePolicy": "Retain",
            "DeletionPolicy": "Retain",
        },
        "CreateAccountLogs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"RetentionInDays": 180},
            "DeletionPolicy": "Delete",
        },
        "CreateAccountRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
                "Path": "/vending/",
                "ManagedPolicyArns": [
                    {
                        "Fn::Join": [
                            "",
                            [
                                "arn:",
                                {"Ref": "AWS::Partition"},
                                ":iam::aws:policy/AWSXRayDaemonWriteAccess",
                            ],
                        ]
                    }
                ],
                "Policies": [
                    {
                        "PolicyName": "Describe",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Action": "organizations:DescribeAccount",
                                    "Resource": "*",
                                }
                            ],
                        },
                    }
                ],
                "Tags": [{"Key": "product", "Value": "account-vending"}],
            },
        },
        "CreateAccountGrants": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "CreateAccountGrants",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": ["dynamodb:GetItem", "dynamodb:UpdateItem"],
                            "Resource": {"Fn::GetAtt": ["Ledger", "Arn"]},
                        }
                    ],
                },
                "Roles": [{"Ref": "CreateAccountRole"}],
            },
        },
        "CreateAccount": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Architectures": ["arm64"],
                "Code": {
                    "S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-us-east-1"},
                    "S3Key": FUNCTIONS_KEY,
                },
                "Environment": {"Variables": {"LEDGER_TABLE_NAME": {"Ref": "Ledger"}}},
                "Handler": "operations.create_account.handler",
                "LoggingConfig": {"LogGroup": {"Ref": "CreateAccountLogs"}},
                "MemorySize": 512,
                "Role": {"Fn::GetAtt": ["CreateAccountRole", "Arn"]},
                "Runtime": "python3.13",
                "Timeout": 50,
                "TracingConfig": {"Mode": "Active"},
            },
            "DependsOn": ["CreateAccountGrants"],
        },
        "WorkflowLogs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"RetentionInDays": 180},
        },
        "WorkflowRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": trust("states.amazonaws.com")},
        },
        "Workflow": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "DefinitionString": json.dumps(DEFINITION),
                "DefinitionSubstitutions": {
                    "CreateAccountFunctionArn": {"Fn::GetAtt": ["CreateAccount", "Arn"]}
                },
                "LoggingConfiguration": {
                    "Destinations": [
                        {
                            "CloudWatchLogsLogGroup": {
                                "LogGroupArn": {"Fn::GetAtt": ["WorkflowLogs", "Arn"]}
                            }
                        }
                    ],
                    "IncludeExecutionData": False,
                    "Level": "ALL",
                },
                "RoleArn": {"Fn::GetAtt": ["WorkflowRole", "Arn"]},
                "StateMachineName": "account-vending",
                "StateMachineType": "STANDARD",
                "TracingConfiguration": {"Enabled": True},
            },
        },
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "account-vending"}},
        "DeadLetters": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"MessageRetentionPeriod": 1209600, "SqsManagedSseEnabled": True},
        },
        "StartRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": trust("events.amazonaws.com", "scheduler.amazonaws.com")
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Description": "An account is requested: start vending it",
                "EventBusName": {"Ref": "Bus"},
                "EventPattern": {"detail-type": ["AccountRequested"]},
                "State": "ENABLED",
                "Targets": [
                    {
                        "Arn": {"Ref": "Workflow"},
                        "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}},
                        "Id": "Target0",
                        "InputPath": "$.detail",
                        "RetryPolicy": {
                            "MaximumEventAgeInSeconds": 86400,
                            "MaximumRetryAttempts": 185,
                        },
                        "RoleArn": {"Fn::GetAtt": ["StartRole", "Arn"]},
                    }
                ],
            },
        },
    },
    "Outputs": {
        "StateMachineArn": {"Value": {"Ref": "Workflow"}, "Description": "The workflow"},
        "EventBusName": {"Value": {"Ref": "Bus"}},
        "LedgerTableName": {"Value": {"Ref": "Ledger"}},
        "DeadLetterQueueUrl": {"Value": {"Ref": "DeadLetters"}},
    },
}
