"""GovCloud beside the commercial partition: who one is there, and what one may do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded import organizations
from embedded.core.partitions import GOVCLOUD_ACCOUNT_ID
from tests.unit.embedded.accounts_server import (
    ACCOUNT_ID,
    UNKNOWN_KEYS,
    Accounts,
    Keys,
    accounts,
    member_role,
    refusal,
    trusting,
)

GOV = "us-gov-west-1"
LINKED = {"AWS": f"arn:aws-us-gov:iam::{GOVCLOUD_ACCOUNT_ID}:root"}
IAM = "iam.amazonaws.com"


@pytest.fixture
def server() -> Iterator[Accounts]:
    with accounts(govcloud_enabled=True) as one:
        yield one


def limited(server: Accounts, *allowed: str, **more: Any) -> Keys:
    """A session of a role of GovCloud's management account with one statement."""
    arn = server.role("Limited", trusting(LINKED), region=GOV)
    statement = {"Effect": "Allow", "Action": list(allowed), "Resource": "*"} | more
    server.client("iam", region=GOV).put_role_policy(
        RoleName="Limited",
        PolicyName="limits",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
    )
    keys: Keys = server.assume(arn, region=GOV)
    return keys


def govcloud_member(server: Accounts) -> str:
    twin = organizations.create_standalone_account("a@example.com", "A", partition="aws-us-gov")
    ours = server.client("organizations", region=GOV)
    target = {"Type": "ACCOUNT", "Id": twin}
    handshake = ours.invite_account_to_organization(Target=target)["Handshake"]
    theirs = server.client("organizations", server.owner(twin), GOV)
    theirs.accept_handshake(HandshakeId=handshake["Id"])
    return twin


def test_a_govcloud_role_may_do_there_what_its_policies_say(server: Accounts) -> None:
    client = server.client("organizations", limited(server, "organizations:ListRoots"), GOV)

    roots = client.list_roots()["Roots"]
    with pytest.raises(client.exceptions.AccessDeniedException) as caught:
        client.list_accounts()

    assert roots[0]["Arn"].startswith(f"arn:aws-us-gov:organizations::{GOVCLOUD_ACCOUNT_ID}:root/")
    assert str(caught.value).endswith(
        f"User: arn:aws-us-gov:sts::{GOVCLOUD_ACCOUNT_ID}:assumed-role/Limited/visit is not "
        "authorized to perform: organizations:ListAccounts on resource: * because no "
        "identity-based policy allows the organizations:ListAccounts action"
    )


@pytest.mark.parametrize(
    ("service", "operation", "refused"),
    UNKNOWN_KEYS,
)
def test_credentials_of_one_partition_are_unknown_in_the_other(
    server: Accounts, service: str, operation: str, refused: tuple[str, int]
) -> None:
    theirs = limited(server, "*")
    ours = server.assume(server.role("Ours", trusting({"AWS": ACCOUNT_ID}), "*"))

    assert refusal(getattr(server.client(service, theirs), operation)) == refused
    assert refusal(getattr(server.client(service, ours, GOV), operation)) == refused
    assert server.context.calls[-1].error == refused[0]


def test_an_administrator_is_the_linked_accounts_in_govcloud(server: Accounts) -> None:
    here = server.client("sts").get_caller_identity()
    there = server.client("sts", region=GOV).get_caller_identity()
    user = server.client("iam", region=GOV).create_user(UserName="somebody")["User"]

    assert here["Account"] == ACCOUNT_ID
    assert there["Account"] == GOVCLOUD_ACCOUNT_ID
    assert here["Arn"] == f"arn:aws:iam::{ACCOUNT_ID}:root"
    assert there["Arn"] == f"arn:aws-us-gov:iam::{GOVCLOUD_ACCOUNT_ID}:root"
    assert user["Arn"] == f"arn:aws-us-gov:iam::{GOVCLOUD_ACCOUNT_ID}:user/somebody"
    assert server.client("iam").list_users()["Users"] == []


def test_a_session_is_named_in_its_partition(server: Accounts) -> None:
    twin = organizations.create_standalone_account("a@example.com", "A", partition="aws-us-gov")
    keys = server.assume(member_role(twin, "aws-us-gov"), region=GOV)

    identity = server.client("sts", keys, GOV).get_caller_identity()

    assert identity["Account"] == twin
    assert identity["Arn"] == (
        f"arn:aws-us-gov:sts::{twin}:assumed-role/OrganizationAccountAccessRole/visit"
    )


