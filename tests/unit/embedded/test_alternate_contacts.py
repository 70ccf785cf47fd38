"""Who may set whose alternate contacts, and which texts AWS takes for one."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded import ACCOUNT_ID
from embedded.core.principal import Principal
from tests.unit.embedded.live_aws import Aws

TRUST = "account.amazonaws.com"
CONTACT = {
    "AlternateContactType": "SECURITY",
    "Name": "Security",
    "Title": "Team",
    "EmailAddress": "security@example.com",
    "PhoneNumber": "+1 555 0100",
}


def trusted(aws: Aws, email: str = "new@example.com") -> str:
    """A member of an organization that trusts Account Management; its id."""
    aws.client("organizations").enable_aws_service_access(ServicePrincipal=TRUST)
    return str(aws.create_account(Email=email)["AccountId"])


def put(aws: Aws, **changes: Any) -> None:
    aws.client("account").put_alternate_contact(**(CONTACT | changes))


def found(aws: Aws, **of: str) -> dict[str, str] | None:
    """The contact, without its kind; None where there is none."""
    account = aws.client("account")
    try:
        answer = account.get_alternate_contact(AlternateContactType="SECURITY", **of)
    except account.exceptions.ResourceNotFoundException:
        return None
    return dict(answer["AlternateContact"])


def refusal(aws: Aws, **changes: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        put(aws, **changes)
    return dict(refused.value.response)


def test_contact_of_a_member_is_put_changed_and_deleted(aws: Aws) -> None:
    member = trusted(aws)

    before = found(aws, AccountId=member)
    put(aws, AccountId=member)
    first = found(aws, AccountId=member)
    put(aws, AccountId=member, Title="Chief")
    second = found(aws, AccountId=member)
    aws.client("account").delete_alternate_contact(
        AccountId=member, AlternateContactType="SECURITY"
    )

    assert (before, first, second) == (None, CONTACT, CONTACT | {"Title": "Chief"})
    assert found(aws, AccountId=member) is None


def test_contact_that_is_not_there_cannot_be_deleted(aws: Aws) -> None:
    member, account = trusted(aws), aws.client("account")

    with pytest.raises(account.exceptions.ResourceNotFoundException):
        account.delete_alternate_contact(AccountId=member, AlternateContactType="SECURITY")


def test_contact_belongs_to_one_account(aws: Aws) -> None:
    member, other = trusted(aws), trusted(aws, "other@example.com")

    put(aws, AccountId=member)

    assert found(aws, AccountId=other) is None


@pytest.mark.parametrize("who", ["management", "member"])
def test_own_contact_is_put_without_an_id_and_without_trust(aws: Aws, who: str) -> None:
    account_id = ACCOUNT_ID if who == "management" else aws.create_account()["AccountId"]

    with aws.calling_as(Principal(account_id=account_id)):
        put(aws)
        own = found(aws)

    assert own == CONTACT


def test_own_id_of_the_management_account_is_refused(aws: Aws) -> None:
    trusted(aws)

    error = refusal(aws, AccountId=ACCOUNT_ID)["Error"]

    assert error["Code"] == "AccessDeniedException"
    assert "standalone context" in error["Message"]


@pytest.mark.parametrize(
    "operation", ["GetAlternateContact", "PutAlternateContact", "DeleteAlternateContact"]
)
@pytest.mark.parametrize("lack", ["trust", "membership", "all features", "right"])
def test_id_of_an_account_needs_trust_membership_features_and_a_right(
    aws: Aws, operation: str, lack: str
) -> None:
    member = trusted(aws)
    manager = Principal()
    if lack == "trust":
        aws.client("organizations").disable_aws_service_access(ServicePrincipal=TRUST)
    elif lack == "all features":
        aws.reset_organization(feature_set="CONSOLIDATED_BILLING")
        member = str(aws.create_account()["AccountId"])
    elif lack == "right":
        manager = Principal(account_id=trusted(aws, "other@example.com"))
    target = "999999999999" if lack == "membership" else member
    more = CONTACT if operation == "PutAlternateContact" else {"AlternateContactType": "SECURITY"}

    with aws.calling_as(manager), pytest.raises(ClientError) as refused:
        aws.client("account")._make_api_call(operation, {"AccountId": target, **more})

    answer = refused.value.response
    assert answer["Error"]["Code"] == "AccessDeniedException"
    assert f"account:{operation}" in answer["Error"]["Message"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_delegated_administrator_sets_contacts_of_members(aws: Aws) -> None:
    member, administrator = trusted(aws), trusted(aws, "other@example.com")
    aws.client("organizations").register_delegated_administrator(
        AccountId=administrator, ServicePrincipal=TRUST
    )

    with aws.calling_as(Principal(account_id=administrator)):
        put(aws, AccountId=member)

    assert found(aws, AccountId=member) == CONTACT


@pytest.mark.parametrize(
    ("member_name", "value", "field"),
    [
        ("Name", "x" * 65, "name"),
        ("Title", "x" * 51, "title"),
        ("Title", "", "title"),
        ("EmailAddress", "nobody", "emailAddress"),
        ("EmailAddress", "x" * 250 + "@example.com", "emailAddress"),
        ("PhoneNumber", "call me", "phoneNumber"),
        ("PhoneNumber", "0" * 26, "phoneNumber"),
        ("AccountId", "12", "accountId"),
    ],
)
def test_text_that_the_model_does_not_allow_is_refused_by_its_field(
    aws: Aws, member_name: str, value: str, field: str
) -> None:
    member = trusted(aws)

    answer = refusal(aws, **{"AccountId": member, member_name: value})

    assert answer["Error"]["Code"] == "ValidationException"
    assert answer["reason"] == "fieldValidationFailed"
    assert [one["name"] for one in answer["fieldList"]] == [field]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_contacts_end_with_their_organization(aws: Aws) -> None:
    member = trusted(aws)
    put(aws, AccountId=member)

    aws.reset_organization(throttled=False)

    with aws.calling_as(Principal(account_id=member)):
        assert found(aws) is None
