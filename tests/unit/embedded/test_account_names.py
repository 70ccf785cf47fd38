"""Who may name whose account, and which texts AWS takes for a name."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from embedded import ACCOUNT_ID
from embedded.core.principal import Principal
from tests.unit.embedded.live_aws import Aws

TRUST = "account.amazonaws.com"


def name_of(aws: Aws, account_id: str) -> str:
    account = aws.client("organizations").describe_account(AccountId=account_id)["Account"]
    return str(account["Name"])


def test_member_is_renamed_by_the_management_account(aws: Aws) -> None:
    aws.client("organizations").enable_aws_service_access(ServicePrincipal=TRUST)
    member = str(aws.create_account()["AccountId"])

    aws.client("account").put_account_name(AccountId=member, AccountName="Sandpit")

    assert name_of(aws, member) == "Sandpit"


def test_own_account_is_renamed_without_an_id_and_without_trust(aws: Aws) -> None:
    member = str(aws.create_account()["AccountId"])

    with aws.calling_as(Principal(account_id=member)):
        aws.client("account").put_account_name(AccountName="Sandpit")

    assert name_of(aws, member) == "Sandpit"


@pytest.mark.parametrize(
    ("account_id", "trust", "name", "code"),
    [
        (ACCOUNT_ID, True, "Sandpit", "AccessDeniedException"),
        (None, False, "Sandpit", "AccessDeniedException"),
        (None, True, "<Sandpit>", "ValidationException"),
    ],
    ids=["management account", "no trust", "no name"],
)
def test_name_is_refused(
    aws: Aws, account_id: str | None, trust: bool, name: str, code: str
) -> None:
    if trust:
        aws.client("organizations").enable_aws_service_access(ServicePrincipal=TRUST)
    member = str(aws.create_account()["AccountId"])

    with pytest.raises(ClientError) as refused:
        aws.client("account").put_account_name(AccountId=account_id or member, AccountName=name)

    assert refused.value.response["Error"]["Code"] == code
    assert name_of(aws, member) != name
