"""The stack: what it is made of, who may do what, and what it exports."""

from pathlib import Path

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.discovered_accounts import DiscoveredAccounts
from infra.execution_end_rule import ExecutionEndRule
from infra.grants import (
    grant_to_answer_handshake,
    grant_to_discover_account,
    grant_to_operations,
    grant_to_reconcile_ledger,
    grant_to_record_execution_end,
)
from infra.invitation_rule import InvitationRule
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
        # The CDK makes every function and machine depend on its role, which its properties refer to
        # already: redundant, harmless and not configurable.
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
        execution_end_rule = ExecutionEndRule(
            self,
            "ExecutionEndRule",
            code=code,
            settings=settings,
            state_machine=workflow.state_machine,
            dead_letter_queue=bus.dead_letter_queue,
        )
        grant_to_record_execution_end(
            execution_end_rule.operation, ledger=ledger.table, bus=bus.event_bus, settings=settings
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
        invitation_rule = InvitationRule(
            self,
            "InvitationRule",
            code=code,
            settings=settings,
            dead_letter_queue=bus.dead_letter_queue,
        )
        grant_to_answer_handshake(invitation_rule.operation, ledger=ledger.table)
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
        # Not everybody who may plan a request may read the roles' policies.
        for output, allowed in {
            "ServicePrincipals": settings.service_principals,
            "ForcedServicePrincipals": settings.forced_service_principals,
            "PolicyTypes": settings.policy_types,
            "InvitedAccountRoleNames": settings.invited_account_role_names,
        }.items():
            if allowed:
                CfnOutput(self, output, value=" ".join(allowed))
