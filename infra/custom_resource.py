"""The custom resource Custom::Account of CloudFormation: the function that its service token names,
the state machine that answers, and the rule that hears of the requests' ends.

No policy of a function lets anybody invoke the service token: CloudFormation does so with the
credentials of whoever deploys, or with the role that they pass to it. So it is for stacks of this
account and region alone.
"""

from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra import state_machine_names
from infra.event_function import EventFunction
from infra.operation_function import OperationFunction
from infra.settings import CustomResourceSettings, Settings
from infra.workflow import Workflow
from statemachines import definitions
from vending.custom_resource.event import EXECUTION_PREFIX

DEFINITION = "account_custom_resource"

OPERATIONS = definitions.invoked(DEFINITION)
"""The operations whose functions the machine invokes."""


class CustomAccounts(Construct):
    """What serves the resource; `operations` are all of its functions."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: lambda_.Code,
        settings: Settings,
        custom_resource: CustomResourceSettings,
        vending: sfn.IStateMachine,
        retirement: sfn.IStateMachine,
        dead_letter_queue: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id_)
        steps = {
            operation: OperationFunction(self, operation, code=code, settings=settings)
            for operation in OPERATIONS
        }
        workflow = Workflow(
            self,
            "CustomResourceWorkflow",
            definition=DEFINITION,
            functions={operation: each.function for operation, each in steps.items()},
            settings=settings,
            name=state_machine_names.custom_resource(settings),
        )
        requests = steps["RequestCustomAccount"].function
        requests.add_environment("STATE_MACHINE_ARN", vending.state_machine_arn)
        requests.add_environment("RETIREMENT_STATE_MACHINE_ARN", retirement.state_machine_arn)
        requests.add_environment("CUSTOM_RESOURCE_ON_DELETE", custom_resource.on_delete)
        self.service, answers = (
            EventFunction(
                self, name, code=code, settings=settings, dead_letter_queue=dead_letter_queue
            )
            for name in ("ServeCustomAccount", "AnswerCustomAccount")
        )
        self.service.function.add_environment(
            "STATE_MACHINE_ARN", workflow.state_machine.state_machine_arn
        )
        answers.run_on(
            events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [vending.state_machine_arn],
                    "name": events.Match.prefix(EXECUTION_PREFIX),
                    "status": ["ABORTED", "FAILED", "SUCCEEDED", "TIMED_OUT"],
                },
            ),
            rule="CustomAccountEnded",
            description="A request of CloudFormation has ended: resume who waits for it",
        )
        self.operations = [*steps.values(), self.service, answers]
