from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.iam.models import iam_backends

from embedded import organizations
from embedded.core.partitions import GOVCLOUD, GOVCLOUD_ACCOUNT_ID
from embedded.core.principal import Principal
from embedded.organizations import directory
from tests.unit.embedded.live_aws import Aws, CreationFault

REQUEST = {"Email": "pair@example.com", "AccountName": "Pair.1"}


@pytest.fixture
def linked(aws: Aws) -> Aws:
    """A management account with a GovCloud account behind it."""
    aws.reset_organization(throttled=False, govcloud_enabled=True)
    return aws


def govcloud(aws: Aws) -> Any:
    return boto3.session.Session().client(
        "organizations",
        region_name="us-gov-west-1",
        endpoint_url=aws.endpoint_url,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}),
    )


def create_pair(aws: Aws, **request: Any) -> Any:
    client = aws.client("organizations")
    asked = client.create_gov_cloud_account(**{**REQUEST, **request})["CreateAccountStatus"]
    assert asked["State"] == "IN_PROGRESS"
    assert "GovCloudAccountId" not in asked
    return aws.ended(asked["Id"])


def test_a_pair_is_a_member_here_and_a_lone_account_there(linked: Aws) -> None:
    status = create_pair(linked, Tags=[{"Key": "a", "Value": "b"}], RoleName="Admin")

    client = linked.client("organizations")
    account = client.describe_account(AccountId=status["AccountId"])["Account"]
    twin = status["GovCloudAccountId"]
    assert status["State"] == "SUCCEEDED"
    assert len(twin) == 12
    assert twin != status["AccountId"]
    assert (account["Email"], account["Name"]) == ("pair@example.com", "Pair.1")
    assert client.list_tags_for_resource(ResourceId=status["AccountId"])["Tags"] == [
        {"Key": "a", "Value": "b"}
    ]
    assert organizations.organization_of(twin) is None
    (role,) = iam_backends[twin][GOVCLOUD].roles.values()
    assert role.arn == f"arn:aws-us-gov:iam::{twin}:role/Admin"
    assert GOVCLOUD_ACCOUNT_ID in role.assume_role_policy_document


def test_a_management_account_without_govcloud_makes_no_pairs(aws: Aws) -> None:
    aws.reset_organization(throttled=False, govcloud_enabled=False)

    refused = aws.refused("organizations", "CreateGovCloudAccount", **REQUEST)

    assert refused == ("ConstraintViolationException", "MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED")
    assert aws.client("organizations").list_create_account_status()["CreateAccountStatuses"] == []


@pytest.mark.parametrize("name", ["Two words", "under_score", "plus+"])
def test_govcloud_takes_fewer_names(linked: Aws, name: str) -> None:
    refused = linked.refused(
        "organizations", "CreateGovCloudAccount", **REQUEST | {"AccountName": name}
    )
    commercial = linked.create_account(AccountName=name)

    assert refused == ("InvalidInputException", "INVALID_PATTERN")
    assert commercial["State"] == "SUCCEEDED"


def test_a_pair_whose_email_is_taken_in_govcloud_alone(linked: Aws) -> None:
    organizations.create_standalone_account("pair@example.com", "There", partition=GOVCLOUD)

    status = create_pair(linked)

    assert (status["State"], status["FailureReason"]) == (
        "FAILED",
        "GOVCLOUD_ACCOUNT_ALREADY_EXISTS",
    )
    assert len(linked.client("organizations").list_accounts()["Accounts"]) == 1


def test_a_pair_whose_email_is_taken_here(linked: Aws) -> None:
    linked.create_account(Email="pair@example.com")

    assert create_pair(linked)["FailureReason"] == "EMAIL_ALREADY_EXISTS"


def test_a_pairs_creation_goes_as_the_faults_say(linked: Aws) -> None:
    linked.faults.planned = [CreationFault(failure_reason="MISSING_PAYMENT_INSTRUMENT")]

    status = create_pair(linked)

    assert status["FailureReason"] == "MISSING_PAYMENT_INSTRUMENT"
    assert "GovCloudAccountId" not in status


