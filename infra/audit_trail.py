"""The audit trail: who asked for what, what was done and when, in objects that nobody can change.

The ledger's stream costs Lambda nothing to read, and nothing runs while nothing changes. A row is
what everything about a request goes through, whoever writes it and however it ends: so the trail is
of rows, not of announcements.
"""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.encryption import customer_key, use_of_queue, uses_of_audit_trail
from infra.operation_function import OperationFunction
from infra.settings import Settings
from permissions.declared_calls import calls_of
from vending.ledger.changes import AUDITED

GATHERING_SECONDS = 60
"""How long changes are gathered for one run: a vend has some twelve in its first minute."""

RETRIED_HOURS = 22
"""The stream keeps a change for 24 hours; what fails that long is dead-lettered before."""


class AuditTrail(Construct):
    """A bucket whose objects are locked, and ArchiveAudit, which writes the ledger's changes there.

    The bucket is kept when the stack goes, as are its objects.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: lambda_.Code,
        settings: Settings,
        ledger: dynamodb.ITable,
        dead_letter_queue: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id_)
        key = customer_key(self, settings)
        retention = Duration.days(settings.audit_retention_days or 0)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            object_lock_enabled=True,
            object_lock_default_retention=(
                s3.ObjectLockRetention.compliance(retention)
                if settings.audit_lock == "COMPLIANCE"
                else s3.ObjectLockRetention.governance(retention)
            ),
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=True if key else None,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.operation = OperationFunction(
            self, "ArchiveAudit", package="events", code=code, settings=settings
        )
        self.operation.function.add_environment("AUDIT_BUCKET_NAME", self.bucket.bucket_name)
        self._grant(ledger, dead_letter_queue)
        lambda_.EventSourceMapping(
            self,
            "Changes",
            target=self.operation.function,
            event_source_arn=ledger.table_stream_arn,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=100,
            max_batching_window=Duration.seconds(GATHERING_SECONDS),
            # Locks, queues and pointers are nobody's deeds.
            filters=[
                lambda_.FilterCriteria.filter(
                    {"dynamodb": {"Keys": {"pk": {"S": [{"prefix": one} for one in AUDITED]}}}}
                )
            ],
            bisect_batch_on_error=True,
            max_record_age=Duration.hours(RETRIED_HOURS),
            on_failure=event_sources.SqsDlq(dead_letter_queue),
        )

    def _grant(self, ledger: dynamodb.ITable, dead_letter_queue: sqs.IQueue) -> None:
        self.operation.grant(
            "WriteTrail",
            actions=sorted(calls_of("events.archive_audit")),
            resources=[self.bucket.arn_for_objects("*")],
        )
        # Lambda reads the stream with the function's role, and writes there what failed for good.
        # AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB".
        stream = ledger.table_stream_arn
        assert stream is not None
        self.operation.grant(
            "ReadChanges",
            actions=[
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
            ],
            resources=[stream],
        )
        self.operation.grant("ListStreams", actions=["dynamodb:ListStreams"], resources=["*"])
        self.operation.grant(
            "WriteDeadLetters",
            actions=["sqs:SendMessage"],
            resources=[dead_letter_queue.queue_arn],
        )
        self.operation.grant_key(use_of_queue(dead_letter_queue.queue_arn))
        for use in uses_of_audit_trail(ledger.table_name, self.bucket.bucket_arn):
            self.operation.grant_key(use)
