"""Answers to invitations: a rule on the default bus, and the function that passes them on."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.discovered_accounts import BY_CLOUDTRAIL
from infra.operation_function import OperationFunction
from infra.settings import Settings

EVENT_NAMES = (
    "AcceptHandshake",
    "AccountJoinedOrganization",
    "CancelHandshake",
    "DeclineHandshake",
)


class InvitationAnswers(Construct):
    """Has AnswerHandshake look at the invitation that an event may be the answer to.

    The rule asks for nothing but service and event name, in any case: who acted is told in a
    different shape for roles, users, root users and AWS itself.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: lambda_.Code,
        settings: Settings,
        dead_letter_queue: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id_)
        self.operation = OperationFunction(
            self,
            "AnswerHandshake",
            package="events",
            code=code,
            settings=settings,
            dead_letter_queue=dead_letter_queue,
        )
        events.Rule(
            self,
            "HandshakeAnswered",
            description="An invitation may have been answered: look at it",
            event_pattern=events.EventPattern(
                source=["aws.organizations"],
                detail_type=list(BY_CLOUDTRAIL),
                detail={"eventName": [{"equals-ignore-case": each} for each in EVENT_NAMES]},
            ),
            targets=[
                targets.LambdaFunction(
                    self.operation.function,
                    dead_letter_queue=dead_letter_queue,
                    max_event_age=Duration.hours(24),
                    retry_attempts=185,
                )
            ],
        )
