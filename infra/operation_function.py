"""One operation: its Lambda function, its own role, its own log group."""

import re
from collections.abc import Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.settings import Settings

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def module_name(operation: str) -> str:
    """The module of an operation: `EnableAWSServiceAccess` is `enable_aws_service_access`."""
    return _WORD_START.sub("_", operation).lower()


class OperationFunction(Construct):
    """The function of the operation `id_`, run by `<package>.<module>.handler` of `code`.

    Its role starts with nothing but its own log group and traces. What else it may do, the stack
    says by `may`, `may_use_ledger` and `may_announce_on`. `dead_letter_queue` is for functions that
    events invoke: Lambda puts there what failed three times.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: lambda_.Code,
        settings: Settings,
        package: str = "operations",
        dead_letter_queue: sqs.IQueue | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self._log_group = logs.LogGroup(
            self,
            "Logs",
            retention=settings.log_retention,
            # The ledger is what must outlive the stack; logs without their function are of no use.
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self._grants = iam.Policy(self, "Grants", roles=[role])
        self.function = lambda_.Function(
            self,
            "Function",
            description=f"Account vending: {id_}",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{package}.{module_name(id_)}.handler",
            code=code,
            memory_size=settings.function_memory_mb,
            timeout=Duration.seconds(settings.function_timeout_seconds),
            tracing=lambda_.Tracing.ACTIVE,
            log_group=self._log_group,
            dead_letter_queue=dead_letter_queue,
            # Only the statements named here, none that a construct adds on its own.
            role=role.without_policy_updates(),
            environment={
                "LOG_LEVEL": settings.log_level,
                "POWERTOOLS_METRICS_NAMESPACE": "AccountVending",
                "POWERTOOLS_SERVICE_NAME": "account-vending",
            },
        )
        # A function whose role may not write yet would start without logs and traces.
        self.function.node.add_dependency(self._grants)
        self.may(
            "WriteOwnLogs",
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[self._log_group.log_group_arn],
        )
        self.may(
            "WriteTraces",
            actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
            resources=["*"],
        )
        if dead_letter_queue is not None:
            self.may(
                "WriteDeadLetters",
                actions=["sqs:SendMessage"],
                resources=[dead_letter_queue.queue_arn],
            )

    def may(
        self,
        sid: str,
        *,
        actions: Sequence[str],
        resources: Sequence[str],
        conditions: Mapping[str, Mapping[str, str | Sequence[str]]] | None = None,
    ) -> None:
        """Grant `actions` on `resources` in a statement of the name `sid`."""
        self._grants.add_statements(
            iam.PolicyStatement(
                sid=sid,
                actions=list(actions),
                resources=list(resources),
                conditions=conditions,
            )
        )

    def may_use_ledger(
        self,
        table: dynamodb.ITable,
        *,
        operations: Sequence[str],
        rows: str | Sequence[str] = "request#*",
        sid: str = "UseLedger",
    ) -> None:
        """Give the function the ledger's name and grant it these DynamoDB operations on rows.

        `rows` are patterns of partition keys; no other row of the table may be touched.
        """
        self.function.add_environment("LEDGER_TABLE_NAME", table.table_name)
        self.may(
            sid,
            actions=[f"dynamodb:{operation}" for operation in operations],
            resources=[table.table_arn],
            conditions={
                "ForAllValues:StringLike": {
                    "dynamodb:LeadingKeys": rows if isinstance(rows, str) else list(rows)
                }
            },
        )

    def may_take_turns(
        self, table: dynamodb.ITable, *, state_machine_arn: str, settings: Settings
    ) -> None:
        """Give the function AWS's creation quota and grant it to change the creation queue.

        Step Functions checks the state machine whose execution waits under a token, although the
        Service Authorization Reference lists no resource for SendTaskSuccess.
        """
        for name, value in {
            "CREATION_RATE_PER_SECOND": settings.creation_rate_per_second,
            "CREATION_BURST": settings.creation_burst,
            "CREATIONS_IN_PROGRESS": settings.creations_in_progress,
            "CREATION_LEASE_SECONDS": settings.creation_lease_seconds,
            "CREATION_SLACK_SECONDS": settings.creation_slack_seconds,
        }.items():
            self.function.add_environment(name, str(value))
        self.may_use_ledger(
            table, operations=["GetItem", "PutItem"], rows="gate#creation", sid="UseCreationQueue"
        )
        self.may("NotifyWaiters", actions=["states:SendTaskSuccess"], resources=[state_machine_arn])

    def may_announce_on(self, bus: events.IEventBus) -> None:
        """Give the function the bus's name and grant it to put events there."""
        self.function.add_environment("EVENT_BUS_NAME", bus.event_bus_name)
        self.may("Announce", actions=["events:PutEvents"], resources=[bus.event_bus_arn])
