"""A state machine of its full definition, and the role it runs its functions with."""

from collections.abc import Mapping

from aws_cdk import Aws, CfnResource, Fn, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.encryption import customer_key, statement, uses_of_state_machine
from infra.settings import Settings
from statemachines.definitions import placeholders, text

_VENDED_LOGS = "/aws/vendedlogs/states/"


class Workflow(Construct):
    """The state machine of a definition, which may invoke exactly the functions that it names.

    `definition` is the file's name in statemachines/ without its ending. `functions` maps an
    operation's name to its function; the definition calls it `${<Operation>FunctionArn}`. Time-outs
    and the query language are said in the definition: given here, they would not reach it. `name`
    is for a machine whose name people type. `numbers` are what the definition leaves to the
    settings, as `${<name>}`.

    Raises:
        DefinitionError: the definitions and their profiles do not fit together.
        ValueError: the definition has placeholders that neither functions nor numbers fill.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        definition: str,
        functions: Mapping[str, lambda_.IFunction],
        settings: Settings,
        name: str | None = None,
        numbers: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(scope, id_)
        full = text(definition)
        substitutions = {each: str(number) for each, number in (numbers or {}).items()}
        named = placeholders(full) - substitutions.keys()
        used = {
            operation: function
            for operation, function in functions.items()
            if f"{operation}FunctionArn" in named
        }
        if missing := sorted(named - {f"{operation}FunctionArn" for operation in used}):
            raise ValueError(f"{definition}: nothing fills ${{{'}, ${'.join(missing)}}}")
        key = customer_key(self, settings)
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            # Groups of other names each add to the account's resource policy for logs, which ends
            # at 5,120 characters. Step Functions Developer Guide, "Using CloudWatch Logs to log
            # execution history".
            # They outlive the stack, so that the next one needs others: a part of its own id.
            log_group_name=f"{_VENDED_LOGS}{settings.name_prefix}{Stack.of(self).stack_name}-{id_}"
            f"-{_part_of_stack_id()}",
            retention=settings.log_retention,
            encryption_key=key,
            removal_policy=RemovalPolicy.RETAIN,
        )
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "states.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            ),
            inline_policies={
                "Workflow": iam.PolicyDocument(
                    statements=[
                        *_statements(used, self.log_group),
                        *(self._key_statements(settings, name) if key else ()),
                    ]
                )
            },
        )
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=name,
            state_machine_type=sfn.StateMachineType.STANDARD,
            definition_body=sfn.DefinitionBody.from_string(full),
            definition_substitutions={
                f"{operation}FunctionArn": function.function_arn
                for operation, function in used.items()
            }
            | substitutions,
            # Every step that was taken, kept longer than the 90 days that Step Functions keeps
            # histories; without the data, which carries email addresses.
            logs=sfn.LogOptions(
                destination=self.log_group, level=sfn.LogLevel.ALL, include_execution_data=False
            ),
            tracing_enabled=True,
            encryption_configuration=(
                sfn.CustomerManagedEncryptionConfiguration(key) if key else None
            ),
            role=role.without_policy_updates(),
        )
        if '"TimeoutSeconds": "{%' in full:
            # It may be a JSONata expression, which cfn-lint does not know. A test lints the
            # definition with a number in its place.
            machine = self.state_machine.node.default_child
            assert isinstance(machine, CfnResource)
            machine.add_metadata("cfn-lint", {"config": {"ignore_checks": ["E3601"]}})

    def _key_statements(self, settings: Settings, name: str | None) -> list[iam.PolicyStatement]:
        stack = Stack.of(self)

        def arn(service: str, resource: str) -> str:
            return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{resource}"

        # A name that CloudFormation makes begins with the logical id; the machine's own ARN would
        # make the role wait for the machine, which waits for the role.
        machine = arn("states", f"stateMachine:{name or f'{self.node.id}StateMachine*'}")
        uses = uses_of_state_machine(machine, arn("logs", "*"))
        return [statement(self, settings, use) for use in uses]


def _part_of_stack_id() -> str:
    """The first of the five parts of the UUID with which a stack's id ends."""
    return Fn.select(0, Fn.split("-", Fn.select(2, Fn.split("/", Aws.STACK_ID))))


def _statements(
    functions: Mapping[str, lambda_.IFunction], log_group: logs.ILogGroup
) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(
            sid="RunOperations",
            actions=["lambda:InvokeFunction"],
            resources=[function.function_arn for function in functions.values()],
        ),
        iam.PolicyStatement(
            sid="WriteOwnLogs",
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[log_group.log_group_arn],
        ),
        # Log delivery and traces know no resources. Step Functions Developer Guide, "Using
        # CloudWatch Logs to log execution history" and "X-Ray and Step Functions".
        iam.PolicyStatement(
            sid="DeliverLogs",
            actions=[
                "logs:CreateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:DescribeLogGroups",
                "logs:DescribeResourcePolicies",
                "logs:GetLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:UpdateLogDelivery",
            ],
            resources=["*"],
        ),
        iam.PolicyStatement(
            sid="WriteTraces",
            actions=[
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments",
            ],
            resources=["*"],
        ),
    ]
