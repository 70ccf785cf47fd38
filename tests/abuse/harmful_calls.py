"""Calls that harm, by service and operation: of no role, and of all roles but their owner's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from embedded import ACCOUNT_ID, REGION
from tests.abuse.target import DENY_ALL, SCP
from tests.workflow.invitations import EXTERNAL_ID, INVITED, ROLE

if TYPE_CHECKING:
    from tests.abuse.target import Target

Calls = dict[str, list[dict[str, Any]]]
REQUEST_ID = {"Key": "account-vending:request-id", "Value": "forged"}
SERVICE_ONLY = "stacksets.cloudformation.amazonaws.com"
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
_ANYBODY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
)


def entry(bus: str, source: str, detail_type: str) -> dict[str, Any]:
    """PutEvents of one entry."""
    given = {"EventBusName": bus, "Source": source, "DetailType": detail_type, "Detail": "{}"}
    return {"Entries": [given]}


MACHINES = ("", "OrganizationSetup", "AccountRetirement")
"""What the outputs of the state machines' ARNs begin with."""


def of_nobody(target: Target, name: str) -> dict[str, Calls]:
    """What none of the stack's roles may do, by service; `name` is the role's."""
    role, table = target.roles[name], {"TableName": target.table}
    machines = [target.aws.outputs[f"{one}StateMachineArn"] for one in MACHINES]
    other = next(one for one in target.functions.values() if one != target.functions.get(name))
    return {
        "organizations": _of_organizations(target),
        "iam": {
            "create_user": [{"UserName": "thief"}],
            "create_access_key": [{"UserName": "thief"}],
            "put_role_policy": [
                {"RoleName": role, "PolicyName": "all", "PolicyDocument": DENY_ALL}
            ],
            "attach_role_policy": [{"RoleName": role, "PolicyArn": _ADMINISTRATOR}],
            "update_assume_role_policy": [{"RoleName": role, "PolicyDocument": _ANYBODY}],
            "create_role": [{"RoleName": "thief", "AssumeRolePolicyDocument": _ANYBODY}],
        },
        "sts": {
            "assume_role": [
                {"RoleArn": f"arn:aws:iam::{account}:role/{one}", "RoleSessionName": "thief"} | more
                for account, one in (
                    (target.member, "OrganizationAccountAccessRole"),
                    (target.member, ROLE),
                    (INVITED, "OrganizationAccountAccessRole"),
                    (ACCOUNT_ID, role),
                )
                for more in ({}, {"ExternalId": EXTERNAL_ID})
            ],
            "assume_root": [
                {
                    "TargetPrincipal": target.member,
                    "TaskPolicyArn": {
                        "arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
                    },
                }
            ],
        },
        "dynamodb": {
            "scan": [table],
            "delete_table": [table],
            "delete_item": [{**table, "Key": {"pk": {"S": "request#theirs"}}}],
            "batch_get_item": [
                {"RequestItems": {target.table: {"Keys": [{"pk": {"S": "request#theirs"}}]}}}
            ],
            "update_item": [{**table, "Key": {"pk": {"S": "gate#creation"}}}],
        },
        "events": {
            "put_events": [
                entry(target.bus, "form.example", "AccountRequested"),
                entry(target.bus, "account-vending", "AccountRequested"),
                entry(target.bus, "account-vending.discovered-accounts", "AccountRequested"),
                entry(target.bus, "account-vending.cloudformation", "AccountRequested"),
                # Who announces vends announces no closures, and the other way round.
                entry(
                    target.bus,
                    "account-vending",
                    "AccountVended" if name == "RecordRetirement" else "AccountClosed",
                ),
                entry("default", "form.example", "AccountRequested"),
            ],
            "put_rule": [{"Name": "thief", "EventPattern": '{"source": ["x"]}'}],
            "put_targets": [
                {
                    "Rule": "thief",
                    "Targets": [
                        {"Id": "t", "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{other}"}
                    ],
                }
            ],
            "put_permission": [
                {
                    "EventBusName": "account-vending",
                    "StatementId": "all",
                    "Action": "events:PutEvents",
                    "Principal": "*",
                }
            ],
            "remove_permission": [
                {"EventBusName": "account-vending", "RemoveAllPermissions": True}
            ],
        },
        "stepfunctions": {
            "start_execution": [{"stateMachineArn": arn, "input": "{}"} for arn in machines],
            "delete_state_machine": [{"stateMachineArn": arn} for arn in machines],
            "update_state_machine": [
                {"stateMachineArn": arn, "definition": "{}"} for arn in machines
            ],
            "send_task_success": [{"taskToken": "of another machine", "output": "{}"}],
            "send_task_failure": [{"taskToken": "of another machine"}],
        },
        "lambda": {
            "invoke": [{"FunctionName": other}],
            "update_function_configuration": [{"FunctionName": other, "Handler": "x.y"}],
            "delete_function": [{"FunctionName": other}],
        },
        "sqs": {
            operation: [{"QueueUrl": target.aws.outputs["DeadLetterQueueUrl"]}]
            for operation in ("purge_queue", "receive_message", "delete_queue")
        },
        "logs": {
            "put_log_events": [
                {
                    "logGroupName": "/aws/cloudtrail/organization",
                    "logStreamName": "s",
                    "logEvents": [{"timestamp": 0, "message": "forged"}],
                }
            ],
            "delete_log_group": [{"logGroupName": f"/aws/lambda/{other}"}],
        },
    }


