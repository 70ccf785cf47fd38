from __future__ import annotations

import pytest

from embedded.core.principal import Principal
from tests.unit.embedded.live_aws import Aws

IAM = "iam.amazonaws.com"
ENABLING = ["EnableOrganizationsRootCredentialsManagement", "EnableOrganizationsRootSessions"]
OPERATIONS = [
    *ENABLING,
    "DisableOrganizationsRootCredentialsManagement",
    "DisableOrganizationsRootSessions",
    "ListOrganizationsFeatures",
]


def trust_iam(aws: Aws) -> None:
    aws.client("organizations").enable_aws_service_access(ServicePrincipal=IAM)


def test_root_features_are_enabled_one_by_one_and_again(aws: Aws) -> None:
    trust_iam(aws)
    iam = aws.client("iam")
    organization_id = aws.client("organizations").describe_organization()["Organization"]["Id"]

    before = iam.list_organizations_features()
    credentials = iam.enable_organizations_root_credentials_management()
    sessions = iam.enable_organizations_root_sessions()
    again = iam.enable_organizations_root_sessions()
    after = iam.list_organizations_features()

    both = ["RootCredentialsManagement", "RootSessions"]
    assert before["EnabledFeatures"] == []
    assert credentials["EnabledFeatures"] == ["RootCredentialsManagement"]
    assert sessions["EnabledFeatures"] == again["EnabledFeatures"] == both
    assert after["EnabledFeatures"] == both
    assert {answer["OrganizationId"] for answer in (before, credentials, sessions, after)} == {
        organization_id
    }


def test_root_features_are_disabled_one_by_one_and_again(aws: Aws) -> None:
    trust_iam(aws)
    iam = aws.client("iam")
    iam.enable_organizations_root_credentials_management()
    iam.enable_organizations_root_sessions()

    first = iam.disable_organizations_root_credentials_management()
    again = iam.disable_organizations_root_credentials_management()
    last = iam.disable_organizations_root_sessions()

    assert first["EnabledFeatures"] == again["EnabledFeatures"] == ["RootSessions"]
    assert last["EnabledFeatures"] == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_root_access_without_trusted_access_for_iam(aws: Aws, operation: str) -> None:
    aws.client("organizations").enable_aws_service_access(ServicePrincipal="ram.amazonaws.com")

    assert aws.refused("iam", operation)[0] == "ServiceAccessNotEnabledException"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_root_access_without_all_features(aws: Aws, operation: str) -> None:
    aws.reset_organization(feature_set="CONSOLIDATED_BILLING")

    assert aws.refused("iam", operation)[0] == "OrganizationNotInAllFeaturesModeException"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_root_access_without_an_organization(aws: Aws, operation: str) -> None:
    with aws.calling_as(Principal(account_id="999999999999")):
        assert aws.refused("iam", operation)[0] == "OrganizationNotFoundException"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_root_access_from_a_member_account(aws: Aws, operation: str) -> None:
    trust_iam(aws)
    member = aws.create_account()["AccountId"]

    with aws.calling_as(Principal(account_id=member)):
        code, _ = aws.refused("iam", operation)

    assert code == "AccountNotManagementOrDelegatedAdministratorException"


def test_root_access_from_the_delegated_administrator_is_all_but_enabling(aws: Aws) -> None:
    trust_iam(aws)
    member = aws.create_account()["AccountId"]
    aws.client("iam").enable_organizations_root_sessions()
    aws.client("organizations").register_delegated_administrator(
        AccountId=member, ServicePrincipal=IAM
    )

    with aws.calling_as(Principal(account_id=member)):
        listed = aws.client("iam").list_organizations_features()
        refused = [aws.refused("iam", operation)[0] for operation in ENABLING]

    assert listed["EnabledFeatures"] == ["RootSessions"]
    assert refused == ["CallerIsNotManagementAccountException"] * 2


def test_root_features_end_with_their_organization(aws: Aws) -> None:
    trust_iam(aws)
    aws.client("iam").enable_organizations_root_sessions()

    aws.reset_organization(throttled=False)
    trust_iam(aws)

    assert aws.client("iam").list_organizations_features()["EnabledFeatures"] == []


def test_other_operations_of_iam_still_work(aws: Aws) -> None:
    assert aws.client("iam").list_roles()["Roles"] is not None
