from __future__ import annotations

import datetime
from typing import Any

import pytest

from embedded.core.principal import Principal
from embedded.organizations.settings import STANDALONE
from tests.unit.embedded.live_aws import Aws, CreationFault
from tests.unit.embedded.time_travel import pass_days

GUEST = Principal(account_id=STANDALONE.id, arn=f"arn:aws:iam::{STANDALONE.id}:root")
STRANGER = Principal(account_id="999999999999")
BY_ID = {"Type": "ACCOUNT", "Id": STANDALONE.id}
BY_EMAIL = {"Type": "EMAIL", "Id": STANDALONE.email.upper()}
UNKNOWN = "h-0123456789"


def invite(aws: Aws, target: dict[str, str] = BY_ID, **request: Any) -> Any:
    client = aws.client("organizations")
    return client.invite_account_to_organization(Target=target, **request)["Handshake"]


def accept(aws: Aws, handshake: Any, who: Principal = GUEST) -> Any:
    with aws.calling_as(who):
        answer = aws.client("organizations").accept_handshake(HandshakeId=handshake["Id"])
    return answer["Handshake"]


def state(aws: Aws, handshake: Any) -> str:
    answer = aws.client("organizations").describe_handshake(HandshakeId=handshake["Id"])
    return str(answer["Handshake"]["State"])


@pytest.mark.parametrize("target", [BY_ID, BY_EMAIL], ids=["id", "email"])
def test_an_invitation_has_the_form_of_the_reference_page(aws: Aws, target: dict[str, str]) -> None:
    organization = aws.client("organizations").describe_organization()["Organization"]

    handshake = invite(aws, target, Notes="please")

    lifetime = handshake["ExpirationTimestamp"] - handshake["RequestedTimestamp"]
    assert handshake["Id"].startswith("h-")
    assert handshake["Arn"] == (
        f"arn:aws:organizations::111111111111:handshake/{organization['Id']}/invite/"
        f"{handshake['Id']}"
    )
    assert handshake["Action"] == "INVITE"
    assert handshake["State"] == "OPEN"
    assert lifetime == datetime.timedelta(days=15)
    assert handshake["Parties"] == [{"Id": organization["Id"], "Type": "ORGANIZATION"}, target]
    assert handshake["Resources"] == [
        {
            "Type": "ORGANIZATION",
            "Value": organization["Id"],
            "Resources": [
                {"Type": "MASTER_EMAIL", "Value": "management@example.com"},
                {"Type": "MASTER_NAME", "Value": "management"},
                {"Type": "ORGANIZATION_FEATURE_SET", "Value": "ALL"},
            ],
        },
        {"Type": target["Type"], "Value": target["Id"]},
        {"Type": "NOTES", "Value": "please"},
    ]


@pytest.mark.parametrize("target", [BY_ID, BY_EMAIL], ids=["id", "email"])
def test_accepting_makes_the_account_a_member_with_the_invitations_tags(
    aws: Aws, target: dict[str, str]
) -> None:
    client = aws.client("organizations")
    handshake = invite(aws, target, Tags=[{"Key": "a", "Value": "b"}])
    before = [one["Id"] for one in client.list_accounts()["Accounts"]]

    accepted = accept(aws, handshake)

    account = client.describe_account(AccountId=STANDALONE.id)["Account"]
    root = client.list_roots()["Roots"][0]["Id"]
    assert STANDALONE.id not in before
    assert accepted["State"] == state(aws, handshake) == "ACCEPTED"
    assert (account["JoinedMethod"], account["State"]) == ("INVITED", "ACTIVE")
    assert (account["Email"], account["Name"]) == (STANDALONE.email, STANDALONE.name)
    assert client.list_parents(ChildId=STANDALONE.id)["Parents"] == [{"Id": root, "Type": "ROOT"}]
    assert client.list_tags_for_resource(ResourceId=STANDALONE.id)["Tags"] == [
        {"Key": "a", "Value": "b"}
    ]
    with aws.calling_as(GUEST):
        assert client.describe_organization()["Organization"]["MasterAccountId"] == "111111111111"


