"""Reconciliation: scheduled functions that look for what no event has reported."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.operation_function import OperationFunction
from infra.settings import Settings

DRIFT_SECONDS = 900
"""DetectDrift reads accounts as fast as it may for ten minutes, and ends its last one in five."""


class Reconciliation(Construct):
    """Runs ReconcileLedger by the schedule of the settings, and DetectDrift unless they ignore it.

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
        self._settings = settings
        ledger = OperationFunction(
            self, "ReconcileLedger", package="events", code=code, settings=settings
        )
        ledger.function.add_environment("STATE_MACHINE_ARN", state_machine.state_machine_arn)
        self._schedule(
            "Schedule", ledger, "Compare the ledger, the executions and the organization"
        )
        self.operations = [ledger]
        self.repairers = list[str]()
        """The ARNs of the roles that have put back what others changed in accounts."""
        if settings.account_drift == "ignore":
            return
        drift = OperationFunction(
            self,
            "DetectDrift",
            package="events",
            code=code,
            settings=settings,
            timeout_seconds=DRIFT_SECONDS,
        )
        drift.function.add_environment("ACCOUNT_DRIFT", settings.account_drift)
        self._schedule("DriftSchedule", drift, "Compare accounts with their documents")
        self.operations.append(drift)
        if settings.account_drift == "repair":
            self.repairers.append(drift.role_arn)

    def _schedule(self, id_: str, operation: OperationFunction, description: str) -> None:
        hours = self._settings.reconcile_every_hours
        if hours is None:
            return
        events.Rule(
            self,
            id_,
            description=description,
            schedule=events.Schedule.rate(Duration.hours(hours)),
            targets=[
                targets.LambdaFunction(
                    operation.function, max_event_age=Duration.minutes(30), retry_attempts=2
                )
            ],
        )