def _of_organizations(target: Target) -> Calls:
    return {
        "remove_account_from_organization": [{"AccountId": target.member}],
        "leave_organization": [{}],
        "delete_organization": [{}],
        "delete_organizational_unit": [{"OrganizationalUnitId": target.unit}],
        "update_organizational_unit": [{"OrganizationalUnitId": target.unit, "Name": "Sandbox"}],
        "delete_policy": [{"PolicyId": target.policy}],
        "detach_policy": [
            {"PolicyId": "p-FullAWSAccess", "TargetId": one}
            for one in (target.root, target.unit, target.member)
        ],
        "disable_policy_type": [{"RootId": target.root, "PolicyType": SCP}],
        "disable_aws_service_access": [{"ServicePrincipal": "sso.amazonaws.com"}],
        "enable_aws_service_access": [{"ServicePrincipal": "thief.example.com"}],
        "register_delegated_administrator": [
            {"AccountId": target.member, "ServicePrincipal": "sso.amazonaws.com"}
        ],
        "put_resource_policy": [{"Content": DENY_ALL}],
        "accept_handshake": [{"HandshakeId": target.invitation}],
        "decline_handshake": [{"HandshakeId": target.invitation}],
    }


CHANGES = {
    "close_account": {"CloseAccount"},
    "move_account": {"MoveAccount"},
    "tag_resource": {"TagResource"},
    "untag_resource": {"UntagResource"},
    "create_account": {"CreateAccount"},
    "create_gov_cloud_account": {"CreateGovCloudAccount"},
    "create_organizational_unit": {"CreateOrganizationalUnit", "MoveAccount"},
    "create_policy": {"CreatePolicy", "SetupCreatePolicy"},
    "update_policy": {"SetupCreatePolicy"},
    "invite_account_to_organization": {"InviteAccountToOrganization"},
    "cancel_handshake": {"CancelHandshake"},
    "enable_policy_type": {"EnablePolicyType"},
    "enable_aws_service_access": {"EnableAWSServiceAccess", "SetupEnableAWSServiceAccess"},
    "enable_all_features": {"EnableAllFeatures"},
}
"""Changes of an organization, and the roles that are there for them."""


def changes(target: Target, name: str) -> Calls:
    """The changes of an organization that the role of this name is not there for."""
    made: Calls = {
        "close_account": [{"AccountId": target.member}],
        "move_account": [
            {
                "AccountId": target.member,
                "SourceParentId": target.unit,
                "DestinationParentId": target.root,
            }
        ],
        "tag_resource": [
            {"ResourceId": target.member, "Tags": [{"Key": "owner", "Value": "thief"}]}
        ],
        "untag_resource": [{"ResourceId": target.member, "TagKeys": ["owner"]}],
        "create_account": [
            {"Email": "thief@example.com", "AccountName": "Thief", "Tags": [REQUEST_ID]}
        ],
        "create_gov_cloud_account": [
            {"Email": "thief@example.com", "AccountName": "Thief", "Tags": [REQUEST_ID]}
        ],
        "create_organizational_unit": [{"ParentId": target.root, "Name": "Thief"}],
        "create_policy": [{"Name": "Thief", "Type": SCP, "Description": "", "Content": DENY_ALL}],
        "update_policy": [{"PolicyId": target.policy, "Name": "Thief"}],
        "invite_account_to_organization": [
            {"Target": {"Type": "EMAIL", "Id": "thief@example.com"}, "Tags": [REQUEST_ID]}
        ],
        "cancel_handshake": [{"HandshakeId": target.invitation}],
        "enable_policy_type": [{"RootId": target.root, "PolicyType": "TAG_POLICY"}],
        "enable_aws_service_access": [{"ServicePrincipal": "sso.amazonaws.com"}],
        "enable_all_features": [{}],
    }
    refused = {one: made[one] for one, owners in CHANGES.items() if name not in owners}
    targets = {"AttachPolicy": {target.member}, "SetupAttachPolicy": {target.root, target.unit}}
    refused["attach_policy"] = [
        {"PolicyId": target.policy, "TargetId": one}
        for one in (target.root, target.unit, target.member)
        if one not in targets.get(name, set())
    ]
    refused["detach_policy"] = [
        {"PolicyId": target.policy, "TargetId": one}
        for one in (target.root, target.unit, target.member)
        if (name, one) != ("DetachPolicy", target.member)
    ]
    return refused


