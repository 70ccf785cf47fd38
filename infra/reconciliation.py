"""Reconciliation: a scheduled function that looks for what no event has reported."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.operation_function import OperationFunction
from infra.settings import Settings


class Reconciliation(Construct):
    """Runs ReconcileLedger by the schedule of the settings.

    There is no dead-letter queue: the next run makes up for a missed one.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: lambda_.Code,
        settings: Settings,
        state_machine: sfn.IStateMachine,
    ) -> None:
        super().__init__(scope, id_)
        self.operation = OperationFunction(
            self, "ReconcileLedger", package="events", code=code, settings=settings
        )
        function = self.operation.function
        function.add_environment("STATE_MACHINE_ARN", state_machine.state_machine_arn)
        if settings.reconcile_every_hours is not None:
            events.Rule(
                self,
                "Schedule",
                description="Compare the ledger, the executions and the organization",
                schedule=events.Schedule.rate(Duration.hours(settings.reconcile_every_hours)),
                targets=[
                    targets.LambdaFunction(
                        function, max_event_age=Duration.minutes(30), retry_attempts=2
                    )
                ],
            )
