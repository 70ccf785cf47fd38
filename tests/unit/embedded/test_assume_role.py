"""AssumeRole into accounts, by trust and by policy, and what its sessions may do there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded import organizations
from embedded.organizations.settings import STANDALONE
from tests.unit.embedded.accounts_server import (
    ACCOUNT_ID,
    Accounts,
    accounts,
    member_role,
    refusal,
    trusting,
)
from tests.unit.embedded.live_aws import eventually

GUEST = STANDALONE.id
MANAGEMENT = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}


@pytest.fixture
def server() -> Iterator[Accounts]:
    with accounts() as one:
        yield one


def test_the_management_account_assumes_the_role_of_an_account(server: Accounts) -> None:
    keys = server.assume(member_role(GUEST))

    identity = server.client("sts", keys).get_caller_identity()
    server.client("iam", keys).create_user(UserName="somebody")

    theirs = server.client("iam", keys).list_users()["Users"]
    assert identity["Account"] == GUEST
    assert identity["Arn"] == (
        f"arn:aws:sts::{GUEST}:assumed-role/OrganizationAccountAccessRole/visit"
    )
    assert [user["Arn"] for user in theirs] == [f"arn:aws:iam::{GUEST}:user/somebody"]
    assert server.client("iam").list_users()["Users"] == []


def test_an_invitation_is_accepted_with_the_accounts_credentials(server: Accounts) -> None:
    ours = server.client("organizations")
    handshake = ours.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": GUEST})[
        "Handshake"
    ]

    denied = refusal(ours.accept_handshake, HandshakeId=handshake["Id"])
    theirs = server.client("organizations", server.assume(member_role(GUEST)))
    theirs.accept_handshake(HandshakeId=handshake["Id"])

    assert denied == ("AccessDeniedException", 400)
    assert GUEST in [account["Id"] for account in ours.list_accounts()["Accounts"]]


@pytest.mark.parametrize("operation", ["AcceptHandshake", "CreateOrganization"])
def test_organizations_makes_its_role_only_for_who_may_have_it_made(
    server: Accounts, operation: str
) -> None:
    ours = server.client("organizations")
    invitation = ours.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": GUEST})
    role = server.role(
        "Answering",
        trusting({"AWS": GUEST}),
        f"organizations:{operation}",
        keys=server.owner(GUEST),
    )
    theirs = server.client("organizations", server.assume(role, server.owner(GUEST)))
    handshake_id = invitation["Handshake"]["Id"]
    request = {"HandshakeId": handshake_id} if operation == "AcceptHandshake" else {}

    with pytest.raises(theirs.exceptions.AccessDeniedForDependencyException) as caught:
        theirs._make_api_call(operation, request)

    answer = caught.value.response
    assert answer["Reason"] == "ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE"
    assert "iam:CreateServiceLinkedRole" in answer["Error"]["Message"]
    assert ours.describe_handshake(HandshakeId=handshake_id)["Handshake"]["State"] == "OPEN"


def test_a_members_credentials_do_not_manage_the_organization(server: Accounts) -> None:
    member = server.client("organizations", server.owner(server.member()))

    denied = refusal(member.create_account, Email="a@example.com", AccountName="A")
    organization = member.describe_organization()["Organization"]

    assert denied == ("AccessDeniedException", 400)
    assert organization["MasterAccountId"] == ACCOUNT_ID


@pytest.mark.parametrize(
    "arn",
    [
        member_role("000000000000"),
        f"arn:aws:iam::{GUEST}:role/Nobody",
        f"arn:aws:iam::{GUEST}:user/OrganizationAccountAccessRole",
        member_role(GUEST, "aws-us-gov"),
        "OrganizationAccountAccessRole",
        "arn:aws:iam:OrganizationAccountAccessRole",
    ],
)
def test_a_role_that_does_not_exist_is_denied(server: Accounts, arn: str) -> None:
    sts = server.client("sts")

    denied = refusal(sts.assume_role, RoleArn=arn, RoleSessionName="visit")

    assert denied == ("AccessDenied", 403)


TRUSTED: list[tuple[str, Any, bool]] = [
    ("everybody", trusting("*"), True),
    ("every account", trusting({"AWS": "*"}), True),
    ("the account", trusting(MANAGEMENT), True),
    ("the account's id", trusting({"AWS": ACCOUNT_ID}), True),
    ("one of several", trusting({"AWS": ["333333333333", ACCOUNT_ID]}), True),
    ("the role", trusting({"AWS": f"arn:aws:iam::{ACCOUNT_ID}:role/Caller"}), True),
    (
        "the session",
        trusting({"AWS": f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/Caller/session"}),
        True,
    ),
    ("another role", trusting({"AWS": f"arn:aws:iam::{ACCOUNT_ID}:role/Other"}), False),
    ("another account", trusting({"AWS": "arn:aws:iam::333333333333:root"}), False),
    ("a service", trusting({"Service": "lambda.amazonaws.com"}), False),
    ("nobody", [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}], False),
    ("another action", trusting(MANAGEMENT) | {"Action": "sts:TagSession"}, False),
    (
        "all but it",
        [trusting(MANAGEMENT), trusting({"AWS": ACCOUNT_ID}) | {"Effect": "Deny"}],
        False,
    ),
    (
        "with the external id",
        trusting(MANAGEMENT, Condition={"StringEquals": {"sts:ExternalId": "known"}}),
        True,
    ),
    (
        "with another external id",
        trusting(MANAGEMENT, Condition={"StringEquals": {"sts:ExternalId": "other"}}),
        False,
    ),
    (
        "by the role's name",
        trusting(
            "*",
            Condition={
                "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT_ID}:role/Call*"},
                "StringLike": {"aws:PrincipalOrgID": "o-*"},
            },
        ),
        True,
    ),
]


@pytest.mark.parametrize(
    ("trust", "trusted"),
    [(trust, trusted) for _, trust, trusted in TRUSTED],
    ids=[name for name, _, _ in TRUSTED],
)
def test_a_role_is_assumed_by_whom_it_trusts(server: Accounts, trust: Any, trusted: bool) -> None:
    caller = server.role("Caller", trusting("*"), "sts:AssumeRole")
    issued = server.context.credentials.issue(caller, "session")
    keys = {
        "AccessKeyId": issued.access_key_id,
        "SecretAccessKey": issued.secret_access_key,
        "SessionToken": issued.session_token,
    }
    visited = server.role("Visited", trust, keys=server.owner(GUEST))

    if trusted:
        session = server.assume(visited, keys, ExternalId="known")
        assert server.client("sts", session).get_caller_identity()["Account"] == GUEST
    else:
        request = {"RoleArn": visited, "RoleSessionName": "visit", "ExternalId": "known"}
        denied = refusal(server.client("sts", keys).assume_role, **request)
        assert denied == ("AccessDenied", 403)


def test_a_closed_account_lets_nobody_in(server: Accounts) -> None:
    member = server.member()
    client = server.client("organizations")
    server.assume(member_role(member))
    client.close_account(AccountId=member)
    eventually(lambda: client.describe_account(AccountId=member)["Account"]["State"] == "CLOSED")

    sts = server.client("sts")
    denied = refusal(sts.assume_role, RoleArn=member_role(member), RoleSessionName="visit")

    assert denied == ("AccessDenied", 403)


def test_a_caller_needs_its_own_permission_too(server: Accounts) -> None:
    keys = server.assume(server.role("Caller", trusting(MANAGEMENT), "iam:ListUsers"))

    sts = server.client("sts", keys)
    denied = refusal(sts.assume_role, RoleArn=member_role(GUEST), RoleSessionName="visit")

    assert denied == ("AccessDenied", 403)


def test_a_session_may_do_what_its_role_may(server: Accounts) -> None:
    owner = server.owner(GUEST)
    keys = server.assume(server.role("Reader", trusting(MANAGEMENT), "iam:ListUsers", keys=owner))
    iam = server.client("iam", keys)

    assert iam.list_users()["Users"] == []
    assert refusal(iam.create_user, UserName="somebody") == ("AccessDenied", 403)


@pytest.mark.parametrize("seconds", [899, 3601])
def test_a_session_lasts_as_the_role_says(server: Accounts, seconds: int) -> None:
    request = {
        "RoleArn": member_role(GUEST),
        "RoleSessionName": "visit",
        "DurationSeconds": seconds,
    }

    assert refusal(server.client("sts").assume_role, **request) == ("ValidationError", 400)


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({"RoleSessionName": "x"}, "'x' at 'roleSessionName' failed to satisfy constraint: Member"),
        ({"RoleSessionName": "x" * 65}, "Member must have length less than or equal to 64"),
        ({"RoleSessionName": "two words"}, "pattern: [\\w+=,.@-]*"),
        ({"RoleSessionName": "übung"}, "pattern: [\\w+=,.@-]*"),
        ({"RoleSessionName": None}, "Value null at 'roleSessionName' failed"),
        ({"RoleArn": "arn:aws:iam::1:role"}, "Member must have length greater than or equal to 20"),
        ({"DurationSeconds": 899}, "Member must have value greater than or equal to 900"),
        ({"DurationSeconds": 43201}, "Member must have value less than or equal to 43200"),
        ({"ExternalId": "x"}, "'externalId' failed"),
        ({"RoleArn": "x", "ExternalId": "x"}, "2 validation errors detected: "),
    ],
)
def test_a_request_is_held_to_the_model(
    server: Accounts, request_: dict[str, Any], problem: str
) -> None:
    whole = {"RoleArn": member_role(GUEST), "RoleSessionName": "visit", **request_}
    request = {name: value for name, value in whole.items() if value is not None}

    with pytest.raises(ClientError) as caught:
        server.client("sts").assume_role(**request)

    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationError"
    assert problem in error["Message"]


def test_a_request_may_have_every_parameter(server: Accounts) -> None:
    session = server.assume(
        member_role(GUEST),
        RoleSessionName="x" * 64,
        Policy='{"Version": "2012-10-17", "Statement": []}',
        ExternalId="known",
        SourceIdentity="me",
        DurationSeconds=900,
    )

    assert session["AccessKeyId"].startswith("ASIA")


def test_a_chained_session_lasts_an_hour_at_most(server: Accounts) -> None:
    iam = server.client("iam", server.owner(GUEST))
    arn = server.role("Long", trusting("*"), keys=server.owner(GUEST))
    iam.update_role(RoleName="Long", MaxSessionDuration=43200)
    request = {"RoleArn": arn, "RoleSessionName": "visit", "DurationSeconds": 3601}

    first = server.assume(arn, DurationSeconds=3601)
    chained = refusal(server.client("sts", server.owner(GUEST)).assume_role, **request)

    assert first["AccessKeyId"].startswith("ASIA")
    assert chained == ("ValidationError", 400)


def test_an_account_without_a_role_is_reached_by_its_owner_only(server: Accounts) -> None:
    lonely = organizations.create_standalone_account("lonely@example.com", "Lonely", role_name=None)
    owned = f"arn:aws:iam::{lonely}:role/AccountOwner"
    identity = server.client("sts", server.owner(lonely)).get_caller_identity()

    sts = server.client("sts")
    denied = [
        refusal(sts.assume_role, RoleArn=arn, RoleSessionName="visit")
        for arn in (member_role(lonely), owned)
    ]

    assert identity["Account"] == lonely
    assert denied == [("AccessDenied", 403)] * 2


def test_a_govcloud_account_is_reached_from_govcloud_only() -> None:
    with accounts(govcloud_enabled=True) as server:
        twin = organizations.create_standalone_account("a@example.com", "A", partition="aws-us-gov")
        arn = member_role(twin, "aws-us-gov")
        ours = server.client("organizations", region="us-gov-west-1")
        handshake = ours.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": twin})[
            "Handshake"
        ]

        denied = refusal(server.client("sts").assume_role, RoleArn=arn, RoleSessionName="visit")
        keys = server.assume(arn, region="us-gov-west-1")
        theirs = server.client("organizations", keys, "us-gov-west-1")
        theirs.accept_handshake(HandshakeId=handshake["Id"])
        listed = [account["Id"] for account in ours.list_accounts()["Accounts"]]

    assert denied == ("AccessDenied", 403)
    assert twin in listed
