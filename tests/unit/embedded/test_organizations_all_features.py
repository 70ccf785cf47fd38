from __future__ import annotations

import datetime
from typing import Any

import pytest

from embedded import organizations
from embedded.core.principal import Principal
from tests.unit.embedded.live_aws import Aws
from tests.unit.embedded.time_travel import pass_days

TARGET = {"Type": "EMAIL", "Id": "late@example.com"}


@pytest.fixture
def billing(aws: Aws) -> Aws:
    """An organization with consolidated billing only."""
    aws.reset_organization(throttled=False, feature_set="CONSOLIDATED_BILLING")
    return aws


def invited(aws: Aws, name: str) -> Principal:
    """A member that was invited."""
    account_id = organizations.create_standalone_account(f"{name}@example.com", name)
    who = Principal(account_id=account_id)
    client = aws.client("organizations")
    handshake = client.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": account_id})
    with aws.calling_as(who):
        client.accept_handshake(HandshakeId=handshake["Handshake"]["Id"])
    return who


def begin(aws: Aws) -> Any:
    return aws.client("organizations").enable_all_features()["Handshake"]


def asked(aws: Aws, who: Principal) -> Any:
    with aws.calling_as(who):
        listed = aws.client("organizations").list_handshakes_for_account()["Handshakes"]
    (handshake,) = [one for one in listed if one["Action"] != "INVITE"]
    return handshake


def answer(aws: Aws, who: Principal, handshake: Any, operation: str = "AcceptHandshake") -> Any:
    with aws.calling_as(who):
        return aws.client("organizations")._make_api_call(
            operation, {"HandshakeId": handshake["Id"]}
        )["Handshake"]


def state(aws: Aws, handshake: Any) -> str:
    client = aws.client("organizations")
    return str(client.describe_handshake(HandshakeId=handshake["Id"])["Handshake"]["State"])


def feature_set(aws: Aws) -> str:
    return str(aws.client("organizations").describe_organization()["Organization"]["FeatureSet"])


def test_without_invited_members_the_management_account_finalizes_at_once(billing: Aws) -> None:
    billing.create_account()
    organization_id = billing.client("organizations").describe_organization()["Organization"]["Id"]

    handshake = begin(billing)
    before = feature_set(billing)
    accepted = answer(billing, Principal(), handshake)

    lifetime = handshake["ExpirationTimestamp"] - handshake["RequestedTimestamp"]
    assert handshake["Action"] == "ENABLE_ALL_FEATURES"
    assert handshake["Arn"].endswith(f"{organization_id}/enable_all_features/{handshake['Id']}")
    assert handshake["Parties"] == [{"Id": organization_id, "Type": "ORGANIZATION"}]
    assert handshake["State"] == "OPEN"
    assert lifetime == datetime.timedelta(days=90)
    assert (before, feature_set(billing)) == ("CONSOLIDATED_BILLING", "ALL")
    assert accepted["State"] == "ACCEPTED"


@pytest.mark.parametrize("action", ["ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES"])
def test_every_invited_member_is_asked_and_the_management_account_comes_last(
    aws: Aws, action: str
) -> None:
    aws.reset_organization(
        throttled=False, feature_set="CONSOLIDATED_BILLING", all_features_action=action
    )
    client = aws.client("organizations")
    created = Principal(account_id=aws.create_account()["AccountId"])
    members = [invited(aws, "one"), invited(aws, "two")]

    final = begin(aws)
    children = [asked(aws, who) for who in members]
    listed = client.list_handshakes_for_organization(Filter={"ParentHandshakeId": final["Id"]})
    early = aws.refused("organizations", "AcceptHandshake", HandshakeId=final["Id"])
    answer(aws, members[0], children[0])
    half = state(aws, final)
    answer(aws, members[1], children[1])
    ready = state(aws, final)
    answer(aws, Principal(), final)

    assert (final["Action"], final["State"]) == (action, "REQUESTED")
    assert {child["Action"] for child in children} == {
        "ENABLE_ALL_FEATURES",
        "APPROVE_ALL_FEATURES",
    } - {action}
    assert listed["Handshakes"] == children
    assert [child["Parties"][1] for child in children] == [
        {"Id": who.account_id, "Type": "ACCOUNT"} for who in members
    ]
    assert {"Type": "PARENT_HANDSHAKE", "Value": final["Id"]} in children[0]["Resources"]
    with aws.calling_as(created):
        assert client.list_handshakes_for_account()["Handshakes"] == []
    assert early == ("InvalidHandshakeTransitionException", None)
    assert (half, ready, state(aws, final)) == ("REQUESTED", "OPEN", "ACCEPTED")
    assert feature_set(aws) == "ALL"


