"""What an update of a deployed stack must not replace, and what must outlive the stack.

A logical id that changes is a new, empty resource, and for one with a name an update that fails.
"""

import pytest

from tests.infra.synthesized import SynthesizedTemplate

KEPT = {
    "LedgerTable9343E4AA": "AWS::DynamoDB::Table",
    "AuditTrailBucketA91FD435": "AWS::S3::Bucket",
    "RequestBusDeadLettersA45E42AF": "AWS::SQS::Queue",
}
"""What has data besides logs: retained when the stack goes."""

REPLACED_AT_A_PRICE = {
    # Others' permissions and rules name it. It keeps no events and gets the same ARN again, so it
    # need not outlive the stack; kept, it would be in the way of the next one.
    "RequestBusEventBus69871E36": "AWS::Events::EventBus",
    # Executions in flight go on under their machine; a second one of its name cannot be made.
    "VendingWorkflowStateMachineB3D76F04": "AWS::StepFunctions::StateMachine",
    "OrganizationSetupWorkflowStateMachineB73E3714": "AWS::StepFunctions::StateMachine",
}

LOG_GROUPS = [
    "AcceptHandshakeLogs67F73FE4",
    "AcceptOrganizationSetupLogs276DE1A7",
    "AcceptRequestLogs6A29A3F3",
    "AttachPolicyLogs44F5CB4F",
    "AuditTrailArchiveAuditLogsE4EF30CE",
    "CancelHandshakeLogs257BA878",
    "CreateAccountLogsD491FB07",
    "CreateGovCloudAccountLogs484E6E2D",
    "CreateOrganizationalUnitLogs30B5169B",
    "CreatePolicyLogs13C3ADA9",
    "CreationAnswersAnswerCreateAccountLogs5FD666AA",
    "DescribeAccountLogs0E6141D3",
    "DescribeCreateAccountStatusLogs98689D71",
    "DescribeHandshakeLogs724F326F",
    "DiscoveredAccountsDiscoverAccountLogs279AE318",
    "EnableAWSServiceAccessLogsBDC54ADA",
    "EnableAllFeaturesLogsF3115C2C",
    "EnableOrganizationsRootCredentialsManagementLogs87C1AEAC",
    "EnableOrganizationsRootSessionsLogs8F6F369A",
    "EnablePolicyTypeLogs2232BB5A",
    "ExecutionEndsRecordExecutionEndLogsC69F6308",
    "InvitationAnswersAnswerHandshakeLogs307EDDAB",
    "InviteAccountToOrganizationLogs96584768",
    "MoveAccountLogsFD8B9124",
    "OrganizationSetupWorkflowLogsA93D9E5E",
    "ReconciliationReconcileLedgerLogs90DFA6CE",
    "RecordFailureLogs2AC9ED65",
    "RecordVendedLogsD0CC52BF",
    "ReportOrganizationSetupLogs6F2E2F78",
    "ReserveCreationLogs296B62BD",
    "TagResourceLogs5C94FA3E",
    "VendingWorkflowLogs4DA394A5",
]


@pytest.mark.parametrize("logical_id", [*KEPT, *REPLACED_AT_A_PRICE, *LOG_GROUPS])
def test_resource_that_an_update_must_not_replace_keeps_its_logical_id(
    template: SynthesizedTemplate, logical_id: str
) -> None:
    types = KEPT | REPLACED_AT_A_PRICE | dict.fromkeys(LOG_GROUPS, "AWS::Logs::LogGroup")

    assert template.document["Resources"][logical_id]["Type"] == types[logical_id]


@pytest.mark.parametrize("logical_id", [*KEPT, *LOG_GROUPS])
def test_resource_with_data_outlives_the_stack(
    template: SynthesizedTemplate, logical_id: str
) -> None:
    resource = template.document["Resources"][logical_id]

    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_no_table_and_no_bucket_is_forgotten_here(template: SynthesizedTemplate) -> None:
    kinds = ("AWS::DynamoDB::Table", "AWS::S3::Bucket")

    assert {id_ for kind in kinds for id_ in template.of_type(kind)} == {
        id_ for id_, kind in KEPT.items() if kind in kinds
    }
