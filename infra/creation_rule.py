"""Ends of creations: a rule on the default bus, and the function that resumes who waits for one."""

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.event_function import EventFunction, by_cloudtrail
from infra.settings import Settings

EVENT_NAMES = ("CreateAccount", "CreateAccountResult", "CreateGovCloudAccount")


class CreationRule(Construct):
    """Has AnswerCreateAccount hear of creations that AWS begins and ends.

    Events about AWS Organizations come to the default bus of us-east-1, where a trail logs them.
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
        self.operation = EventFunction(
            self,
            "AnswerCreateAccount",
            code=code,
            settings=settings,
            dead_letter_queue=dead_letter_queue,
        )
        self.operation.run_on(
            by_cloudtrail("aws.organizations", EVENT_NAMES),
            rule="CreationAnswered",
            description="AWS creates an account or has ended that: resume who waits for it",
        )
