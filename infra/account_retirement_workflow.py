"""The retirement of accounts: the state machine of statemachines/account_retirement.asl.json."""

from collections.abc import Mapping

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra import state_machine_names
from infra.settings import Settings
from infra.workflow import Workflow

RETIRING = (
    "AcceptRetirement",
    "CloseAccount",
    "DeregisterDelegatedAdministrator",
    "DescribeClosure",
    "RecordRetirement",
    "ReserveClosing",
)
"""Functions that this machine alone runs; it shares those that suspend with the one that vends."""


class AccountRetirementWorkflow(Workflow):
    """The state machine `account-retirement`: one execution for each event about an account."""

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
            definition="account_retirement",
            functions=functions,
            settings=settings,
            name=state_machine_names.retirement(settings),
        )
