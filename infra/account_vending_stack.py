"""The stack: what it is made of, who may do what, and what it tells the outside."""

from pathlib import Path

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.discovered_accounts import DiscoveredAccounts
from infra.execution_ends import ExecutionEnds
from infra.grants import (
    grant_to_answer_handshake,
    grant_to_discover_account,
    grant_to_operations,
    grant_to_reconcile_ledger,
    grant_to_record_execution_end,
)
from infra.invitation_answers import InvitationAnswers
from infra.ledger import Ledger
from infra.operation_function import OperationFunction
from infra.organization_setup_workflow import OrganizationSetupWorkflow
from infra.reconciliation import Reconciliation
from infra.request_bus import RequestBus
from infra.settings import Settings
from infra.vending_workflow import VendingWorkflow

FUNCTIONS_ASSET = Path(__file__).parents[1] / "build" / "functions" / "lambda"

OPERATIONS = (
    "AcceptRequest",
    "InviteAccountToOrganization",
    "AcceptHandshake",
    "CancelHandshake",
    "DescribeHandshake",
    "CreateGovCloudAccount",
    "ReserveCreation",
    "CreateAccount",
    "DescribeCreateAccountStatus",
    "DescribeAccount",
    "CreateOrganizationalUnit",
    "MoveAccount",
    "TagResource",
    "EnablePolicyType",
    "CreatePolicy",
    "AttachPolicy",
    "EnableAWSServiceAccess",
    "EnableOrganizationsRootCredentialsManagement",
    "EnableOrganizationsRootSessions",
    "RecordVended",
    "RecordFailure",
    "AcceptOrganizationSetup",
    "EnableAllFeatures",
    "ReportOrganizationSetup",
)


class AccountVendingStack(Stack):
    """Everything, in the management account and us-east-1.

    Organizations takes these writes from its management account only, and its events appear in
    us-east-1 only. The account stays open, so that one template serves every organization.
    """

    def __init__(self, scope: Construct, id_: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            id_,
            description="Vends AWS accounts: exactly one account per request",
            env=Environment(region="us-east-1"),
        )
        # The CDK says of every function and machine that it needs its role, though its properties
        # refer to that role already: harmless, and not ours to say otherwise.
        self.template_options.metadata = {"cfn-lint": {"config": {"ignore_checks": ["W3005"]}}}
        code = lambda_.Code.from_asset(str(FUNCTIONS_ASSET))
        functions = {
            operation: OperationFunction(self, operation, code=code, settings=settings)
            for operation in OPERATIONS
        }
        ledger = Ledger(self, "Ledger", table_name=settings.ledger_table_name)
        bus = RequestBus(self, "RequestBus")
        runnable = {operation: each.function for operation, each in functions.items()}
        workflow = VendingWorkflow(self, "VendingWorkflow", functions=runnable, settings=settings)
        setup = OrganizationSetupWorkflow(
            self, "OrganizationSetupWorkflow", functions=runnable, settings=settings
        )

        bus.start_on_request(workflow.state_machine)
        grant_to_operations(functions, ledger=ledger.table, bus=bus.event_bus, settings=settings)
        ends = ExecutionEnds(
            self,
            "ExecutionEnds",
            code=code,
            settings=settings,
            state_machine=workflow.state_machine,
            dead_letter_queue=bus.dead_letter_queue,
        )
        grant_to_record_execution_end(
            ends.operation, ledger=ledger.table, bus=bus.event_bus, settings=settings
        )
        reconciliation = Reconciliation(
            self,
            "Reconciliation",
            code=code,
            settings=settings,
            state_machine=workflow.state_machine,
        )
        grant_to_reconcile_ledger(
            reconciliation.operation,
            ledger=ledger.table,
            bus=bus.event_bus,
            state_machine=workflow.state_machine,
            settings=settings,
        )
        answers = InvitationAnswers(
            self,
            "InvitationAnswers",
            code=code,
            settings=settings,
            dead_letter_queue=bus.dead_letter_queue,
        )
        grant_to_answer_handshake(answers.operation, ledger=ledger.table)
        if settings.discovered_accounts != "ignore":
            discovered = DiscoveredAccounts(
                self,
                "DiscoveredAccounts",
                code=code,
                settings=settings,
                dead_letter_queue=bus.dead_letter_queue,
            )
            grant_to_discover_account(
                discovered.operation, ledger=ledger.table, bus=bus.event_bus, settings=settings
            )

        CfnOutput(self, "StateMachineArn", value=workflow.state_machine.state_machine_arn)
        CfnOutput(
            self,
            "OrganizationSetupStateMachineArn",
            value=setup.state_machine.state_machine_arn,
        )
        CfnOutput(self, "EventBusName", value=bus.event_bus.event_bus_name)
        CfnOutput(self, "LedgerTableName", value=ledger.table.table_name)
        CfnOutput(self, "DeadLetterQueueUrl", value=bus.dead_letter_queue.queue_url)
        # What a role may do cannot be asked by everybody who may ask what would be done.
        for output, allowed in {
            "ServicePrincipals": settings.service_principals,
            "ForcedServicePrincipals": settings.forced_service_principals,
            "PolicyTypes": settings.policy_types,
            "InvitedAccountRoleNames": settings.invited_account_role_names,
        }.items():
            if allowed:
                CfnOutput(self, output, value=" ".join(allowed))
