"""Which actions on which resources a call needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from moto.core.base_backend import BackendDict
from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends
from moto.organizations.models import organizations_backends
from moto.s3.models import s3_backends

from embedded import ACCOUNT_ID, REGION, organizations
from embedded.authorization.required_permission import RequestContext, RequiredPermission
from embedded.authorization.service_authorization import checked_services, required_permissions
from embedded.authorization.service_authorization.data import S3_ACTIONS
from embedded.authorization.service_authorization.organizations import ID_PARAMETERS
from embedded.core.clock import Clock
from embedded.core.context import Context, activate
from embedded.core.credentials import Credentials
from embedded.core.faults import Faults
from embedded.protocols.protocols import ApiCall
from permissions import reference

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
)
HERE = f"{REGION}:{ACCOUNT_ID}"
ORG = f"arn:aws:organizations::{ACCOUNT_ID}"


@pytest.fixture(scope="module", autouse=True)
def organization_id() -> Iterator[str]:
    BackendDict.reset()
    activate(Context(clock=Clock(), faults=Faults.none(), credentials=Credentials()))
    organizations.install()
    organizations.reset_organization(organizations.OrganizationSettings())
    iam_backends[ACCOUNT_ID]["aws"].create_role(
        "deployer", TRUST, "/ci/", None, "", [{"Key": "team", "Value": "a"}], "3600"
    )
    dynamodb_backends[ACCOUNT_ID][REGION].create_table(
        "ledger",
        schema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        throughput=None,
        attr=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "state", "updatedAt")],
        global_indexes=[
            {
                "IndexName": "byState",
                "KeySchema": [
                    {"AttributeName": "state", "KeyType": "HASH"},
                    {"AttributeName": "updatedAt", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        indexes=None,
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    yield str(organizations_backends[ACCOUNT_ID]["aws"].org.id)
    BackendDict.reset()


def needed(service: str, operation: str, **parameters: Any) -> tuple[RequiredPermission, ...]:
    call = ApiCall(
        service=service,
        operation=operation,
        region=REGION,
        access_key_id="ASIA",
        protocol="json",
        parameters=parameters,
    )
    return required_permissions(call, ACCOUNT_ID)


def pairs(service: str, operation: str, **parameters: Any) -> list[tuple[str, str]]:
    return [(r.action, r.resource) for r in needed(service, operation, **parameters)]


TABLE = f"arn:aws:dynamodb:{HERE}:table/ledger"
MACHINE = f"arn:aws:states:{HERE}:stateMachine:vending"
EXECUTION = f"arn:aws:states:{HERE}:execution:vending:one"
FUNCTION = f"arn:aws:lambda:{HERE}:function:f"
PARAMETER = f"arn:aws:ssm:{HERE}:parameter"
ORGANIZATIONS = botocore.session.get_session().get_service_model("organizations")
NAMED_OTHERWISE = {
    "InviteAccountToOrganization",
    "InviteOrganizationToTransferResponsibility",
    "PutResourcePolicy",
}
"""Operations whose resource no id in the call names."""

LOG_GROUP = f"arn:aws:logs:{HERE}:log-group:/g"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("organizations", "CreateAccount", {"Email": "a@example.com"}, ["*"]),
        ("organizations", "DescribeCreateAccountStatus", {"CreateAccountRequestId": "car-"}, ["*"]),
        ("organizations", "ListCreateAccountStatus", {}, ["*"]),
        ("organizations", "ListAccounts", {}, ["*"]),
        ("organizations", "ListRoots", {}, ["*"]),
        ("organizations", "DescribeOrganization", {}, ["*"]),
        ("organizations", "EnableAWSServiceAccess", {"ServicePrincipal": "a"}, ["*"]),
        ("organizations", "ListAWSServiceAccessForOrganization", {}, ["*"]),
        (
            "organizations",
            "DescribeAccount",
            {"AccountId": "222222222222"},
            ["account/222222222222"],
        ),
        ("organizations", "ListParents", {"ChildId": "ou-r-a"}, ["ou/ou-r-a"]),
        ("organizations", "ListParents", {"ChildId": "222222222222"}, ["account/222222222222"]),
        (
            "organizations",
            "MoveAccount",
            {
                "AccountId": "222222222222",
                "SourceParentId": "r-a",
                "DestinationParentId": "ou-r-a",
            },
            ["account/222222222222", "root/r-a", "ou/ou-r-a"],
        ),
        ("organizations", "TagResource", {"ResourceId": "222222222222"}, ["account/222222222222"]),
        ("organizations", "TagResource", {"ResourceId": "r-a"}, ["root/r-a"]),
        ("organizations", "ListTagsForResource", {"ResourceId": "ou-r-a"}, ["ou/ou-r-a"]),
        ("organizations", "CreateOrganizationalUnit", {"ParentId": "r-a"}, ["root/r-a"]),
        ("organizations", "ListOrganizationalUnitsForParent", {"ParentId": "r-a"}, ["root/r-a"]),
        (
            "organizations",
            "AttachPolicy",
            {"PolicyId": "p-x", "TargetId": "ou-r-a"},
            ["policy/service_control_policy/p-x", "ou/ou-r-a"],
        ),
        ("organizations", "DescribeHandshake", {"HandshakeId": "h-1"}, ["handshake/invite/h-1"]),
        (
            "organizations",
            "InviteAccountToOrganization",
            {"Target": {"Type": "ACCOUNT", "Id": "222222222222"}},
            ["account/222222222222"],
        ),
        (
            "organizations",
            "InviteAccountToOrganization",
            {"Target": {"Type": "EMAIL", "Id": "a@example.com"}},
            ["account/*"],
        ),
        ("organizations", "DescribeEffectivePolicy", {}, [f"account/{ACCOUNT_ID}"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_organizations_resources(
    organization_id: str,
    service: str,
    operation: str,
    parameters: dict[str, Any],
    expected: list[str],
) -> None:
    def arn(resource: str) -> str:
        kind, _, entity = resource.partition("/")
        return f"{ORG}:{kind}/{organization_id}/{entity}" if entity else resource

    assert pairs(service, operation, **parameters) == [
        (f"organizations:{operation}", arn(resource)) for resource in expected
    ]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        (
            "iam",
            "EnableOrganizationsRootSessions",
            {},
            [("iam:EnableOrganizationsRootSessions", "*")],
        ),
        ("iam", "ListOrganizationsFeatures", {}, [("iam:ListOrganizationsFeatures", "*")]),
        (
            "iam",
            "GetRole",
            {"RoleName": "deployer"},
            [("iam:GetRole", f"arn:aws:iam::{ACCOUNT_ID}:role/ci/deployer")],
        ),
        (
            "iam",
            "CreateRole",
            {"RoleName": "new", "Path": "/x/"},
            [("iam:CreateRole", f"arn:aws:iam::{ACCOUNT_ID}:role/x/new")],
        ),
        (
            "iam",
            "GetPolicy",
            {"PolicyArn": "arn:aws:iam::aws:policy/A"},
            [("iam:GetPolicy", "arn:aws:iam::aws:policy/A")],
        ),
        ("dynamodb", "GetItem", {"TableName": "ledger"}, [("dynamodb:GetItem", TABLE)]),
        ("dynamodb", "PutItem", {"TableName": TABLE}, [("dynamodb:PutItem", TABLE)]),
        (
            "dynamodb",
            "Query",
            {"TableName": "ledger", "IndexName": "byState"},
            [("dynamodb:Query", f"{TABLE}/index/byState")],
        ),
        (
            "dynamodb",
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "ledger"}},
                    {"ConditionCheck": {"TableName": "other"}},
                ]
            },
            [
                ("dynamodb:PutItem", TABLE),
                ("dynamodb:ConditionCheckItem", f"arn:aws:dynamodb:{HERE}:table/other"),
            ],
        ),
        (
            "dynamodb",
            "BatchGetItem",
            {"RequestItems": {"ledger": {"Keys": [{"pk": {"S": "a"}}]}}},
            [("dynamodb:BatchGetItem", TABLE)],
        ),
        ("dynamodb", "ListTables", {}, [("dynamodb:ListTables", "*")]),
        (
            "events",
            "PutEvents",
            {"Entries": [{"EventBusName": "account-vending"}, {}, {"EventBusName": "arn:b"}]},
            [
                ("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/account-vending"),
                ("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/default"),
                ("events:PutEvents", "arn:b"),
            ],
        ),
        (
            "events",
            "PutRule",
            {"Name": "r", "EventBusName": "b"},
            [("events:PutRule", f"arn:aws:events:{HERE}:rule/b/r")],
        ),
        (
            "events",
            "DescribeEventBus",
            {"Name": "b"},
            [("events:DescribeEventBus", f"arn:aws:events:{HERE}:event-bus/b")],
        ),
        (
            "stepfunctions",
            "StartExecution",
            {"stateMachineArn": MACHINE},
            [("states:StartExecution", MACHINE)],
        ),
        (
            "stepfunctions",
            "ListExecutions",
            {"stateMachineArn": MACHINE},
            [("states:ListExecutions", MACHINE)],
        ),
        *(
            ("stepfunctions", name, {"executionArn": EXECUTION}, [(f"states:{name}", EXECUTION)])
            for name in (
                "DescribeExecution",
                "GetExecutionHistory",
                "StopExecution",
                "RedriveExecution",
            )
        ),
        ("stepfunctions", "SendTaskSuccess", {"taskToken": "t"}, [("states:SendTaskSuccess", "*")]),
        ("lambda", "Invoke", {"FunctionName": "f"}, [("lambda:InvokeFunction", FUNCTION)]),
        ("lambda", "Invoke", {"FunctionName": FUNCTION}, [("lambda:InvokeFunction", FUNCTION)]),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "f", "Qualifier": "1"},
            [("lambda:InvokeFunction", f"{FUNCTION}:1")],
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": f"{FUNCTION}:1", "Qualifier": "1"},
            [("lambda:InvokeFunction", f"{FUNCTION}:1")],
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": f"{ACCOUNT_ID}:function:f"},
            [("lambda:InvokeFunction", FUNCTION)],
        ),
        ("lambda", "ListFunctions", {}, [("lambda:ListFunctions", "*")]),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/g", "logStreamName": "s"},
            [("logs:PutLogEvents", f"{LOG_GROUP}:log-stream:s")],
        ),
        (
            "logs",
            "CreateLogGroup",
            {"logGroupName": "/g"},
            [("logs:CreateLogGroup", f"{LOG_GROUP}:log-stream:")],
        ),
        ("xray", "PutTraceSegments", {}, [("xray:PutTraceSegments", "*")]),
        (
            "sns",
            "Publish",
            {"TopicArn": f"arn:aws:sns:{HERE}:t", "Message": "m"},
            [("sns:Publish", f"arn:aws:sns:{HERE}:t")],
        ),
        ("sns", "Publish", {"PhoneNumber": "+1", "Message": "m"}, [("sns:Publish", "*")]),
        ("sns", "CreateTopic", {"Name": "t"}, [("sns:CreateTopic", f"arn:aws:sns:{HERE}:t")]),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "http://127.0.0.1:1/222222222222/q"},
            [("sqs:SendMessage", f"arn:aws:sqs:{REGION}:222222222222:q")],
        ),
        (
            "sqs",
            "GetQueueUrl",
            {"QueueName": "q"},
            [("sqs:GetQueueUrl", f"arn:aws:sqs:{HERE}:q")],
        ),
        (
            "sts",
            "AssumeRole",
            {"RoleArn": "arn:aws:iam::222222222222:role/r"},
            [("sts:AssumeRole", "arn:aws:iam::222222222222:role/r")],
        ),
        (
            "sts",
            "AssumeRoot",
            {"TargetPrincipal": "222222222222"},
            [("sts:AssumeRoot", "arn:aws:iam::222222222222:root")],
        ),
        ("s3", "ListBuckets", {}, [("s3:ListAllMyBuckets", "*")]),
        (
            "s3",
            "GetBucketEncryption",
            {"Bucket": "b"},
            [("s3:GetEncryptionConfiguration", "arn:aws:s3:::b")],
        ),
        (
            "s3",
            "DeleteBucketLifecycle",
            {"Bucket": "b"},
            [("s3:PutLifecycleConfiguration", "arn:aws:s3:::b")],
        ),
        ("s3", "ListObjectsV2", {"Bucket": "b"}, [("s3:ListBucket", "arn:aws:s3:::b")]),
        (
            "s3",
            "PutObject",
            {"Bucket": "b", "Key": "k/l"},
            [("s3:PutObject", "arn:aws:s3:::b/k/l")],
        ),
        (
            "s3",
            "CopyObject",
            {"Bucket": "b", "Key": "k", "CopySource": "/c/d?versionId=1"},
            [("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:GetObject", "arn:aws:s3:::c/d")],
        ),
        (
            "s3",
            "DeleteObjects",
            {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}, {"Key": "l"}]}},
            [("s3:DeleteObject", "arn:aws:s3:::b/k"), ("s3:DeleteObject", "arn:aws:s3:::b/l")],
        ),
        ("ssm", "GetParameter", {"Name": "/a/b"}, [("ssm:GetParameter", f"{PARAMETER}/a/b")]),
        ("ssm", "GetParameter", {"Name": "a"}, [("ssm:GetParameter", f"{PARAMETER}/a")]),
        (
            "ssm",
            "GetParameter",
            {"Name": f"{PARAMETER}/a"},
            [("ssm:GetParameter", f"{PARAMETER}/a")],
        ),
        (
            "ssm",
            "GetParameters",
            {"Names": ["/a", "b"]},
            [("ssm:GetParameters", f"{PARAMETER}/a"), ("ssm:GetParameters", f"{PARAMETER}/b")],
        ),
        (
            "ssm",
            "GetParametersByPath",
            {"Path": "/a"},
            [("ssm:GetParametersByPath", f"{PARAMETER}/a")],
        ),
        ("ssm", "DescribeParameters", {}, [("ssm:DescribeParameters", "*")]),
        ("ssm", "CreateDocument", {"Name": "a"}, [("ssm:CreateDocument", "*")]),
        ("cloudwatch", "PutMetricData", {"Namespace": "n"}, [("cloudwatch:PutMetricData", "*")]),
        (
            "cloudwatch",
            "PutMetricAlarm",
            {"AlarmName": "a", "MetricName": "m"},
            [("cloudwatch:PutMetricAlarm", f"arn:aws:cloudwatch:{HERE}:alarm:a")],
        ),
        (
            "cloudwatch",
            "DescribeAlarmHistory",
            {},
            [("cloudwatch:DescribeAlarmHistory", f"arn:aws:cloudwatch:{HERE}:alarm:*")],
        ),
        ("ec2", "DescribeInstances", {}, [("ec2:DescribeInstances", "*")]),
        ("events", "PutRule", {"Name": "r"}, [("events:PutRule", f"arn:aws:events:{HERE}:rule/r")]),
        (
            "lambda",
            "GetProvisionedConcurrencyConfig",
            {"FunctionName": "f", "Qualifier": "live"},
            [("lambda:GetProvisionedConcurrencyConfig", f"{FUNCTION}:live")],
        ),
        ("lambda", "NewestCall", {"FunctionName": "f"}, [("lambda:NewestCall", "*")]),
        (
            "iam",
            "AttachRolePolicy",
            {"RoleName": "deployer", "PolicyArn": "arn:aws:iam::aws:policy/A"},
            [("iam:AttachRolePolicy", f"arn:aws:iam::{ACCOUNT_ID}:role/ci/deployer")],
        ),
        ("dynamodb", "", {}, [("dynamodb:Unknown", "*")]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_actions_and_resources(
    service: str, operation: str, parameters: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert pairs(service, operation, **parameters) == expected


@pytest.mark.parametrize(
    ("operation", "parameters", "made"),
    [
        ("CreateAccount", {}, "account/{}/*"),
        ("CreateGovCloudAccount", {}, "account/{}/*"),
        ("CreateOrganizationalUnit", {"ParentId": "r-a"}, "ou/{}/*"),
        ("CreatePolicy", {"Type": "TAG_POLICY"}, "policy/{}/*"),
    ],
)
def test_tags_at_creation_need_tag_resource_too(
    organization_id: str, operation: str, parameters: dict[str, Any], made: str
) -> None:
    tags = [{"Key": "Team", "Value": "a"}]

    found = needed("organizations", operation, Tags=tags, **parameters)

    tagging = found[-1]
    assert len(found) == 2
    assert tagging.action == "organizations:TagResource"
    assert tagging.resource == f"{ORG}:{made.format(organization_id)}"
    for requirement in found:
        assert requirement.context["aws:requesttag/team"] == ("a",)
        assert requirement.context["aws:tagkeys"] == ("Team",)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("CreateAccount", {}),
        ("CreateGovCloudAccount", {}),
        ("InviteAccountToOrganization", {"Target": {"Type": "ACCOUNT", "Id": "222222222222"}}),
        ("InviteAccountToOrganization", {"Target": {"Type": "EMAIL", "Id": "a@example.com"}}),
    ],
)
def test_account_without_arn_may_be_authorized_on_everything_only(
    monkeypatch: pytest.MonkeyPatch, operation: str, parameters: dict[str, Any]
) -> None:
    settings = organizations.OrganizationSettings(new_account_resource="*")
    monkeypatch.setattr(organizations_backends[ACCOUNT_ID]["aws"], "settings", settings)

    found = pairs("organizations", operation, Tags=[{"Key": "Team", "Value": "a"}], **parameters)

    assert found == [(f"organizations:{operation}", "*"), ("organizations:TagResource", "*")]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "key", "values"),
    [
        (
            "organizations",
            "EnableAWSServiceAccess",
            {"ServicePrincipal": "ram.amazonaws.com"},
            "organizations:serviceprincipal",
            ("ram.amazonaws.com",),
        ),
        ("organizations", "CreatePolicy", {"Type": "T"}, "organizations:policytype", ("T",)),
        ("organizations", "ListPolicies", {"Filter": "T"}, "organizations:policytype", ("T",)),
        (
            "organizations",
            "EnablePolicyType",
            {"RootId": "r-a", "PolicyType": "T"},
            "organizations:policytype",
            ("T",),
        ),
        (
            "organizations",
            "DescribePolicy",
            {"PolicyId": "p-FullAWSAccess"},
            "organizations:policytype",
            ("SERVICE_CONTROL_POLICY",),
        ),
        (
            "organizations",
            "UntagResource",
            {"ResourceId": "r-a", "TagKeys": ["a", "b"]},
            "aws:tagkeys",
            ("a", "b"),
        ),
        ("cloudwatch", "PutMetricData", {"Namespace": "n"}, "cloudwatch:namespace", ("n",)),
        ("events", "PutEvents", {"Entries": [{"Source": "s"}]}, "events:source", ("s",)),
        ("events", "PutEvents", {"Entries": [{"DetailType": "d"}]}, "events:detail-type", ("d",)),
        ("sts", "AssumeRole", {"ExternalId": "x"}, "sts:externalid", ("x",)),
        (
            "sts",
            "AssumeRoot",
            {"TaskPolicyArn": {"arn": "arn:p"}},
            "sts:taskpolicyarn",
            ("arn:p",),
        ),
        (
            "dynamodb",
            "GetItem",
            {"TableName": "ledger", "Key": {"pk": {"S": "request#1"}}},
            "dynamodb:leadingkeys",
            ("request#1",),
        ),
        (
            "dynamodb",
            "PutItem",
            {"TableName": "ledger", "Item": {"pk": {"S": "a"}, "x": {"S": "b"}}},
            "dynamodb:leadingkeys",
            ("a",),
        ),
        (
            "dynamodb",
            "Query",
            {
                "TableName": "ledger",
                "IndexName": "byState",
                "KeyConditionExpression": "#s = :s AND updatedAt > :t",
                "ExpressionAttributeNames": {"#s": "state"},
                "ExpressionAttributeValues": {":s": {"S": "FAILED"}, ":t": {"S": "t"}},
            },
            "dynamodb:leadingkeys",
            ("FAILED",),
        ),
        (
            "dynamodb",
            "BatchWriteItem",
            {
                "RequestItems": {
                    "ledger": [
                        {"PutRequest": {"Item": {"pk": {"S": "a"}}}},
                        {"DeleteRequest": {"Key": {"pk": {"S": "b"}}}},
                    ]
                }
            },
            "dynamodb:leadingkeys",
            ("a", "b"),
        ),
        (
            "stepfunctions",
            "TagResource",
            {"tags": [{"key": "K", "value": "v"}]},
            "aws:requesttag/k",
            ("v",),
        ),
        ("lambda", "TagResource", {"Tags": {"K": "v"}}, "aws:requesttag/k", ("v",)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_condition_values(
    service: str, operation: str, parameters: dict[str, Any], key: str, values: tuple[str, ...]
) -> None:
    assert needed(service, operation, **parameters)[0].context[key] == values


def test_account_of_an_object_is_its_buckets_owner() -> None:
    s3_backends["222222222222"]["aws"].create_bucket("theirs", REGION)

    theirs = needed("s3", "GetObject", Bucket="theirs", Key="k")[0]
    own = needed("s3", "CreateBucket", Bucket="mine")[0]
    to, source = needed("s3", "CopyObject", Bucket="mine", Key="k", CopySource="theirs/k")

    for key in ("aws:resourceaccount", "s3:resourceaccount"):
        assert (theirs.context[key], own.context[key]) == (("222222222222",), (ACCOUNT_ID,))
        assert (to.context[key], source.context[key]) == ((ACCOUNT_ID,), ("222222222222",))


def test_resource_tags_are_those_of_the_resource() -> None:
    organization = organizations_backends[ACCOUNT_ID]["aws"]
    organization.ou[0].tags["Stage"] = "prod"

    root = needed("organizations", "TagResource", ResourceId=organization.ou[0].id)[0]
    nobody = needed("organizations", "TagResource", ResourceId="ou-none")[0]
    role = needed("iam", "GetRole", RoleName="deployer")[0]

    assert RequestContext(root, {}).get("aws:resourcetag/stage") == ("prod",)
    assert RequestContext(nobody, {}).get("aws:resourcetag/stage") is None
    assert RequestContext(role, {}).get("iam:resourcetag/team") == ("a",)


def test_aws_managed_policy_belongs_to_aws() -> None:
    found = needed("organizations", "DescribePolicy", PolicyId="p-FullAWSAccess")

    owner = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
    assert found[0].resource == owner


def test_service_linked_role_is_needed_where_one_is_made() -> None:
    found = pairs("organizations", "AcceptHandshake", HandshakeId="h-1")

    assert found[-1][0] == "iam:CreateServiceLinkedRole"


@pytest.mark.parametrize("operation", ORGANIZATIONS.operation_names)
def test_organizations_entity_is_found_wherever_aws_checks_one(operation: str) -> None:
    types = reference.get(f"organizations:{operation}").resource_types
    ids = members(operation) & set(ID_PARAMETERS)

    kinds = {one.partition(":")[2] for one in types} - {"responsibilitytransfer"}
    if kinds and operation not in NAMED_OTHERWISE:
        assert ids, kinds
    if not types:
        assert not ids


def test_organizations_ids_are_parameters_of_operations() -> None:
    known = {name for operation in ORGANIZATIONS.operation_names for name in members(operation)}

    assert set(ID_PARAMETERS) <= known


def members(operation: str) -> set[str]:
    shape = ORGANIZATIONS.operation_model(operation).input_shape
    return set(shape.members) if shape is not None else set()


def test_service_without_code_of_its_own_is_checked_on_what_its_parameters_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accounts = "arn:${Partition}:account::${Account}:account"
    member = "arn:${Partition}:account::${ManagementAccountId}:account/o-${OrganizationId}/"
    facts = {
        "resources": {"account": accounts, "member": f"{member}${{MemberAccountId}}"},
        "actions": {"PutAlternateContact": {"resources": ["account", "member"]}},
    }
    monkeypatch.setattr(reference, "_services", lambda: {"account": facts})
    reference.find.cache_clear()

    own = pairs("account", "PutAlternateContact", Name="A")
    other = pairs("account", "PutAlternateContact", Name="A", AccountId="222222222222")

    reference.find.cache_clear()
    action, start = "account:PutAlternateContact", f"arn:aws:account::{ACCOUNT_ID}:account"
    assert own == [(action, start)]
    assert other == [(action, f"{start}/o-*/222222222222")]


def test_every_operation_of_s3_that_is_no_action_of_its_own_has_one() -> None:
    model = botocore.session.get_session().get_service_model("s3")

    without = {
        operation
        for operation in model.operation_names
        if not reference.find(f"s3:{S3_ACTIONS.get(operation, operation)}")
    }

    assert all(reference.find(f"s3:{action}") for action in S3_ACTIONS.values())
    # Newer than the facts, of directory buckets, or of Object Lambda.
    assert not [
        name
        for name in without
        if not re.search("Annotation|Metadata|Session|Dir", name)
        and name not in {"RenameObject", "WriteGetObjectResponse"}
    ]


def test_checked_services_have_models() -> None:
    assert checked_services() <= set(botocore.session.get_session().get_available_services())
