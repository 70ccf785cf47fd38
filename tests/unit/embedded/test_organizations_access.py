from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from embedded.core.principal import Principal
from tests.unit.embedded.live_aws import Aws

IAM = "iam.amazonaws.com"
OUTSIDER = Principal(account_id="999999999999")


def enabled(aws: Aws) -> list[str]:
    listed = aws.client("organizations").list_aws_service_access_for_organization()
    return [service["ServicePrincipal"] for service in listed["EnabledServicePrincipals"]]


def test_enable_aws_service_access_for_iam_twice_is_enabled_once(aws: Aws) -> None:
    organizations = aws.client("organizations")

    organizations.enable_aws_service_access(ServicePrincipal=IAM)
    first = organizations.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    organizations.enable_aws_service_access(ServicePrincipal=IAM)
    second = organizations.list_aws_service_access_for_organization()["EnabledServicePrincipals"]

    assert [service["ServicePrincipal"] for service in second] == [IAM]
    assert first == second


def test_disable_aws_service_access_is_idempotent_too(aws: Aws) -> None:
    organizations = aws.client("organizations")
    organizations.enable_aws_service_access(ServicePrincipal=IAM)
    organizations.enable_aws_service_access(ServicePrincipal="ram.amazonaws.com")

    for _ in range(2):
        organizations.disable_aws_service_access(ServicePrincipal=IAM)

    assert enabled(aws) == ["ram.amazonaws.com"]


@pytest.mark.parametrize("operation", ["EnableAWSServiceAccess", "DisableAWSServiceAccess"])
@pytest.mark.parametrize(
    ("principal", "reason"),
    [
        ("nobody.amazonaws.com", "UNRECOGNIZED_SERVICE_PRINCIPAL"),
        ("IAM.amazonaws.com", "UNRECOGNIZED_SERVICE_PRINCIPAL"),
        ("iam amazonaws com", "INVALID_PATTERN"),
        ("x" * 129, "MAX_LENGTH_EXCEEDED"),
        ("", "MIN_LENGTH_EXCEEDED"),
    ],
)
def test_service_access_of_no_known_service(
    aws: Aws, operation: str, principal: str, reason: str
) -> None:
    refused = aws.refused("organizations", operation, ServicePrincipal=principal)

    assert refused == ("InvalidInputException", reason)
    assert enabled(aws) == []


def test_enable_aws_service_access_needs_all_features(aws: Aws) -> None:
    aws.reset_organization(throttled=False, feature_set="CONSOLIDATED_BILLING")

    refused = aws.refused("organizations", "EnableAWSServiceAccess", ServicePrincipal=IAM)

    assert refused == ("ConstraintViolationException", "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE")


MANAGEMENT_ONLY: list[tuple[str, dict[str, Any]]] = [
    ("CreateOrganizationalUnit", {"ParentId": "r-abcd", "Name": "A"}),
    (
        "MoveAccount",
        {"AccountId": "0" * 12, "SourceParentId": "r-abcd", "DestinationParentId": "r-abcd"},
    ),
    ("EnableAWSServiceAccess", {"ServicePrincipal": IAM}),
    ("TagResource", {"ResourceId": "0" * 12, "Tags": []}),
    ("CloseAccount", {"AccountId": "0" * 12}),
]


@pytest.mark.parametrize(("operation", "request_"), [*MANAGEMENT_ONLY, ("ListAccounts", {})])
def test_a_member_account_is_denied_what_is_the_management_accounts(
    aws: Aws, operation: str, request_: dict[str, object]
) -> None:
    member = aws.create_account()["AccountId"]

    with aws.calling_as(Principal(account_id=member)):
        refused = aws.refused("organizations", operation, **request_)

    assert refused == ("AccessDeniedException", None)


def test_a_member_account_may_look_at_its_organization(aws: Aws) -> None:
    organizations = aws.client("organizations")
    expected = organizations.describe_organization()["Organization"]
    member = aws.create_account()["AccountId"]

    with aws.calling_as(Principal(account_id=member)):
        seen = organizations.describe_organization()["Organization"]

    assert seen == expected


def test_a_delegated_administrator_reads_but_does_not_change(aws: Aws) -> None:
    organizations = aws.client("organizations")
    member = aws.create_account()["AccountId"]
    organizations.enable_aws_service_access(ServicePrincipal="config.amazonaws.com")
    organizations.register_delegated_administrator(
        AccountId=member, ServicePrincipal="config.amazonaws.com"
    )

    with aws.calling_as(Principal(account_id=member)):
        accounts = organizations.list_accounts()["Accounts"]
        refused = [
            aws.refused("organizations", operation, **request)
            for operation, request in MANAGEMENT_ONLY
        ]

    assert len(accounts) == 2
    assert set(refused) == {("AccessDeniedException", None)}


