"""The workflow: the state machine of statemachines/account_vending.asl.json."""

import math
from collections.abc import Mapping

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra import state_machine_names
from infra.settings import Settings
from infra.workflow import Workflow

POLLS_PER_SECOND = 1.7
"""Of all creations in progress; AWS allows 2 DescribeCreateAccountStatus a second."""


class VendingWorkflow(Workflow):
    """The state machine `account-vending`: one execution per request."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        functions: Mapping[str, lambda_.IFunction],
        settings: Settings,
    ) -> None:
        super().__init__(
            scope,
            id_,
            definition="account_vending",
            functions=functions,
            settings=settings,
            name=state_machine_names.vending(settings),
            numbers={
                "LeastPollSeconds": math.ceil(settings.creations_in_progress / POLLS_PER_SECOND)
            },
        )
