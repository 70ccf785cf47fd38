"""Decisions on requests that wait for approval: a rule on the bus, and what records them."""

from aws_cdk import Aws
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.bus_policy import APPROVAL_DECIDED
from infra.event_function import EventFunction
from infra.narrower_grants import ANNOUNCEMENTS_SOURCE
from infra.settings import Settings


class ApprovalRule(Construct):
    """Has DecideApproval record every `AccountApprovalDecided` that comes from this account.

    Approvers of other accounts take a role in this one, and decide by the API or by its events.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: lambda_.Code,
        settings: Settings,
        bus: events.IEventBus,
        state_machine: sfn.IStateMachine,
        dead_letter_queue: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id_)
        self.operation = EventFunction(
            self,
            "DecideApproval",
            code=code,
            settings=settings,
            dead_letter_queue=dead_letter_queue,
        )
        self.operation.function.add_environment(
            "STATE_MACHINE_ARN", state_machine.state_machine_arn
        )
        self.operation.run_on(
            events.EventPattern(
                detail_type=[APPROVAL_DECIDED],
                source=events.Match.anything_but(ANNOUNCEMENTS_SOURCE),
                account=[Aws.ACCOUNT_ID],
            ),
            rule=APPROVAL_DECIDED,
            description="An approver has decided on a request: record it",
            bus=bus,
        )