def test_a_role_trusts_no_account_of_the_other_partition(server: Accounts) -> None:
    commercial = {"AWS": f"arn:aws:iam::{GOVCLOUD_ACCOUNT_ID}:root"}
    arn = server.role("Confused", trusting(commercial), region=GOV)

    sts = server.client("sts", region=GOV)

    denied = refusal(sts.assume_role, RoleArn=arn, RoleSessionName="visit")
    assert denied == ("AccessDenied", 403)


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov"])
def test_the_principals_organization_is_its_partitions(server: Accounts, partition: str) -> None:
    region = GOV if partition == "aws-us-gov" else "us-east-1"
    organization = server.client("organizations", region=region).describe_organization()
    condition = {"StringEquals": {"aws:PrincipalOrgID": organization["Organization"]["Id"]}}
    keys = limited(server, "organizations:ListRoots", Condition=condition)
    client = server.client("organizations", keys, GOV)

    if partition == "aws-us-gov":
        assert client.list_roots()["Roots"]
    else:
        assert refusal(client.list_roots) == ("AccessDeniedException", 400)


def test_a_govcloud_role_is_limited_to_resources_there(server: Accounts) -> None:
    root = server.client("organizations", region=GOV).list_roots()["Roots"][0]
    keys = limited(server, "organizations:*", Resource=root["Arn"])
    client = server.client("organizations", keys, GOV)
    unit = {"ParentId": root["Id"], "Name": "A"}

    made = client.create_organizational_unit(**unit)["OrganizationalUnit"]
    denied = refusal(client.delete_organizational_unit, OrganizationalUnitId=made["Id"])

    assert denied == ("AccessDeniedException", 400)


def test_an_invitation_is_accepted_under_a_policy_that_names_it(server: Accounts) -> None:
    twin = organizations.create_standalone_account("a@example.com", "A", partition="aws-us-gov")
    ours = server.client("organizations", region=GOV)
    handshakes = [
        ours.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": account})["Handshake"]
        for account in (twin, organizations.create_standalone_account("b@example.com", "B"))
    ]
    owner = server.owner(twin)
    arn = server.role("Accepting", trusting({"AWS": twin}), "iam:*", keys=owner, region=GOV)
    statement = {
        "Effect": "Allow",
        "Action": "organizations:AcceptHandshake",
        "Resource": handshakes[0]["Arn"],
    }
    server.client("iam", owner, GOV).put_role_policy(
        RoleName="Accepting",
        PolicyName="one",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
    )
    client = server.client("organizations", server.assume(arn, owner, GOV), GOV)

    with pytest.raises(ClientError) as caught:
        client.accept_handshake(HandshakeId=handshakes[1]["Id"])
    accepted = client.accept_handshake(HandshakeId=handshakes[0]["Id"])["Handshake"]

    assert handshakes[1]["Arn"] in str(caught.value)
    assert accepted["State"] == "ACCEPTED"


def test_aws_managed_policies_are_the_partitions_own(server: Accounts) -> None:
    server.role("Worker", trusting(LINKED), region=GOV)
    iam = server.client("iam", region=GOV)
    policy = "policy/AWSLambdaExecute"

    unknown = refusal(
        iam.attach_role_policy, RoleName="Worker", PolicyArn=f"arn:aws:iam::aws:{policy}"
    )
    iam.attach_role_policy(RoleName="Worker", PolicyArn=f"arn:aws-us-gov:iam::aws:{policy}")

    (attached,) = iam.list_attached_role_policies(RoleName="Worker")["AttachedPolicies"]
    known = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]
    document = iam.get_policy_version(PolicyArn=known["Arn"], VersionId=known["DefaultVersionId"])[
        "PolicyVersion"
    ]["Document"]
    assert unknown == ("NoSuchEntity", 404)
    assert known["Arn"] == f"arn:aws-us-gov:iam::aws:{policy}"
    assert "arn:aws-us-gov:s3:::*" in json.dumps(document)
    assert "arn:aws:" not in json.dumps(document)


def test_govcloud_knows_root_sessions_and_no_root_credentials(server: Accounts) -> None:
    member = govcloud_member(server)
    server.client("organizations", region=GOV).enable_aws_service_access(ServicePrincipal=IAM)
    iam = server.client("iam", region=GOV)

    unknown = [
        refusal(iam.enable_organizations_root_credentials_management),
        refusal(iam.disable_organizations_root_credentials_management),
    ]
    enabled = iam.enable_organizations_root_sessions()["EnabledFeatures"]
    keys = server.client("sts", region=GOV).assume_root(
        TargetPrincipal=member,
        TaskPolicyArn={
            "arn": "arn:aws-us-gov:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
        },
    )["Credentials"]
    theirs = server.client("iam", keys, GOV)

    assert unknown == [("InvalidAction", 400)] * 2
    assert enabled == ["RootSessions"]
    assert server.client("sts", keys, GOV).get_caller_identity()["Arn"] == (
        f"arn:aws-us-gov:iam::{member}:root"
    )
    assert theirs.get_account_summary()["SummaryMap"]
    assert refusal(theirs.list_roles) == ("AccessDenied", 403)
    assert refusal(server.client("sts", keys).get_caller_identity) == ("InvalidClientTokenId", 403)
