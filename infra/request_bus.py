"""The way in for events: the bus, and the rule that starts the workflow."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

EVENT_BUS_NAME = "account-vending"


class RequestBus(Construct):
    """The event bus `account-vending`: it takes requests and carries the events about them."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.event_bus = events.EventBus(self, "EventBus", event_bus_name=EVENT_BUS_NAME)
        self.dead_letter_queue = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )

    def start_on_request(self, state_machine: sfn.IStateMachine) -> None:
        """Start `state_machine` with every `AccountRequested`, as EventBridge has it.

        The whole event is the execution's input: its account and source say who sends the request.
        EventBridge delivers at least once; the workflow's first state detects repetitions.
        What cannot be delivered for a day waits in the dead-letter queue.
        """
        role = iam.Role(
            self,
            "StartRole",
            assumed_by=iam.ServicePrincipal(
                "events.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            ),
            inline_policies={
                "Start": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            sid="StartVending",
                            actions=["states:StartExecution"],
                            resources=[state_machine.state_machine_arn],
                        )
                    ]
                )
            },
        )
        events.Rule(
            self,
            "AccountRequested",
            description="An account is requested: start vending it",
            event_bus=self.event_bus,
            event_pattern=events.EventPattern(detail_type=["AccountRequested"]),
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
