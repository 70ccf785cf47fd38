"""The sample events of tests/events: one file a scenario, in a folder named after their source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parent / "events"
MANAGEMENT_ACCOUNT_ID = "111122223333"
ACCOUNT_ID = "444455556666"
"""The ids that AWS's documentation uses, and the samples with it."""

TELL_OF_AN_ACCOUNT = (
    "aws.controltower/create_managed_account_from_the_home_region",
    "aws.controltower/create_managed_account_succeeded",
    "aws.controltower/update_managed_account_succeeded",
    "aws.organizations/account_joined_organization_as_api_call",
    "aws.organizations/account_joined_organization_as_member_account_id",
    "aws.organizations/account_joined_organization_created",
    "aws.organizations/account_joined_organization_in_additional_data",
    "aws.organizations/account_joined_organization_in_other_case",
    "aws.organizations/account_joined_organization_in_request_parameters",
    "aws.organizations/account_joined_organization_invited",
    "aws.organizations/account_joined_organization_nested",
    "aws.organizations/create_account_result_as_api_call",
    "aws.organizations/create_account_result_by_aws_account",
    "aws.organizations/create_account_result_by_aws_service",
    "aws.organizations/create_account_result_by_federated_user",
    "aws.organizations/create_account_result_by_iam_user",
    "aws.organizations/create_account_result_by_identity_center_user",
    "aws.organizations/create_account_result_by_role",
    "aws.organizations/create_account_result_by_root",
    "aws.organizations/create_account_result_in_other_case",
    "aws.organizations/create_account_result_of_a_govcloud_pair",
    "aws.organizations/create_account_result_succeeded",
    "aws.organizations/create_account_result_without_identity",
)
TELL_OF_NONE = (
    "aws.controltower/create_managed_account_failed",
    "aws.controltower/update_managed_account_failed",
    "aws.organizations/account_joined_organization_management_account",
    "aws.organizations/create_account_result_failed",
)
TELL_OF_AN_ANSWER = (
    "aws.organizations/accept_handshake_by_root",
    "aws.organizations/accept_handshake_in_other_case",
    "aws.organizations/accept_handshake_refused",
    "aws.organizations/cancel_handshake_by_iam_user",
    "aws.organizations/decline_handshake_by_role",
)
HANDSHAKE_ID = "h-0a1b2c3d4e5f60718293a4b5c6d7e8f9"
"""The invitation that the answers are about."""

TELL_OF_AN_END = (
    "aws.states/execution_aborted",
    "aws.states/execution_aborted_without_its_input",
    "aws.states/execution_failed",
    "aws.states/execution_timed_out",
)
TELL_OF_NO_BAD_END = (
    "aws.states/execution_of_another_machine_aborted",
    "aws.states/execution_started",
    "aws.states/execution_succeeded",
)
STATE_MACHINE_ARN = "arn:aws:states:us-east-1:111122223333:stateMachine:account-vending"
EXECUTION_ARN = "arn:aws:states:us-east-1:111122223333:execution:account-vending:sandbox"
"""The machine that the ends are of, and its execution."""

NOT_WANTED = (
    "aws.organizations/account_departed_organization",
    "aws.organizations/create_account_api_call",
)
SAY_TOO_LITTLE = ("aws.organizations/account_joined_organization_without_account",)
REQUESTS = (
    "form.example.com/account_requested",
    "form.example.com/account_requested_for_an_existing_account",
)
OF_OTHERS = ("form.example.com/something_else",)


def sample(
    name: str,
    *,
    account_id: str = ACCOUNT_ID,
    management_account_id: str = MANAGEMENT_ACCOUNT_ID,
) -> dict[str, Any]:
    """The event of tests/events/<name>.json, about these accounts."""
    text = (EVENTS / f"{name}.json").read_text()
    text = text.replace(ACCOUNT_ID, account_id)
    event: dict[str, Any] = json.loads(text.replace(MANAGEMENT_ACCOUNT_ID, management_account_id))
    return event
