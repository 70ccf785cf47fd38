"""Encryption at rest by the customer's KMS key: who uses it, and what that needs.

Without the setting `kms_key_arn`, AWS's own keys encrypt everything, which needs no grants. With
it, a caller of DynamoDB, SQS or Step Functions needs the key as well; the conditions say for which
service and which resource's data. What services do by themselves (EventBridge, CloudWatch, S3), the
key's own policy allows: docs/security.md has its statements, as a key that the stack imports is
not the stack's to change.

Sources: "How Amazon DynamoDB uses AWS KMS" (AWS KMS Developer Guide), "Key management" (Amazon SQS
Developer Guide), "Data at rest encryption in Step Functions" (AWS Step Functions Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.settings import Settings

_ID = "CustomerKey"
_READ = ("kms:Decrypt",)
_READ_AND_WRITE = ("kms:Decrypt", "kms:GenerateDataKey")


def customer_key(scope: Construct, settings: Settings) -> kms.IKey | None:
    """The key of the settings, for any `encryption_key` of the stack; None: AWS's own keys."""
    if settings.kms_key_arn is None:
        return None
    stack = Stack.of(scope)
    known = stack.node.try_find_child(_ID)
    if known is None:
        return kms.Key.from_key_arn(stack, _ID, settings.kms_key_arn)
    return cast(kms.IKey, known)


@dataclass(frozen=True, kw_only=True)
class KeyUse:
    """What a role may do with the customer's key, through one service, for one resource's data.

    `context` is the part of the encryption context by which the service names the resource, and
    `resource` is its value, with `*` where a name is not known before deployment; or several.
    """

    sid: str
    actions: tuple[str, ...]
    service: str | None
    context: str
    resource: str | tuple[str, ...]

    def conditions(self, scope: Construct) -> dict[str, dict[str, str | list[str]]]:
        """As a policy has them; `service` None: the service calls by the role itself."""
        key = f"kms:EncryptionContext:{self.context}"
        via: dict[str, str | list[str]] = (
            {"kms:ViaService": f"{self.service}.{Stack.of(scope).region}.amazonaws.com"}
            if self.service
            else {}
        )
        resource = self.resource
        value = resource if isinstance(resource, str) else list(resource)
        if "*" in "".join(resource):
            equal = {"StringEquals": via} if via else {}
            return {**equal, "StringLike": {key: value}}
        return {"StringEquals": {**via, key: value}}


def uses_of_calls(
    calls: Iterable[str], *, table_name: str, state_machine_arn: str | tuple[str, ...]
) -> Iterator[KeyUse]:
    """What the caller of these actions needs of the key, beside the actions themselves."""
    called = set(calls)
    if any(call.startswith("dynamodb:") for call in called):
        # The table's data key is decrypted for whoever reads or writes; it is made with the table.
        yield KeyUse(
            sid="UseKeyOfLedger",
            actions=_READ,
            service="dynamodb",
            context="aws:dynamodb:tableName",
            resource=table_name,
        )
    writes = called & {"states:SendTaskFailure", "states:SendTaskSuccess", "states:StartExecution"}
    if writes or "states:DescribeExecution" in called:
        # DescribeExecution shows the input; the others hand over data to be kept.
        yield KeyUse(
            sid="UseKeyOfExecutions",
            actions=_READ_AND_WRITE if writes else _READ,
            service="states",
            context="aws:states:stateMachineArn",
            resource=state_machine_arn,
        )


def use_of_queue(queue_arn: str) -> KeyUse:
    """What a sender needs whose message goes into an encrypted queue."""
    return KeyUse(
        sid="UseKeyOfDeadLetters",
        actions=_READ_AND_WRITE,
        service="sqs",
        context="aws:sqs:arn",
        resource=queue_arn,
    )


def use_of_topic(topic_arn: str, *, sid: str) -> KeyUse:
    """What a publisher needs of an encrypted topic ("Managing Amazon SNS encryption keys")."""
    return KeyUse(
        sid=sid,
        actions=_READ_AND_WRITE,
        service="sns",
        context="aws:sns:topicArn",
        resource=topic_arn,
    )


def uses_of_audit_trail(table_name: str, bucket_arn: str) -> Iterator[KeyUse]:
    """What reading the ledger's stream and writing the trail's objects needs."""
    yield from uses_of_calls(["dynamodb:GetRecords"], table_name=table_name, state_machine_arn="")
    # With a bucket key the context is the bucket, not the object.
    yield KeyUse(
        sid="UseKeyOfAuditTrail",
        actions=("kms:GenerateDataKey",),
        service="s3",
        context="aws:s3:arn",
        resource=bucket_arn,
    )


def uses_of_state_machine(state_machine_arn: str, log_groups_arn: str) -> Iterator[KeyUse]:
    """What a state machine's own role needs: for its data, and to have its log delivered."""
    yield KeyUse(
        sid="UseKeyOfExecutions",
        actions=_READ_AND_WRITE,
        service=None,
        context="aws:states:stateMachineArn",
        resource=state_machine_arn,
    )
    yield KeyUse(
        sid="UseKeyOfLogDelivery",
        actions=("kms:GenerateDataKey",),
        service=None,
        context="SourceArn",
        resource=log_groups_arn,
    )


def statement(scope: Construct, settings: Settings, use: KeyUse) -> iam.PolicyStatement:
    """The use as a statement; for settings that name a key."""
    assert settings.kms_key_arn is not None
    return iam.PolicyStatement(
        sid=use.sid,
        actions=list(use.actions),
        resources=[settings.kms_key_arn],
        conditions=use.conditions(scope),
    )