@pytest.mark.parametrize(
    ("target", "tags", "reason"),
    [
        ({"Type": "ORGANIZATION", "Id": "o-0123456789"}, [], "INVALID_PARTY_TYPE_TARGET"),
        ({"Type": "TEAM", "Id": "x"}, [], "INVALID_ENUM"),
        ({"Type": "ACCOUNT", "Id": "12345"}, [], "INVALID_PATTERN"),
        ({"Type": "EMAIL", "Id": "nobody"}, [], "INVALID_EMAIL_ADDRESS_TARGET"),
        ({"Type": "EMAIL", "Id": "a@example.com" + "m" * 52}, [], "MAX_LENGTH_EXCEEDED"),
        ({"Type": "ACCOUNT"}, [], "INPUT_REQUIRED"),
        (BY_ID, [{"Key": "aws:a", "Value": ""}], "INVALID_SYSTEM_TAGS_PARAMETER"),
        (BY_ID, [{"Key": "a", "Value": ""}] * 2, "DUPLICATE_TAG_KEY"),
    ],
)
def test_invitations_that_are_malformed(
    aws: Aws, target: dict[str, str], tags: list[dict[str, str]], reason: str
) -> None:
    refused = aws.refused("organizations", "InviteAccountToOrganization", Target=target, Tags=tags)

    assert refused == ("InvalidInputException", reason)
    assert aws.client("organizations").list_handshakes_for_organization()["Handshakes"] == []


def test_invitation_with_too_many_tags(aws: Aws) -> None:
    tags = [{"Key": str(number), "Value": ""} for number in range(51)]

    refused = aws.refused("organizations", "InviteAccountToOrganization", Target=BY_ID, Tags=tags)

    assert refused == ("ConstraintViolationException", "MAX_TAG_LIMIT_EXCEEDED")


@pytest.mark.parametrize("first", [BY_ID, BY_EMAIL], ids=["id", "email"])
@pytest.mark.parametrize("second", [BY_ID, BY_EMAIL], ids=["id", "email"])
def test_a_second_invitation_while_the_first_is_open(
    aws: Aws, first: dict[str, str], second: dict[str, str]
) -> None:
    handshake = invite(aws, first)

    refused = aws.refused("organizations", "InviteAccountToOrganization", Target=second)
    aws.client("organizations").cancel_handshake(HandshakeId=handshake["Id"])
    again = invite(aws, second)

    assert refused == ("DuplicateHandshakeException", None)
    assert again["Id"] != handshake["Id"]


@pytest.mark.parametrize("kind", ["management", "created", "invited"])
def test_an_account_that_is_in_the_organization_already(aws: Aws, kind: str) -> None:
    account_id = "111111111111"
    if kind == "created":
        account_id = aws.create_account()["AccountId"]
    elif kind == "invited":
        accept(aws, invite(aws))
        account_id = STANDALONE.id

    refused = aws.refused(
        "organizations",
        "InviteAccountToOrganization",
        Target={"Type": "ACCOUNT", "Id": account_id},
    )

    assert refused == ("HandshakeConstraintViolationException", "ALREADY_IN_AN_ORGANIZATION")


def test_an_organization_that_initializes_invites_nobody(aws: Aws) -> None:
    aws.reset_organization(throttled=False, finalizing_until=aws.clock.now() + 1e6)

    refused = aws.refused("organizations", "InviteAccountToOrganization", Target=BY_ID)

    assert refused == ("FinalizingOrganizationException", None)


def test_open_invitations_count_as_accounts(aws: Aws) -> None:
    aws.reset_organization(throttled=False, account_limit=2)
    handshake = invite(aws)
    other = {"Type": "EMAIL", "Id": "other@example.com"}

    refused = aws.refused("organizations", "InviteAccountToOrganization", Target=other)
    creation = aws.refused("organizations", "CreateAccount", Email="c@example.com", AccountName="C")
    aws.client("organizations").cancel_handshake(HandshakeId=handshake["Id"])
    created = aws.create_account()

    assert refused == ("HandshakeConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED")
    assert creation == ("ConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED")
    assert created["State"] == "SUCCEEDED"


def test_twenty_invitations_a_day_and_accepted_ones_do_not_count(aws: Aws) -> None:
    aws.reset_organization(throttled=False, account_limit=5)
    client = aws.client("organizations")
    accept(aws, invite(aws))
    for number in range(20):
        handshake = invite(aws, {"Type": "EMAIL", "Id": f"a{number}@example.com"})
        client.cancel_handshake(HandshakeId=handshake["Id"])
    target = {"Type": "EMAIL", "Id": "last@example.com"}

    refused = aws.refused("organizations", "InviteAccountToOrganization", Target=target)
    pass_days(aws.clock, 1.01)
    later = invite(aws, target)

    assert refused == ("HandshakeConstraintViolationException", "HANDSHAKE_RATE_LIMIT_EXCEEDED")
    assert later["State"] == "OPEN"


