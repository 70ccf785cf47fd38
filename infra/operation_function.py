"""One operation: its Lambda function, its own role, its own log group."""

import re
from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.encryption import KeyUse, customer_key, statement, use_of_queue
from infra.metrics import NAMESPACE, SERVICE
from infra.narrower_grants import Conditions
from infra.settings import Settings

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def module_name(operation: str) -> str:
    """The module of an operation: `EnableAWSServiceAccess` is `enable_aws_service_access`."""
    return _WORD_START.sub("_", operation).lower()


class OperationFunction(Construct):
    """The function of the operation `id_`, run by `<package>.<module>.handler` of `code`.

    Its role starts with nothing but its own log group and traces; `infra.grants` adds what its
    module declares to call. `dead_letter_queue` is for functions that events invoke: Lambda puts
    there what failed three times. `timeout_seconds` is for one that is no step of a state machine.
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
        timeout_seconds: int | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self.package = package
        self._settings = settings
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            retention=settings.log_retention,
            encryption_key=customer_key(self, settings),
            # They show what was done in the organization, even after the stack is gone.
            removal_policy=RemovalPolicy.RETAIN,
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.role_arn = role.role_arn
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
            timeout=Duration.seconds(timeout_seconds or settings.function_timeout_seconds),
            tracing=lambda_.Tracing.ACTIVE,
            log_group=self.log_group,
            dead_letter_queue=dead_letter_queue,
            code_signing_config=self._code_signing(settings),
            # Only the statements named here, none that a construct adds on its own.
            role=role.without_policy_updates(),
            environment={
                "LOG_LEVEL": settings.log_level,
                "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
                "POWERTOOLS_SERVICE_NAME": SERVICE,
            },
        )
        # A function whose role may not write yet would start without logs and traces.
        self.function.node.add_dependency(self._grants)
        self.grant(
            "WriteOwnLogs",
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[self.log_group.log_group_arn],
        )
        self.grant(
            "WriteTraces",
            actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
            resources=["*"],
        )
        if dead_letter_queue is not None:
            self.grant(
                "WriteDeadLetters",
                actions=["sqs:SendMessage"],
                resources=[dead_letter_queue.queue_arn],
            )
            self.grant_key(use_of_queue(dead_letter_queue.queue_arn))

    def _code_signing(self, settings: Settings) -> lambda_.ICodeSigningConfig | None:
        arn = settings.code_signing_config_arn
        if arn is None:
            return None
        return lambda_.CodeSigningConfig.from_code_signing_config_arn(self, "CodeSigning", arn)

    def grant(
        self,
        sid: str,
        *,
        actions: Sequence[str],
        resources: Sequence[str],
        conditions: Conditions | None = None,
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

    def grant_key(self, use: KeyUse) -> None:
        """Grant a use of the customer's key; nothing where AWS's own keys encrypt."""
        if self._settings.kms_key_arn is not None:
            self._grants.add_statements(statement(self, self._settings, use))
