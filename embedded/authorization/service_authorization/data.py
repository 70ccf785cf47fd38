"""The resources that a call of DynamoDB, S3, SNS or SQS names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from embedded.authorization.required_permission import single
from embedded.authorization.service_authorization.resource import Resource, arn_of, named
from embedded.core.context import current
from embedded.policies.patterns import Values
from embedded.protocols.protocols import ApiCall

_TRANSACTED = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
"""Actions that the items of a transaction need, each as if it were a call of its own."""

_EQUALITY = re.compile(r"(#?[\w.-]+)\s*=\s*(:\w+)")


_S3_CONFIGURATIONS = (
    "Accelerate",
    "Analytics",
    "Encryption",
    "IntelligentTiering",
    "Inventory",
    "Lifecycle",
    "Metrics",
    "Replication",
)

S3_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    **{
        f"{verb}Bucket{kind}{ending}": f"{action}{kind}Configuration"
        for kind in _S3_CONFIGURATIONS
        for verb, action in {"Delete": "Put", "Get": "Get", "List": "Get", "Put": "Put"}.items()
        for ending in ("", "Configuration", "Configurations")
    },
}
"""Actions by operation of S3, where they are not its name ("Required permissions for Amazon S3 API
operations", Amazon S3 User Guide)."""


def dynamodb(call: ApiCall, account_id: str) -> Iterator[Resource]:
    """Tables and indexes; each item of a transaction or batch on its own table."""
    parameters = call.parameters
    for item in parameters.get("TransactItems") or ():
        for kind, request in item.items():
            has_keys = current().keys_in_transactions
            keys = _leading_keys(call, account_id, request) if has_keys else ()
            action = f"dynamodb:{_TRANSACTED.get(kind, kind)}"
            yield _table(call, account_id, request, keys, action=action)
    batched = parameters.get("RequestItems")
    if isinstance(batched, Mapping):
        for table, requests in batched.items():
            keys = _batch_keys(call, account_id, table, requests)
            yield _table(call, account_id, {"TableName": table}, keys)
    if parameters.get("TableName"):
        keys = _leading_keys(call, account_id, parameters)
        yield _table(call, account_id, parameters, keys)
    elif arn := parameters.get("ResourceArn") or parameters.get("TableArn"):
        yield Resource(arn=str(arn), types=("table",))


def _table(
    call: ApiCall,
    account_id: str,
    request: Mapping[str, Any],
    leading_keys: tuple[str, ...],
    *,
    action: str | None = None,
) -> Resource:
    name, index = str(request.get("TableName", "")), request.get("IndexName")
    table = named(call, account_id, "dynamodb:table", "TableName", name)
    return Resource(
        arn=f"{table.arn}/index/{index}" if index else table.arn,
        types=("index",) if index else table.types,
        action=action,
        parameters=request,
        context={"dynamodb:leadingkeys": leading_keys} if leading_keys else {},
    )


def _leading_keys(call: ApiCall, account_id: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    """The partition keys that a request names: of its item, its key, or its key condition."""
    name = _partition_key(call, account_id, request)
    if not name:
        return ()
    for holder in ("Key", "Item"):
        value = (request.get(holder) or {}).get(name)
        if value:
            return _scalar(value)
    names = request.get("ExpressionAttributeNames") or {}
    values = request.get("ExpressionAttributeValues") or {}
    for attribute, placeholder in _EQUALITY.findall(request.get("KeyConditionExpression") or ""):
        if names.get(attribute, attribute) == name and placeholder in values:
            return _scalar(values[placeholder])
    return ()


def _batch_keys(call: ApiCall, account_id: str, table: str, requests: Any) -> tuple[str, ...]:
    """The partition keys of BatchGetItem's Keys or of BatchWriteItem's puts and deletes."""
    if isinstance(requests, Mapping):
        entries = [{"Key": key} for key in requests.get("Keys") or ()]
    else:
        entries = [inner for entry in requests for inner in entry.values()]
    found = (_leading_keys(call, account_id, {"TableName": table, **entry}) for entry in entries)
    return tuple(key for keys in found for key in keys)


def _scalar(value: Mapping[str, Any]) -> tuple[str, ...]:
    """The text of an attribute value such as {"S": "a"}."""
    return tuple(str(one) for one in value.values())


def _partition_key(call: ApiCall, account_id: str, request: Mapping[str, Any]) -> str | None:
    name = str(request.get("TableName", "")).rpartition("/")[2]
    table = dynamodb_backends[account_id][call.region].tables.get(name)
    if table is None:
        return None
    index = request.get("IndexName")
    if not index:
        return str(table.hash_key_attr)
    schemas = [i.schema for i in (*table.global_indexes, *table.indexes) if i.name == index]
    hashes = [k["AttributeName"] for schema in schemas for k in schema if k["KeyType"] == "HASH"]
    return str(hashes[0]) if hashes else None


def s3(call: ApiCall, account_id: str) -> Iterator[Resource]:
    """Objects and buckets.

    A bucket's ARN does not say whose it is; the bucket does, and `account_id` owns what is to be.
    """
    parameters = call.parameters
    bucket, key = str(parameters.get("Bucket") or ""), parameters.get("Key")
    owner = _bucket_owner(call, account_id, bucket)
    arn = arn_of(call, account_id, "s3:bucket", BucketName=bucket)
    for item in (parameters.get("Delete") or {}).get("Objects") or ():
        yield Resource(arn=f"{arn}/{item['Key']}", types=("object",), context=owner)
    if key:
        yield Resource(arn=f"{arn}/{key}", types=("object",), context=owner)
    elif bucket:
        yield Resource(arn=arn, types=("bucket",), context=owner)
    source = parameters.get("CopySource")
    if source:
        path = str(source).lstrip("/").partition("?")[0]
        yield Resource(
            arn=arn_of(call, account_id, "s3:bucket", BucketName=path),
            action="s3:GetObject",
            context=_bucket_owner(call, account_id, path.partition("/")[0]),
        )


def _bucket_owner(call: ApiCall, account_id: str, bucket: str) -> dict[str, Values]:
    _, owner = s3_backends.bucket_accounts.get(bucket, (call.partition, account_id))
    return single("aws:resourceaccount", owner) | single("s3:resourceaccount", owner)


def sns(call: ApiCall, account_id: str) -> Iterator[Resource]:
    """Topics by ARN, or by the name of one that is to be made. A telephone has no ARN."""
    parameters = call.parameters
    named = (parameters.get(name) for name in ("TopicArn", "TargetArn", "ResourceArn"))
    arn = next((str(one) for one in named if one), None)
    if arn is None and parameters.get("Name"):
        arn = arn_of(call, account_id, "sns:topic", TopicName=str(parameters["Name"]))
    if arn is not None:
        region = call.region
        yield Resource(arn=arn, types=("topic",), tags=lambda: _topic_tags(region, account_id, arn))


def _topic_tags(region: str, account_id: str, arn: str) -> Mapping[str, str]:
    topic = sns_backends[account_id][region].topics.get(arn)
    return topic._tags if topic else {}


def sqs(call: ApiCall, account_id: str) -> Iterator[Resource]:
    """Queues by URL or name."""
    parameters = call.parameters
    name, owner = parameters.get("QueueName"), account_id
    url = parameters.get("QueueUrl")
    if url:
        *_, owner, name = ("", account_id, *str(url).rstrip("/").split("/"))
    owner = str(parameters.get("QueueOwnerAWSAccountId") or owner)
    if name:
        yield Resource(
            arn=arn_of(call, owner, "sqs:queue", QueueName=str(name)),
            types=("queue",),
            tags=lambda: _queue_tags(call.region, owner, str(name)),
        )


def _queue_tags(region: str, account_id: str, name: str) -> Mapping[str, str]:
    queue = sqs_backends[account_id][region].queues.get(name)
    return (queue.tags or {}) if queue else {}