ANSWERS = ["AcceptHandshake", "DeclineHandshake", "CancelHandshake"]
STATES = {
    "AcceptHandshake": "ACCEPTED",
    "DeclineHandshake": "DECLINED",
    "CancelHandshake": "CANCELED",
}


def answer(aws: Aws, operation: str, handshake: Any) -> Any:
    who = Principal() if operation == "CancelHandshake" else GUEST
    with aws.calling_as(who):
        return aws.client("organizations")._make_api_call(
            operation, {"HandshakeId": handshake["Id"]}
        )


@pytest.mark.parametrize("first", [*ANSWERS, None])
@pytest.mark.parametrize("second", ANSWERS)
def test_an_answered_or_expired_handshake_is_not_answered_again(
    aws: Aws, first: str | None, second: str
) -> None:
    handshake = invite(aws)
    if first is None:
        pass_days(aws.clock, 15.01)
    else:
        answer(aws, first, handshake)
    ended = "EXPIRED" if first is None else STATES[first]

    with aws.calling_as(Principal() if second == "CancelHandshake" else GUEST):
        refused = aws.refused("organizations", second, HandshakeId=handshake["Id"])

    same = first == second
    assert refused[0] == (
        "HandshakeAlreadyInStateException" if same else "InvalidHandshakeTransitionException"
    )
    assert state(aws, handshake) == ended
    members = {one["Id"] for one in aws.client("organizations").list_accounts()["Accounts"]}
    assert (STANDALONE.id in members) == (ended == "ACCEPTED")


@pytest.mark.parametrize("operation", ["AcceptHandshake", "DeclineHandshake"])
@pytest.mark.parametrize(
    "who", [Principal(), STRANGER], ids=["the management account", "a stranger"]
)
def test_only_the_account_that_is_invited_answers(aws: Aws, operation: str, who: Principal) -> None:
    handshake = invite(aws)

    with aws.calling_as(who):
        refused = aws.refused("organizations", operation, HandshakeId=handshake["Id"])

    assert refused == ("AccessDeniedException", None)
    assert state(aws, handshake) == "OPEN"


def test_neither_the_invited_account_nor_a_member_cancels(aws: Aws) -> None:
    handshake = invite(aws)
    member = Principal(account_id=aws.create_account()["AccountId"])

    with aws.calling_as(GUEST):
        by_guest = aws.refused("organizations", "CancelHandshake", HandshakeId=handshake["Id"])
    with aws.calling_as(member):
        by_member = aws.refused("organizations", "CancelHandshake", HandshakeId=handshake["Id"])

    assert by_guest == by_member == ("AccessDeniedException", None)
    assert state(aws, handshake) == "OPEN"


@pytest.mark.parametrize("operation", ["DescribeHandshake", *ANSWERS])
@pytest.mark.parametrize("handshake_id", [UNKNOWN, "x"])
def test_handshakes_that_are_not_there(aws: Aws, operation: str, handshake_id: str) -> None:
    refused = aws.refused("organizations", operation, HandshakeId=handshake_id)

    assert refused == (
        ("HandshakeNotFoundException", None)
        if handshake_id == UNKNOWN
        else ("InvalidInputException", "INVALID_PATTERN")
    )


def test_both_parties_see_a_handshake_and_nobody_else_does(aws: Aws) -> None:
    handshake = invite(aws)
    client = aws.client("organizations")
    with aws.calling_as(GUEST):
        seen = client.describe_handshake(HandshakeId=handshake["Id"])["Handshake"]
        asked = client.list_handshakes_for_account()["Handshakes"]
    with aws.calling_as(STRANGER):
        refused = aws.refused("organizations", "DescribeHandshake", HandshakeId=handshake["Id"])
        others = client.list_handshakes_for_account()["Handshakes"]

    assert seen == handshake
    assert asked == [handshake]
    assert refused == ("AccessDeniedException", None)
    assert others == []
    assert client.list_handshakes_for_organization()["Handshakes"] == [handshake]
    assert client.list_handshakes_for_account()["Handshakes"] == []


