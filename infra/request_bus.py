"""The way in for events: the bus, and the rules that start the state machines."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.bus_policy import REQUESTED, RETIREMENT_REQUESTED
from infra.encryption import customer_key, statement, uses_of_calls
from infra.narrower_grants import ANNOUNCEMENTS_SOURCE
from infra.settings import Settings

EVENT_BUS_NAME = "account-vending"


class RequestBus(Construct):
    """The event bus `account-vending`: it takes requests and carries the events about them."""

    def __init__(self, scope: Construct, id_: str, *, settings: Settings) -> None:
        super().__init__(scope, id_)
        self._settings = settings
        key = customer_key(self, settings)
        self.dead_letter_queue = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            # It may hold requests of people who do not know that the stack goes.
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.event_bus = events.EventBus(
            self,
            "EventBus",
            event_bus_name=f"{settings.name_prefix}{EVENT_BUS_NAME}",
            kms_key=key,
            # Events that the bus cannot encrypt or decrypt.
            dead_letter_queue=self.dead_letter_queue if key else None,
        )
        if key:
            self.dead_letter_queue.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="AllowEventBus",
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[self.dead_letter_queue.queue_arn],
                    conditions={"ArnEquals": {"aws:SourceArn": self.event_bus.event_bus_arn}},
                )
            )

    def start_on_request(self, state_machine: sfn.IStateMachine, *, settings: Settings) -> None:
        """Start `state_machine` with every `AccountRequested` of whoever may request.

        The whole event is the execution's input: its account and source say who sends the request.
        EventBridge delivers at least once; the workflow's first state detects repetitions.
        What cannot be delivered for a day waits in the dead-letter queue.
        """
        self._start(
            state_machine,
            REQUESTED,
            settings=settings,
            role_id="StartRole",
            sid="StartVending",
            description="An account is requested: start vending it",
        )

    def start_on_retirement(self, state_machine: sfn.IStateMachine, *, settings: Settings) -> None:
        """Start `state_machine` with every `AccountRetirementRequested`, in the same way."""
        self._start(
            state_machine,
            RETIREMENT_REQUESTED,
            settings=settings,
            role_id="StartRetirementRole",
            sid="StartRetirement",
            description="An account is to be retired, or restored: start the retirement's machine",
        )

    def _start(
        self,
        state_machine: sfn.IStateMachine,
        detail_type: str,
        *,
        settings: Settings,
        role_id: str,
        sid: str,
        description: str,
    ) -> None:
        role = iam.Role(
            self,
            role_id,
            assumed_by=iam.ServicePrincipal(
                "events.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            ),
            inline_policies={
                "Start": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            sid=sid,
                            actions=["states:StartExecution"],
                            resources=[state_machine.state_machine_arn],
                        ),
                        *self._key_statements(state_machine),
                    ]
                )
            },
        )
        events.Rule(
            self,
            detail_type,
            description=description,
            event_bus=self.event_bus,
            event_pattern=events.EventPattern(
                detail_type=[detail_type],
                source=events.Match.anything_but(ANNOUNCEMENTS_SOURCE),
                # An organization's accounts are not listed here; the bus lets in no others.
                account=None
                if settings.requesting_organizations
                else [Aws.ACCOUNT_ID, *settings.requesting_accounts],
            ),
            targets=[
                targets.SfnStateMachine(
                    state_machine,
                    role=role.without_policy_updates(),
                    dead_letter_queue=self.dead_letter_queue,
                    max_event_age=Duration.hours(24),
                    retry_attempts=185,
                )
            ],
        )

    def _key_statements(self, state_machine: sfn.IStateMachine) -> list[iam.PolicyStatement]:
        if self._settings.kms_key_arn is None:
            return []
        uses = uses_of_calls(
            ["states:StartExecution"],
            table_name="",
            state_machine_arn=state_machine.state_machine_arn,
        )
        return [statement(self, self._settings, use) for use in uses]
