"""Answers to invitations: a rule on the default bus, and the function that handles them."""

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.event_function import EventFunction, by_cloudtrail
from infra.settings import Settings

EVENT_NAMES = (
    "AcceptHandshake",
    "AccountJoinedOrganization",
    "CancelHandshake",
    "DeclineHandshake",
)


class InvitationRule(Construct):
    """Runs AnswerHandshake for every event that may be the answer to an invitation."""

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
        self.operation = EventFunction(
            self,
            "AnswerHandshake",
            code=code,
            settings=settings,
            dead_letter_queue=dead_letter_queue,
        )
        self.operation.run_on(
            by_cloudtrail("aws.organizations", EVENT_NAMES),
            rule="HandshakeAnswered",
            description="An invitation may have been answered: check it",
        )
