"""What each call of DynamoDB, S3 and SQS needs to be allowed.

Source: "Actions, resources, and condition keys for …" of each, Service Authorization Reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from embedded.policy_patterns import Values
from embedded.requirement import Requirement, request_tags, single
from embedded.wire import ApiCall

_TRANSACTED = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
"""Actions that the items of a transaction need, each as if it were a call of its own."""

_EQUALITY = re.compile(r"(#?[\w.-]+)\s*=\s*(:\w+)")

_S3_ACTIONS = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteObjects": "DeleteObject",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
"""S3's actions where they are not the operation's name."""

_SQS_BATCHES = {
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "DeleteMessageBatch": "DeleteMessage",
    "SendMessageBatch": "SendMessage",
}


def dynamodb(call: ApiCall, account_id: str) -> Iterator[Requirement]:
    """Tables and indexes; each item of a transaction or batch on its own table."""
    parameters = call.parameters
    for item in parameters.get("TransactItems") or ():
        for kind, request in item.items():
            action = _TRANSACTED.get(kind, kind)
            yield _on_table(
                call, account_id, action, request, _leading_keys(call, account_id, request)
            )
    batched = parameters.get("RequestItems")
    if isinstance(batched, Mapping):
        for table, requests in batched.items():
            keys = _batch_keys(call, account_id, table, requests)
            yield _on_table(call, account_id, call.operation, {"TableName": table}, keys)
    if parameters.get("TableName"):
        keys = _leading_keys(call, account_id, parameters)
        yield _on_table(call, account_id, call.operation, parameters, keys)
    elif arn := parameters.get("ResourceArn") or parameters.get("TableArn"):
        context = request_tags(parameters)
        yield Requirement(action=f"dynamodb:{call.operation}", resource=str(arn), context=context)


def _on_table(
    call: ApiCall,
    account_id: str,
    action: str,
    request: Mapping[str, Any],
    leading_keys: tuple[str, ...],
) -> Requirement:
    table = str(request.get("TableName", ""))
    if not table.startswith("arn:"):
        table = f"arn:{call.partition}:dynamodb:{call.region}:{account_id}:table/{table}"
    index = request.get("IndexName")
    context: dict[str, Values] = request_tags(call.parameters)
    context |= single("dynamodb:select", request.get("Select"))
    context |= single("dynamodb:returnvalues", request.get("ReturnValues"))
    if leading_keys:
        context["dynamodb:leadingkeys"] = leading_keys
    return Requirement(
        action=f"dynamodb:{action}",
        resource=f"{table}/index/{index}" if index else table,
        context=context,
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


def s3(call: ApiCall, account_id: str) -> Iterator[Requirement]:
    """Objects, buckets, or `*` for what is about the account.

    A bucket's ARN does not say whose it is; the bucket does, and `account_id` owns what is to be.
    """
    parameters = call.parameters
    action = f"s3:{_S3_ACTIONS.get(call.operation, call.operation)}"
    bucket = parameters.get("Bucket")
    if not bucket:
        yield Requirement(action=action)
        return
    context = request_tags(parameters) | single("s3:prefix", parameters.get("Prefix"))
    context |= _bucket_owner(call, account_id, str(bucket))
    arn = f"arn:{call.partition}:s3:::{bucket}"
    if call.operation == "DeleteObjects":
        for item in (parameters.get("Delete") or {}).get("Objects") or ():
            yield Requirement(action=action, resource=f"{arn}/{item['Key']}", context=context)
        return
    key = parameters.get("Key")
    yield Requirement(action=action, resource=f"{arn}/{key}" if key else arn, context=context)
    source = parameters.get("CopySource")
    if source:
        path = str(source).lstrip("/").partition("?")[0]
        yield Requirement(
            action="s3:GetObject",
            resource=f"arn:{call.partition}:s3:::{path}",
            context=_bucket_owner(call, account_id, path.partition("/")[0]),
        )


def _bucket_owner(call: ApiCall, account_id: str, bucket: str) -> dict[str, Values]:
    _, owner = s3_backends.bucket_accounts.get(bucket, (call.partition, account_id))
    return single("aws:resourceaccount", owner) | single("s3:resourceaccount", owner)


def sqs(call: ApiCall, account_id: str) -> Iterator[Requirement]:
    """Queues by URL or name; the batch forms need the action of one message."""
    parameters = call.parameters
    name, owner = parameters.get("QueueName"), account_id
    url = parameters.get("QueueUrl")
    if url:
        *_, owner, name = ("", account_id, *str(url).rstrip("/").split("/"))
    owner = str(parameters.get("QueueOwnerAWSAccountId") or owner)
    if name:
        arn = f"arn:{call.partition}:sqs:{call.region}:{owner}:{name}"
        yield Requirement(
            action=f"sqs:{_SQS_BATCHES.get(call.operation, call.operation)}",
            resource=arn,
            context=request_tags(parameters),
            tags=lambda: _queue_tags(call.region, owner, str(name)),
        )


def _queue_tags(region: str, account_id: str, name: str) -> Mapping[str, str]:
    queue = sqs_backends[account_id][region].queues.get(name)
    return (queue.tags or {}) if queue else {}
