"""Executions that end without telling the ledger: the rule that hears of them."""

from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.event_function import EventFunction
from infra.settings import Settings


class ExecutionEndRule(Construct):
    """Has RecordExecutionEnd hear of every execution that is stopped, times out or fails.

    Step Functions reports its executions on the default bus only. Of what cannot be delivered
    ReconcileLedger finds the row.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: lambda_.Code,
        settings: Settings,
        state_machine: sfn.IStateMachine,
        dead_letter_queue: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id_)
        self.operation = EventFunction(
            self,
            "RecordExecutionEnd",
            code=code,
            settings=settings,
            dead_letter_queue=dead_letter_queue,
        )
        self.operation.run_on(
            events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [state_machine.state_machine_arn],
                    "status": ["ABORTED", "FAILED", "TIMED_OUT"],
                },
            ),
            rule="ExecutionEnded",
            description="An execution was stopped, timed out or failed: record it in the ledger",
        )