def test_both_kinds_of_creation_share_one_rate(aws: Aws) -> None:
    aws.reset_organization(speed=1, govcloud_enabled=True, creation_seconds=60)
    client = aws.client("organizations")
    client.create_account(Email="a@example.com", AccountName="A")
    client.create_gov_cloud_account(Email="b@example.com", AccountName="B")
    client.create_account(Email="c@example.com", AccountName="C")

    refused = aws.refused("organizations", "CreateGovCloudAccount", **REQUEST)

    assert refused == ("TooManyRequestsException", None)


def test_govcloud_has_an_organization_of_its_own(linked: Aws) -> None:
    ours = linked.client("organizations").describe_organization()["Organization"]
    theirs = govcloud(linked).describe_organization()["Organization"]
    unit = govcloud(linked).create_organizational_unit(
        ParentId=govcloud(linked).list_roots()["Roots"][0]["Id"], Name="A"
    )["OrganizationalUnit"]

    assert theirs["Id"] != ours["Id"]
    assert theirs["MasterAccountId"] == GOVCLOUD_ACCOUNT_ID
    assert theirs["Arn"].startswith("arn:aws-us-gov:organizations::")
    assert unit["Arn"].startswith("arn:aws-us-gov:organizations::")


def test_the_lone_account_is_invited_and_accepts_in_govcloud(linked: Aws) -> None:
    twin = create_pair(linked)["GovCloudAccountId"]
    client = govcloud(linked)
    handshake = client.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": twin})[
        "Handshake"
    ]

    with linked.calling_as(Principal(account_id=twin)):
        accepted = client.accept_handshake(HandshakeId=handshake["Id"])["Handshake"]

    account = client.describe_account(AccountId=twin)["Account"]
    assert handshake["Arn"].startswith("arn:aws-us-gov:organizations::")
    assert accepted["State"] == "ACCEPTED"
    assert (account["JoinedMethod"], account["Email"]) == ("INVITED", "pair@example.com")
    assert twin not in [
        one["Id"] for one in linked.client("organizations").list_accounts()["Accounts"]
    ]


@pytest.mark.parametrize("is_member", [True, False])
def test_a_pair_is_closed_together(linked: Aws, is_member: bool) -> None:
    pair, client = create_pair(linked), govcloud(linked)
    twin = pair["GovCloudAccountId"]
    if is_member:
        target = {"Type": "ACCOUNT", "Id": twin}
        handshake = client.invite_account_to_organization(Target=target)["Handshake"]
        with linked.calling_as(Principal(account_id=twin)):
            client.accept_handshake(HandshakeId=handshake["Id"])

    linked.close_account(pair["AccountId"])

    assert directory.is_closed(twin)
    if is_member:
        account = client.describe_account(AccountId=twin)["Account"]
        assert account["State"] == "CLOSED"


def test_no_handshake_crosses_partitions(linked: Aws) -> None:
    twin = create_pair(linked)["GovCloudAccountId"]
    target = {"Type": "ACCOUNT", "Id": twin}
    client = linked.client("organizations")
    handshake = client.invite_account_to_organization(Target=target)["Handshake"]

    with linked.calling_as(Principal(account_id=twin)):
        asked = govcloud(linked).list_handshakes_for_account()["Handshakes"]
        with pytest.raises(client.exceptions.ClientError) as caught:
            govcloud(linked).accept_handshake(HandshakeId=handshake["Id"])

    assert asked == []
    assert caught.value.response["Error"]["Code"] == "HandshakeNotFoundException"


def test_pairs_are_made_from_the_commercial_partition_only(linked: Aws) -> None:
    client = govcloud(linked)

    with pytest.raises(client.exceptions.UnsupportedAPIEndpointException):
        client.create_gov_cloud_account(**REQUEST)