def beyond_its_purpose(target: Target) -> dict[str, tuple[str, Calls]]:
    """By the role that is there for an operation: its service, and what it may not do with it."""
    bare = {"Email": "thief@example.com", "AccountName": "Thief"}
    other_tags = [{"Key": "owner", "Value": "thief"}]
    own = "account-vending:"
    untagged: Calls = {
        "tag_resource": [{"ResourceId": target.member, "Tags": other_tags}],
    }
    return {
        "CreateAccount": (
            "organizations",
            {**untagged, "create_account": [bare, {**bare, "Tags": other_tags}]},
        ),
        "CreateGovCloudAccount": (
            "organizations",
            {**untagged, "create_gov_cloud_account": [bare, {**bare, "Tags": other_tags}]},
        ),
        "InviteAccountToOrganization": (
            "organizations",
            {
                **untagged,
                "invite_account_to_organization": [
                    {"Target": {"Type": "EMAIL", "Id": "thief@example.com"}}
                ],
            },
        ),
        "TagResource": (
            "organizations",
            {
                "tag_resource": [
                    {"ResourceId": one, "Tags": other_tags}
                    for one in (target.root, target.unit, target.policy)
                ]
            },
        ),
        "EnableAWSServiceAccess": (
            "organizations",
            {"enable_aws_service_access": [{"ServicePrincipal": SERVICE_ONLY}]},
        ),
        "EnableOrganizationsRootSessions": (
            "organizations",
            {"enable_aws_service_access": [{"ServicePrincipal": "sso.amazonaws.com"}]},
        ),
        "AcceptHandshake": (
            "sts",
            {
                "assume_role": [
                    # Without the external id; and, with it, where the organization is ours.
                    {"RoleArn": f"arn:aws:iam::{INVITED}:role/{ROLE}", "RoleSessionName": own[:-1]},
                    {
                        "RoleArn": f"arn:aws:iam::{target.member}:role/{ROLE}",
                        "RoleSessionName": own[:-1],
                        "ExternalId": EXTERNAL_ID,
                    },
                ]
            },
        ),
        "ArchiveAudit": (
            "s3",
            {
                "delete_object": [{"Bucket": target.audit_bucket, "Key": "any"}],
                "list_objects_v2": [{"Bucket": target.audit_bucket}],
                "put_bucket_policy": [{"Bucket": target.audit_bucket, "Policy": DENY_ALL}],
                "put_bucket_versioning": [
                    {
                        "Bucket": target.audit_bucket,
                        "VersioningConfiguration": {"Status": "Suspended"},
                    }
                ],
            },
        ),
        "SetupAcceptHandshake": (
            "iam",
            {"create_service_linked_role": [{"AWSServiceName": "sso.amazonaws.com"}]},
        ),
        **{
            name: (
                "dynamodb",
                {
                    "put_item": [
                        {"TableName": target.table, "Item": {"pk": {"S": key}}} for key in keys
                    ]
                },
            )
            for name, keys in {
                "AcceptRequest": ("gate#creation", "token#theirs", "reconciliation#organization"),
                "AwaitApproval": ("account#1", "record#1", "unit#/", "gate#creation"),
                "DecideApproval": ("request#theirs", "account#1", "token#theirs", "gate#creation"),
                "RecordFailure": ("account#1", "unit#/", "reconciliation#organization"),
                "RecordVended": ("request#theirs", "account#1", "unit#/", "gate#creation"),
                "CreateOrganizationalUnit": ("request#theirs", "account#1", "gate#creation"),
                "MoveAccount": ("request#theirs", "account#1", "gate#creation"),
                "DescribeHandshake": ("request#theirs", "account#1", "gate#creation"),
                "ReconcileLedger": ("account#1", "unit#/", "handshake#h"),
            }.items()
        },
    }
