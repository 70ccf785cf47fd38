"""The stack: what it is made of, who may do what, and its outputs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra import custom_resource
from infra.account_retirement_workflow import AccountRetirementWorkflow
from infra.api import Api
from infra.approval_rule import ApprovalRule
from infra.audit_trail import AuditTrail
from infra.bus_policy import BusPolicy
from infra.creation_rule import CreationRule
from infra.discovered_account_rules import DiscoveredAccountRules
from infra.execution_end_rule import ExecutionEndRule
from infra.grants import Grants
from infra.invitation_rule import InvitationRule
from infra.ledger import Ledger
from infra.monitoring import Monitoring
from infra.notifications import Notifications, has_mail
from infra.operation_function import OperationFunction
from infra.organization_setup_workflow import (
    OWN_OPERATIONS,
    PREFIX,
    OrganizationSetupWorkflow,
)
from infra.portal import Portal
from infra.reconciliation import Reconciliation
from infra.request_bus import RequestBus
from infra.roles import govern_roles
from infra.settings import Settings
from infra.vending_workflow import VendingWorkflow
from statemachines import definitions

FUNCTIONS_ASSET = Path(__file__).parents[1] / "build" / "functions" / "lambda"

OPERATIONS = definitions.invoked(
    *(name for name in definitions.names() if name != custom_resource.DEFINITION)
)
"""The operations that have a function whatever the settings: those that the machines invoke."""


class AccountVendingStack(Stack):
    """Everything, in the management account and us-east-1.

    Organizations takes these writes from its management account only, and its events appear in
    us-east-1 only. The account stays open, so that one template serves every organization.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        request_policy: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            scope,
            id_,
            description="Vends AWS accounts: exactly one account per request",
            env=Environment(region="us-east-1"),
            termination_protection=settings.termination_protection,
        )
        # The CDK says of every function and machine that it needs its role, though its properties
        # refer to that role already: harmless, and not ours to say otherwise.
        self.template_options.metadata = {
            "cfn-lint": {"config": {"ignore_checks": ["W3005"]}},
            # Where `vend plan` and `vend submit` read what AcceptRequest carries.
            "RequestPolicy": dict(request_policy or {}),
        }
        govern_roles(self, settings)
        code = _code(self, settings)
        functions = {
            operation: OperationFunction(self, operation, code=code, settings=settings)
            for operation in OPERATIONS
        }
        # The same code with roles of their own, where an organization's document may do more than a
        # request: else whoever holds a request's role could, too.
        scope_of_setup = Construct(self, PREFIX)
        of_setup = {
            operation: OperationFunction(scope_of_setup, operation, code=code, settings=settings)
            for operation in OWN_OPERATIONS
        }
        ledger = Ledger(self, "Ledger", settings=settings)
        bus = RequestBus(self, "RequestBus", settings=settings)
        workflow = VendingWorkflow(
            self, "VendingWorkflow", functions=_runnable(functions), settings=settings
        )
        setup = OrganizationSetupWorkflow(
            self,
            "OrganizationSetupWorkflow",
            functions=_runnable(functions | of_setup),
            settings=settings,
        )

        retirement = AccountRetirementWorkflow(
            self,
            "AccountRetirementWorkflow",
            functions=_runnable(functions),
            settings=settings,
        )

        bus.start_on_retirement(retirement.state_machine, settings=settings)
        bus.start_on_request(workflow.state_machine, settings=settings)
        grants = Grants(
            ledger=ledger.table,
            bus=bus.event_bus,
            state_machine=workflow.state_machine,
            settings=settings,
        )
        for function in functions.values():
            grants.grant(function)
        for operation, function in of_setup.items():
            grants.grant(function, name=f"{PREFIX}{operation}")
        ends = ExecutionEndRule(
            self,
            "ExecutionEnds",
            code=code,
            settings=settings,
            state_machine=workflow.state_machine,
            dead_letter_queue=bus.dead_letter_queue,
        )
        grants.grant(ends.operation)
        reconciliation = Reconciliation(
            self,
            "Reconciliation",
            code=code,
            settings=settings,
            state_machine=workflow.state_machine,
        )
        for function in reconciliation.operations:
            grants.grant(function)
        answers = InvitationRule(
            self,
            "InvitationAnswers",
            code=code,
            settings=settings,
            dead_letter_queue=bus.dead_letter_queue,
        )
        grants.grant(answers.operation)
        creation_answers = list[OperationFunction]()
        if settings.creation_events:
            creations = CreationRule(
                self,
                "CreationAnswers",
                code=code,
                settings=settings,
                dead_letter_queue=bus.dead_letter_queue,
            )
            grants.grant(creations.operation)
            creation_answers.append(creations.operation)
        discoverers = list[str]()
        if settings.discovered_accounts != "ignore":
            discovered = DiscoveredAccountRules(
                self,
                "DiscoveredAccounts",
                code=code,
                settings=settings,
                dead_letter_queue=bus.dead_letter_queue,
            )
            grants.grant(discovered.operation, under=settings.discovered_accounts)
            discoverers.append(discovered.operation.role_arn)

        watched = [
            *functions.values(),
            ends.operation,
            *reconciliation.operations,
            answers.operation,
            self._decisions(bus, code, settings, grants),
            *creation_answers,
        ]
        BusPolicy(
            self,
            "BusPolicy",
            bus=bus.event_bus,
            announcers=grants.announcers,
            discoverers=discoverers,
            repairers=reconciliation.repairers,
            settings=settings,
        )
        if settings.discovered_accounts != "ignore":
            watched.append(discovered.operation)
        if settings.audit_retention_days is not None:
            trail = AuditTrail(
                self,
                "AuditTrail",
                code=code,
                settings=settings,
                ledger=ledger.table,
                dead_letter_queue=bus.dead_letter_queue,
            )
            watched.append(trail.operation)
            CfnOutput(self, "AuditBucketName", value=trail.bucket.bucket_name)
        machines = {"vending": workflow.state_machine, "retirement": retirement.state_machine}
        watched += [
            *self._api(code, settings, grants, **machines),
            *self._custom_accounts(
                code, settings, grants, **machines, dead_letter_queue=bus.dead_letter_queue
            ),
            *self._notifications(bus, code, settings),
        ]
        Monitoring(
            self,
            "Monitoring",
            settings=settings,
            functions={function.node.id: function for function in watched}
            | {f"{PREFIX}{operation}": function for operation, function in of_setup.items()},
            workflow=workflow,
            setup=setup,
            dead_letter_queue=bus.dead_letter_queue,
        )

        outputs = {
            "StateMachineArn": workflow.state_machine.state_machine_arn,
            "OrganizationSetupStateMachineArn": setup.state_machine.state_machine_arn,
            "AccountRetirementStateMachineArn": retirement.state_machine.state_machine_arn,
            "EventBusName": bus.event_bus.event_bus_name,
            "LedgerTableName": ledger.table.table_name,
            "DeadLetterQueueUrl": bus.dead_letter_queue.queue_url,
            "RetirementProtectedTag": settings.retirement_protected_tag or "",
        }
        if settings.invited_account_role_names:
            outputs["AcceptHandshakeRoleArn"] = functions["AcceptHandshake"].role_arn
        self._show(outputs)
        # What a role may do cannot be asked by everybody who may ask what would be done.
        allowed = {
            "ServicePrincipals": settings.service_principals,
            "ForcedServicePrincipals": settings.forced_service_principals,
            "PolicyTypes": settings.policy_types,
            "InvitedAccountRoleNames": settings.invited_account_role_names,
        }
        self._show({output: " ".join(values) for output, values in allowed.items()})

    def _api(
        self,
        code: lambda_.Code,
        settings: Settings,
        grants: Grants,
        *,
        vending: sfn.IStateMachine,
        retirement: sfn.IStateMachine,
    ) -> list[OperationFunction]:
        """Make the API, where the settings have one; its function."""
        if settings.api is None:
            return []
        api = Api(
            self,
            "Api",
            code=code,
            settings=settings,
            api=settings.api,
            vending=vending,
            retirement=retirement,
        )
        grants.grant(api.operation)
        self._show({"ApiEndpoint": api.http_api.api_endpoint})
        if settings.portal is not None and settings.api.tokens is not None:
            portal = Portal(
                self,
                "Portal",
                settings=settings,
                portal=settings.portal,
                tokens=settings.api.tokens,
                http_api=api.http_api,
            )
            self._show(portal.outputs)
        return [api.operation]

    def _custom_accounts(
        self,
        code: lambda_.Code,
        settings: Settings,
        grants: Grants,
        *,
        vending: sfn.IStateMachine,
        retirement: sfn.IStateMachine,
        dead_letter_queue: sqs.IQueue,
    ) -> list[OperationFunction]:
        """Make the custom resource, where the settings have one; its functions."""
        if settings.custom_resource is None:
            return []
        made = custom_resource.CustomAccounts(
            self,
            "CustomAccounts",
            code=code,
            settings=settings,
            custom_resource=settings.custom_resource,
            vending=vending,
            retirement=retirement,
            dead_letter_queue=dead_letter_queue,
        )
        for each in made.operations:
            decides = each.node.id == "RequestCustomAccount"
            grants.grant(each, under=settings.custom_resource.on_delete if decides else None)
        self._show({"CustomAccountServiceToken": made.service.function.function_arn})
        return made.operations

    def _decisions(
        self, bus: RequestBus, code: lambda_.Code, settings: Settings, grants: Grants
    ) -> OperationFunction:
        approvals = ApprovalRule(
            self,
            "Approvals",
            code=code,
            settings=settings,
            bus=bus.event_bus,
            state_machine=grants.state_machine,
            dead_letter_queue=bus.dead_letter_queue,
        )
        grants.grant(approvals.operation)
        return approvals.operation

    def _notifications(
        self, bus: RequestBus, code: lambda_.Code, settings: Settings
    ) -> list[OperationFunction]:
        if not (has_mail(settings) or settings.chat_notifications):
            return []
        made = Notifications(
            self,
            "Notifications",
            code=code,
            settings=settings,
            bus=bus.event_bus,
            dead_letter_queue=bus.dead_letter_queue,
        )
        self._show({name: one.topic_arn for name, one in made.topics.items()})
        return [made.operation]

    def _show(self, outputs: Mapping[str, str]) -> None:
        """As outputs of the stack; those without a value are left out."""
        for name, value in outputs.items():
            if value:
                CfnOutput(self, name, value=value)


def _runnable(functions: Mapping[str, OperationFunction]) -> dict[str, lambda_.IFunction]:
    return {operation: each.function for operation, each in functions.items()}


def _code(scope: Construct, settings: Settings) -> lambda_.Code:
    """What all functions run: the zip that was signed, or the folder that was built here."""
    signed = settings.signed_code
    if signed is None:
        return lambda_.Code.from_asset(str(FUNCTIONS_ASSET))
    bucket = s3.Bucket.from_bucket_name(scope, "SignedCode", signed.bucket)
    return lambda_.Code.from_bucket(bucket, signed.key, signed.version)