def test_delegated_administrators_are_listed_until_deregistered(aws: Aws) -> None:
    organizations = aws.client("organizations")
    member = aws.create_account()["AccountId"]
    organizations.enable_aws_service_access(ServicePrincipal=IAM)
    delegation = {"AccountId": member, "ServicePrincipal": IAM}

    organizations.register_delegated_administrator(**delegation)
    again = aws.refused("organizations", "RegisterDelegatedAdministrator", **delegation)
    administrators = organizations.list_delegated_administrators(ServicePrincipal=IAM)
    others = organizations.list_delegated_administrators(ServicePrincipal="ram.amazonaws.com")
    services = organizations.list_delegated_services_for_account(AccountId=member)
    organizations.deregister_delegated_administrator(**delegation)
    gone = aws.refused("organizations", "DeregisterDelegatedAdministrator", **delegation)

    assert [one["Id"] for one in administrators["DelegatedAdministrators"]] == [member]
    assert others["DelegatedAdministrators"] == []
    assert [one["ServicePrincipal"] for one in services["DelegatedServices"]] == [IAM]
    assert again == ("AccountAlreadyRegisteredException", None)
    assert gone == ("AccountNotRegisteredException", None)
    assert organizations.list_delegated_administrators()["DelegatedAdministrators"] == []


@pytest.mark.parametrize(
    ("account_id", "reason"),
    [
        ("111111111111", "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR"),
        (None, "SERVICE_ACCESS_NOT_ENABLED"),
    ],
)
def test_register_delegated_administrator_refuses(
    aws: Aws, account_id: str | None, reason: str
) -> None:
    member = aws.create_account()["AccountId"]

    refused = aws.refused(
        "organizations",
        "RegisterDelegatedAdministrator",
        AccountId=account_id or member,
        ServicePrincipal=IAM,
    )

    assert refused == ("ConstraintViolationException", reason)


def test_a_closed_account_becomes_no_delegated_administrator(aws: Aws) -> None:
    member = aws.create_account()["AccountId"]
    aws.client("organizations").enable_aws_service_access(ServicePrincipal=IAM)
    aws.close_account(member)

    refused = aws.refused(
        "organizations",
        "RegisterDelegatedAdministrator",
        AccountId=member,
        ServicePrincipal=IAM,
    )

    assert refused == (
        "ConstraintViolationException",
        "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR",
    )


@pytest.mark.parametrize(
    ("operation", "request_"),
    [*MANAGEMENT_ONLY, ("DescribeOrganization", {}), ("ListRoots", {})],
)
def test_an_account_in_no_organization_has_none_in_use(
    aws: Aws, operation: str, request_: dict[str, object]
) -> None:
    with aws.calling_as(OUTSIDER):
        refused = aws.refused("organizations", operation, **request_)

    assert refused == ("AWSOrganizationsNotInUseException", None)


def test_an_outsider_founds_an_organization_of_its_own(aws: Aws) -> None:
    organizations = aws.client("organizations")
    with aws.calling_as(OUTSIDER):
        founded = organizations.create_organization(FeatureSet="CONSOLIDATED_BILLING")
        again = aws.refused("organizations", "CreateOrganization")
        account = aws.create_account(Email="x@example.com")["AccountId"]

    ours = [one["Id"] for one in organizations.list_accounts()["Accounts"]]
    assert founded["Organization"]["MasterAccountId"] == OUTSIDER.account_id
    assert founded["Organization"]["FeatureSet"] == "CONSOLIDATED_BILLING"
    assert again == ("AlreadyInOrganizationException", None)
    assert account not in ours


def test_delete_organization_once_it_has_no_members(aws: Aws) -> None:
    aws.create_account()
    refused = aws.refused("organizations", "DeleteOrganization")
    aws.reset_organization(throttled=False)

    aws.client("organizations").delete_organization()

    assert refused == ("OrganizationNotEmptyException", None)
    assert aws.refused("organizations", "DescribeOrganization") == (
        "AWSOrganizationsNotInUseException",
        None,
    )


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"AccountName": 5, "Email": "a@example.com"}', b'{"Tags": {}}']
)
def test_a_body_of_another_shape_is_a_serialization_error(aws: Aws, body: bytes) -> None:
    request = urllib.request.Request(
        aws.endpoint_url,
        data=body,
        headers={
            "X-Amz-Target": "AWSOrganizationsV20161128.CreateAccount",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/"
            "organizations/aws4_request, SignedHeaders=host, Signature=0",
        },
    )
    wanted = "InvalidInputException" if body == b'{"Tags": {}}' else "SerializationException"

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)

    with caught.value as answer:
        assert answer.code == 400
        assert json.loads(answer.read())["__type"] == wanted
