"""From consolidated billing to all features: a handshake that everybody must answer."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import pytest

from embedded.organizations import OrganizationSettings, StandaloneAccount, organization_of
from embedded.organizations.handshakes import Handshakes
from tests.grids import few
from tests.workflow.vending import Vending, eventually

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws

MEMBERS = ("222222222222", "333333333333")
ALL_FEATURES = {"allFeatures": True}
ACTIONS = ("ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES")


@pytest.fixture(params=few(ACTIONS, quick=["ENABLE_ALL_FEATURES"]))
def consolidated(cloud: EmbeddedAws, request: pytest.FixtureRequest) -> Vending:
    """An organization with consolidated billing and two invited members."""
    cloud.renew(
        organization=OrganizationSettings(
            feature_set="CONSOLIDATED_BILLING",
            all_features_action=request.param,
            standalone=tuple(
                StandaloneAccount(id=one, email=f"member-{one}@example.com", name=f"Member {one}")
                for one in MEMBERS
            ),
        )
    )
    vending = Vending(cloud)
    for member in MEMBERS:
        invitation = vending.organizations.invite_account_to_organization(
            Target={"Type": "ACCOUNT", "Id": member}
        )
        as_member(vending, member).accept_handshake(HandshakeId=invitation["Handshake"]["Id"])
    return vending


def as_member(vending: Vending, account_id: str) -> Any:
    """Organizations with the credentials of a member account."""
    credentials = vending.aws.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole",
        RoleSessionName="administrator",
    )["Credentials"]
    return vending.aws.client(
        "organizations",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def asked(vending: Vending, account_id: str) -> str:
    """The handshake about all features that a member has to answer."""

    def open_one() -> str | None:
        listed = as_member(vending, account_id).list_handshakes_for_account()["Handshakes"]
        return next(
            (one["Id"] for one in listed if one["Action"] in ACTIONS and one["State"] == "OPEN"),
            None,
        )

    return str(eventually(open_one))


def feature_set(vending: Vending) -> str:
    return str(vending.organizations.describe_organization()["Organization"]["FeatureSet"])


def handshakes(vending: Vending) -> list[dict[str, Any]]:
    return [
        one
        for one in vending.organizations.list_handshakes_for_organization()["Handshakes"]
        if one["Action"] in ACTIONS
    ]


def test_all_features_come_once_every_invited_member_has_agreed(consolidated: Vending) -> None:
    arn = consolidated.start_setup(ALL_FEATURES | {"policyTypes": ["SERVICE_CONTROL_POLICY"]})
    for member in MEMBERS:
        assert feature_set(consolidated) == "CONSOLIDATED_BILLING"
        as_member(consolidated, member).accept_handshake(HandshakeId=asked(consolidated, member))

    ended = consolidated.finish(arn)

    assert ended.status == "SUCCEEDED", ended
    assert feature_set(consolidated) == "ALL"
    assert "all features" in ended.output["changed"]
    assert {one["State"] for one in handshakes(consolidated)} == {"ACCEPTED"}
    assert consolidated.set_up(ALL_FEATURES).output["alreadyThere"] == ["all features"]


def test_setup_adopts_a_handshake_that_somebody_else_started(consolidated: Vending) -> None:
    consolidated.organizations.enable_all_features()
    arn = consolidated.start_setup(ALL_FEATURES)
    for member in MEMBERS:
        as_member(consolidated, member).accept_handshake(HandshakeId=asked(consolidated, member))

    ended = consolidated.finish(arn)

    assert ended.status == "SUCCEEDED", ended
    assert len(handshakes(consolidated)) == 1 + len(MEMBERS)
    assert consolidated.calls("organizations", "EnableAllFeatures") == 0


def test_setup_says_who_has_not_answered(consolidated: Vending) -> None:
    arn = consolidated.start_setup(ALL_FEATURES)
    as_member(consolidated, MEMBERS[0]).accept_handshake(
        HandshakeId=asked(consolidated, MEMBERS[0])
    )

    def waits_for_one() -> bool:
        outputs = consolidated.outputs_of(arn, "EnableAllFeatures")
        return bool(outputs) and outputs[-1]["waitingFor"] == [MEMBERS[1]]

    assert eventually(waits_for_one)
    assert consolidated.outputs_of(arn, "EnableAllFeatures")[-1]["state"] == "REQUESTED"


def test_decline_ends_the_setup_and_names_the_account(consolidated: Vending) -> None:
    arn = consolidated.start_setup(ALL_FEATURES)
    handshake_id = asked(consolidated, MEMBERS[1])
    as_member(consolidated, MEMBERS[1]).decline_handshake(HandshakeId=handshake_id)

    ended = consolidated.finish(arn)

    assert (ended.status, ended.error) == ("FAILED", "AllFeaturesNotApproved")
    assert ended.cause["reason"] == "DECLINED"
    assert MEMBERS[1] in ended.cause["message"]
    assert MEMBERS[0] not in ended.cause["message"]
    assert "cancel" in ended.cause["remedy"]


def test_decline_of_over_30_days_ago_ends_a_new_setup(consolidated: Vending) -> None:
    consolidated.organizations.enable_all_features()
    organization = organization_of("111111111111")
    assert organization is not None
    as_member(consolidated, MEMBERS[0]).accept_handshake(
        HandshakeId=asked(consolidated, MEMBERS[0])
    )
    as_member(consolidated, MEMBERS[1]).decline_handshake(
        HandshakeId=asked(consolidated, MEMBERS[1])
    )
    for handshake in Handshakes(organization).sent():
        handshake.requested_at -= datetime.timedelta(days=31)
        if handshake.ended_at is not None:
            handshake.ended_at -= datetime.timedelta(days=31)

    ended = consolidated.set_up(ALL_FEATURES)

    (final,) = (one for one in handshakes(consolidated) if one["State"] == "REQUESTED")
    assert (ended.status, ended.error) == ("FAILED", "AllFeaturesNotApproved")
    assert ended.cause["reason"] == "DECLINED"
    assert final["Id"] in ended.cause["remedy"]


def test_cancellation_ends_the_setup_and_the_next_one_asks_anew(consolidated: Vending) -> None:
    arn = consolidated.start_setup(ALL_FEATURES)
    asked(consolidated, MEMBERS[0])
    (final,) = (one for one in handshakes(consolidated) if len(one["Parties"]) == 1)
    consolidated.organizations.cancel_handshake(HandshakeId=final["Id"])

    ended = consolidated.finish(arn)
    again = consolidated.start_setup(ALL_FEATURES)

    assert (ended.error, ended.cause["reason"]) == ("AllFeaturesNotApproved", "CANCELED")
    for member in MEMBERS:
        as_member(consolidated, member).accept_handshake(HandshakeId=asked(consolidated, member))
    assert consolidated.finish(again).status == "SUCCEEDED"


def test_ninety_days_without_an_answer_end_the_setup(consolidated: Vending) -> None:
    arn = consolidated.start_setup(ALL_FEATURES)
    asked(consolidated, MEMBERS[0])
    organization = organization_of("111111111111")
    assert organization is not None
    for handshake in Handshakes(organization).sent():
        handshake.lifetime = datetime.timedelta(0)

    ended = consolidated.finish(arn)

    assert (ended.error, ended.cause["reason"]) == ("AllFeaturesNotApproved", "EXPIRED")
    assert "90 days" in ended.cause["message"]
