"""The setup of an organization: the state machine of statemachines/organization_setup.asl.json."""

from collections.abc import Mapping

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.settings import Settings
from infra.workflow import Workflow

OWN_OPERATIONS = ("AcceptHandshake", "AttachPolicy", "CreatePolicy", "EnableAWSServiceAccess")
"""Operations that requests run too, with less power: the setup has its own functions for them."""

PREFIX = "Setup"
"""What the names of these functions begin with."""


class OrganizationSetupWorkflow(Workflow):
    """The state machine that brings an organization to what its document says.

    Nothing starts it but `vend setup` and people; its input is the document.
    """

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
            definition="organization_setup",
            functions=functions,
            settings=settings,
        )
