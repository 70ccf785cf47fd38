"""What an operator sees and receives: alarms and their topic, the dashboard, saved log queries."""

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.alarm_topic import AlarmTopic
from infra.alarms import Alarms
from infra.dashboard import VendingDashboard
from infra.encryption import customer_key
from infra.log_queries import LogQueries
from infra.operation_function import OperationFunction
from infra.settings import Settings
from infra.workflow import Workflow


class Monitoring(Construct):
    """Watches the stack's parts as the settings say; the queries cost nothing and are always there.

    `functions` are all of the stack's, by name, ReconcileLedger among them. `workflow` is the one
    that vends, `setup` the one that sets an organization up.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        functions: Mapping[str, OperationFunction],
        workflow: Workflow,
        setup: Workflow,
        dead_letter_queue: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id_)
        alarms: dict[str, cloudwatch.Alarm] = {}
        if settings.alarms:
            alarms = Alarms(
                self,
                "Alarms",
                settings=settings,
                topic=AlarmTopic(
                    self,
                    "AlarmTopic",
                    settings=settings,
                    master_key=customer_key(self, settings),
                ).topic,
                dead_letter_queue=dead_letter_queue,
                reconciler=functions["ReconcileLedger"].function,
            ).alarms
        if settings.dashboard:
            VendingDashboard(
                self,
                "Overview",
                settings=settings,
                functions={name: each.function for name, each in functions.items()},
                state_machine=workflow.state_machine,
                dead_letter_queue=dead_letter_queue,
                alarms=alarms,
            )
        LogQueries(
            self,
            "LogQueries",
            functions=[each.log_group for each in functions.values()],
            machines=[workflow.log_group, setup.log_group],
        )
