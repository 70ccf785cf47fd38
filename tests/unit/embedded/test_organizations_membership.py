from __future__ import annotations

from typing import Any

import pytest

from embedded import organizations
from embedded.core.principal import Principal
from embedded.organizations.settings import STANDALONE
from tests.unit.embedded.live_aws import Aws
from tests.unit.embedded.time_travel import pass_days

GUEST = Principal(account_id=STANDALONE.id)
CODE = "ConstraintViolationException"


def invited(aws: Aws) -> str:
    client = aws.client("organizations")
    handshake = client.invite_account_to_organization(
        Target={"Type": "ACCOUNT", "Id": STANDALONE.id},
        Tags=[{"Key": "a", "Value": "b"}],
    )["Handshake"]
    with aws.calling_as(GUEST):
        client.accept_handshake(HandshakeId=handshake["Id"])
    return STANDALONE.id


def members(aws: Aws) -> list[str]:
    return [one["Id"] for one in aws.client("organizations").list_accounts()["Accounts"]]


@pytest.mark.parametrize("by", ["the management account", "itself"])
def test_an_invited_account_departs_at_once_and_can_be_invited_again(aws: Aws, by: str) -> None:
    client = aws.client("organizations")
    account_id = invited(aws)

    if by == "itself":
        with aws.calling_as(GUEST):
            client.leave_organization()
    else:
        client.remove_account_from_organization(AccountId=account_id)

    assert members(aws) == ["111111111111"]
    with aws.calling_as(GUEST):
        refused = aws.refused("organizations", "DescribeOrganization")
    assert refused == ("AWSOrganizationsNotInUseException", None)
    assert invited(aws) in members(aws)


def test_a_created_account_departs_days_later_when_it_has_signed_up(aws: Aws) -> None:
    account_id = aws.create_account()["AccountId"]
    operation, request = "RemoveAccountFromOrganization", {"AccountId": account_id}

    young = aws.refused("organizations", operation, **request)
    pass_days(aws.clock, 4.01)
    unfinished = aws.refused("organizations", operation, **request)
    with aws.calling_as(Principal(account_id=account_id)):
        leaving = aws.refused("organizations", "LeaveOrganization")
    organizations.complete_sign_up(account_id)
    aws.client("organizations").remove_account_from_organization(AccountId=account_id)

    assert young == (CODE, "WAIT_PERIOD_ACTIVE")
    assert unfinished == leaving == (CODE, "ACCOUNT_CANNOT_LEAVE_WITHOUT_EULA")
    assert account_id not in members(aws)


def test_a_delegated_administrator_does_not_depart(aws: Aws) -> None:
    client = aws.client("organizations")
    account_id = invited(aws)
    client.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    client.register_delegated_administrator(
        AccountId=account_id, ServicePrincipal="config.amazonaws.com"
    )

    refused = aws.refused("organizations", "RemoveAccountFromOrganization", AccountId=account_id)

    assert refused == (CODE, "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG")
    assert account_id in members(aws)


@pytest.mark.parametrize(
    ("account_id", "code"),
    [
        ("111111111111", "MasterCannotLeaveOrganizationException"),
        ("000000000000", "AccountNotFoundException"),
    ],
)
def test_accounts_that_cannot_be_removed(aws: Aws, account_id: str, code: str) -> None:
    refused = aws.refused("organizations", "RemoveAccountFromOrganization", AccountId=account_id)

    assert refused == (code, None)


def test_the_management_account_does_not_leave(aws: Aws) -> None:
    refused = aws.refused("organizations", "LeaveOrganization")

    assert refused == ("MasterCannotLeaveOrganizationException", None)


def test_closures_have_a_quota_in_thirty_days(aws: Aws) -> None:
    aws.reset_organization(throttled=False, closures_in_30_days=2)
    accounts = [
        aws.create_account(Email=f"a{number}@example.com")["AccountId"] for number in range(4)
    ]

    aws.close_account(accounts[0])
    aws.close_account(accounts[1])
    refused = aws.refused("organizations", "CloseAccount", AccountId=accounts[2])
    pass_days(aws.clock, 30.01)
    aws.close_account(accounts[2])

    assert refused == (CODE, "CLOSE_ACCOUNT_QUOTA_EXCEEDED")


def test_a_closed_account_counts_for_ninety_days(aws: Aws) -> None:
    aws.reset_organization(throttled=False, account_limit=2)
    account_id = aws.create_account()["AccountId"]
    asked = {"Email": "b@example.com", "AccountName": "B"}
    aws.close_account(account_id)

    pass_days(aws.clock, 89)
    still = members(aws)
    refused = aws.refused("organizations", "CreateAccount", **asked)
    pass_days(aws.clock, 1.01)

    assert account_id in still
    assert refused == (CODE, "ACCOUNT_NUMBER_LIMIT_EXCEEDED")
    assert members(aws) == ["111111111111"]
    assert organizations.organization_of(account_id) is None
    assert aws.create_account(**asked)["State"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        (
            "CreatePolicy",
            {"Name": "a", "Description": "", "Type": "SERVICE_CONTROL_POLICY", "Content": "{}"},
        ),
        ("UpdatePolicy", {"PolicyId": "p-FullAWSAccess"}),
        ("DeletePolicy", {"PolicyId": "p-FullAWSAccess"}),
        ("AttachPolicy", {"PolicyId": "p-FullAWSAccess", "TargetId": "111111111111"}),
        ("DetachPolicy", {"PolicyId": "p-FullAWSAccess", "TargetId": "111111111111"}),
        ("EnablePolicyType", {"RootId": "r-none", "PolicyType": "SERVICE_CONTROL_POLICY"}),
        ("DisablePolicyType", {"RootId": "r-none", "PolicyType": "SERVICE_CONTROL_POLICY"}),
        ("ListPolicies", {"Filter": "SERVICE_CONTROL_POLICY"}),
        ("InviteAccountToOrganization", {"Target": {"Type": "EMAIL", "Id": "a@example.com"}}),
        ("EnableAllFeatures", {}),
        ("CreateGovCloudAccount", {"Email": "a@example.com", "AccountName": "A"}),
        ("RemoveAccountFromOrganization", {"AccountId": "111111111111"}),
    ],
)
def test_a_member_account_may_not_change_the_organization(
    aws: Aws, operation: str, request_: dict[str, Any]
) -> None:
    member = aws.create_account()["AccountId"]

    with aws.calling_as(Principal(account_id=member)):
        refused = aws.refused("organizations", operation, **request_)

    assert refused == ("AccessDeniedException", None)
    assert organizations.organization_of(member) is not None


@pytest.mark.parametrize(
    "email", [STANDALONE.email, "Management@Example.com", "nobody"], ids=["taken", "ours", "none"]
)
def test_an_account_is_not_founded_with_an_email_that_it_cannot_have(aws: Aws, email: str) -> None:
    with pytest.raises(ValueError, match="no account can have this email"):
        organizations.create_standalone_account(email, "Twin")

    assert organizations.organization_of("111111111111") is not None


def test_an_email_of_an_account_outside_is_taken(aws: Aws) -> None:
    ended = aws.create_account(Email=STANDALONE.email)

    assert (ended["State"], ended["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