@pytest.mark.parametrize("operation", [*ANSWERS, None])
def test_ended_handshakes_are_shown_for_thirty_days(aws: Aws, operation: str | None) -> None:
    handshake = invite(aws)
    client = aws.client("organizations")
    if operation is None:
        pass_days(aws.clock, 15)
    else:
        answer(aws, operation, handshake)

    pass_days(aws.clock, 29)
    shown = [one["Id"] for one in client.list_handshakes_for_organization()["Handshakes"]]
    pass_days(aws.clock, 1.1)

    assert shown == [handshake["Id"]]
    assert client.list_handshakes_for_organization()["Handshakes"] == []
    refused = aws.refused("organizations", "DescribeHandshake", HandshakeId=handshake["Id"])
    assert refused == ("HandshakeNotFoundException", None)


def test_handshakes_come_in_pages_and_are_filtered(aws: Aws) -> None:
    client = aws.client("organizations")
    sent = [
        invite(aws, {"Type": "EMAIL", "Id": f"a{number}@example.com"})["Id"] for number in range(23)
    ]

    pages = list(client.get_paginator("list_handshakes_for_organization").paginate())
    none = client.list_handshakes_for_organization(Filter={"ActionType": "ENABLE_ALL_FEATURES"})
    both = aws.refused(
        "organizations",
        "ListHandshakesForOrganization",
        Filter={"ActionType": "INVITE", "ParentHandshakeId": UNKNOWN},
    )

    assert [len(one["Handshakes"]) for one in pages] == [20, 3]
    assert [one["Id"] for page in pages for one in page["Handshakes"]] == sent
    assert none["Handshakes"] == []
    assert both == ("InvalidInputException", "MAX_LIMIT_EXCEEDED_FILTER")


def test_a_member_does_not_list_its_organizations_handshakes(aws: Aws) -> None:
    accept(aws, invite(aws))

    with aws.calling_as(GUEST):
        refused = aws.refused("organizations", "ListHandshakesForOrganization")

    assert refused == ("AccessDeniedException", None)


def test_a_full_organization_takes_nobody_in_who_was_invited_before(aws: Aws) -> None:
    aws.reset_organization(throttled=False, account_limit=2)
    aws.faults.planned = [CreationFault(seconds=40)]
    creation = aws.client("organizations").create_account(
        Email="new@example.com", AccountName="New"
    )["CreateAccountStatus"]
    handshake = invite(aws)
    aws.ended(creation["Id"])

    with aws.calling_as(GUEST):
        refused = aws.refused("organizations", "AcceptHandshake", HandshakeId=handshake["Id"])

    assert refused == ("HandshakeConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED")
    assert state(aws, handshake) == "OPEN"


def test_a_creation_fails_when_an_invited_account_has_taken_its_place(aws: Aws) -> None:
    aws.reset_organization(throttled=False, account_limit=2)
    aws.faults.planned = [CreationFault(seconds=100)]
    creation = aws.client("organizations").create_account(
        Email="new@example.com", AccountName="New"
    )["CreateAccountStatus"]
    accept(aws, invite(aws))

    ended = aws.ended(creation["Id"])

    assert (ended["State"], ended["FailureReason"]) == ("FAILED", "ACCOUNT_LIMIT_EXCEEDED")


def test_a_member_moves_straight_to_the_organization_that_invites_it(aws: Aws) -> None:
    client = aws.client("organizations")
    accept(aws, invite(aws))
    with aws.calling_as(STRANGER):
        client.create_organization()
        handshake = invite(aws)
        accept(aws, handshake)
        theirs = {one["Id"] for one in client.list_accounts()["Accounts"]}

    ours = {one["Id"] for one in client.list_accounts()["Accounts"]}
    assert theirs == {STRANGER.account_id, STANDALONE.id}
    assert STANDALONE.id not in ours


def test_a_management_account_cannot_join_another_organization(aws: Aws) -> None:
    client = aws.client("organizations")
    with aws.calling_as(STRANGER):
        client.create_organization()
    handshake = invite(aws, {"Type": "ACCOUNT", "Id": STRANGER.account_id})

    with aws.calling_as(STRANGER):
        refused = aws.refused("organizations", "AcceptHandshake", HandshakeId=handshake["Id"])

    assert refused == ("MasterCannotLeaveOrganizationException", None)
    assert state(aws, handshake) == "OPEN"