@pytest.mark.parametrize("who", ["a member", "the management account"])
def test_only_the_account_that_is_asked_approves(billing: Aws, who: str) -> None:
    member = invited(billing, "one")
    final = begin(billing)
    handshake = asked(billing, member) if who == "the management account" else final

    with billing.calling_as(Principal() if who == "the management account" else member):
        refused = billing.refused("organizations", "AcceptHandshake", HandshakeId=handshake["Id"])

    assert refused == ("AccessDeniedException", None)
    assert feature_set(billing) == "CONSOLIDATED_BILLING"


def test_an_organization_with_all_features_has_them(aws: Aws) -> None:
    refused = aws.refused("organizations", "EnableAllFeatures")

    assert refused == (
        "HandshakeConstraintViolationException",
        "ORGANIZATION_ALREADY_HAS_ALL_FEATURES",
    )


def test_while_pending_it_neither_begins_again_nor_invites(billing: Aws) -> None:
    client = billing.client("organizations")
    final = begin(billing)

    again = billing.refused("organizations", "EnableAllFeatures")
    invitation = billing.refused("organizations", "InviteAccountToOrganization", Target=TARGET)
    client.cancel_handshake(HandshakeId=final["Id"])
    sent = client.invite_account_to_organization(Target=TARGET)["Handshake"]

    code = "HandshakeConstraintViolationException"
    assert again == (code, "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION")
    assert invitation == (code, "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES")
    assert sent["State"] == "OPEN"


def test_a_member_that_declines_holds_it_up(billing: Aws) -> None:
    member = invited(billing, "one")
    final = begin(billing)

    answer(billing, member, asked(billing, member), "DeclineHandshake")

    refused = billing.refused("organizations", "AcceptHandshake", HandshakeId=final["Id"])
    assert state(billing, final) == "REQUESTED"
    assert refused == ("InvalidHandshakeTransitionException", None)


def test_the_management_account_cancels_its_own_handshake_and_does_not_decline_it(
    billing: Aws,
) -> None:
    final = begin(billing)

    refused = billing.refused("organizations", "DeclineHandshake", HandshakeId=final["Id"])
    before = state(billing, final)
    canceled = answer(billing, Principal(), final, "CancelHandshake")

    assert refused == ("AccessDeniedException", None)
    assert before == "OPEN"
    assert canceled["State"] == "CANCELED"


def test_a_member_that_departs_holds_nothing_up(billing: Aws) -> None:
    staying, going = invited(billing, "one"), invited(billing, "two")
    final = begin(billing)
    child = asked(billing, going)
    answer(billing, staying, asked(billing, staying))

    billing.client("organizations").remove_account_from_organization(AccountId=going.account_id)

    assert state(billing, final) == "OPEN"
    with billing.calling_as(going):
        assert state(billing, child) == "CANCELED"


def test_a_member_that_joins_meanwhile_is_asked_too(billing: Aws) -> None:
    client = billing.client("organizations")
    account_id = organizations.create_standalone_account("late@example.com", "Late")
    sent = client.invite_account_to_organization(Target=TARGET)["Handshake"]
    final = begin(billing)
    late = Principal(account_id=account_id)

    answer(billing, late, sent)
    waiting = state(billing, final)
    answer(billing, late, asked(billing, late))

    assert (final["State"], waiting, state(billing, final)) == ("OPEN", "REQUESTED", "OPEN")


@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_a_migration_that_comes_to_nothing_can_begin_again(billing: Aws, how: str) -> None:
    member = invited(billing, "one")
    final = begin(billing)
    child = asked(billing, member)

    if how == "cancelled":
        billing.client("organizations").cancel_handshake(HandshakeId=final["Id"])
    else:
        pass_days(billing.clock, 90.01)

    ended = "CANCELED" if how == "cancelled" else "EXPIRED"
    assert (state(billing, final), state(billing, child)) == (ended, ended)
    with billing.calling_as(member):
        refused = billing.refused("organizations", "AcceptHandshake", HandshakeId=child["Id"])
    assert refused == ("InvalidHandshakeTransitionException", None)
    assert begin(billing)["State"] == "REQUESTED"


def test_with_all_features_policies_can_be_used(billing: Aws) -> None:
    client = billing.client("organizations")
    answer(billing, Principal(), begin(billing))
    root = client.list_roots()["Roots"][0]

    enabled = client.enable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    client.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")

    assert root["PolicyTypes"] == []
    assert enabled["Root"]["PolicyTypes"][0]["Type"] == "SERVICE_CONTROL_POLICY"
