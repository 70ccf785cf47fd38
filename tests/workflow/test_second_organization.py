"""An account of another organization moves here by an invitation, and leaves all there behind."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from cli.commands import local
from embedded.organizations import (
    OrganizationSettings,
    organization_of,
    owner_credentials,
    second_organization,
)
from tests.builders import a_request
from tests.workflow.vending import Vending, eventually

if TYPE_CHECKING:
    from tests.workflow.command import Command

MEMBER, MANAGER = second_organization.MEMBER.id, second_organization.MANAGER.id


@pytest.fixture
def moving(vending: Vending) -> Vending:
    """Beside this organization there is another one, whose account is to be invited."""
    vending.aws.renew(organization=OrganizationSettings(second_organization=True))
    return vending


def as_account(vending: Vending, account_id: str) -> Any:
    keys = owner_credentials(account_id)
    return vending.aws.client(
        "organizations",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
    )


def a_document(**changes: Any) -> dict[str, Any]:
    return a_request(source="invited", account={"accountId": MEMBER}, **changes)


def accept(vending: Vending) -> None:
    owner = as_account(vending, MEMBER)
    handshakes = owner.list_handshakes_for_account()["Handshakes"]
    (handshake,) = (one for one in handshakes if one["State"] == "OPEN")
    owner.accept_handshake(HandshakeId=handshake["Id"])


def test_account_of_another_organization_moves_here_and_keeps_nothing_of_it(
    moving: Vending,
) -> None:
    theirs = as_account(moving, MANAGER)
    before = theirs.list_tags_for_resource(ResourceId=MEMBER)["Tags"]
    assert {one["Key"]: one["Value"] for one in before} == second_organization.TAGS
    document = a_document(tags={"ours": "1"})

    execution = moving.start(document)
    eventually(lambda: moving.waits(document["requestId"]))
    assert MEMBER in {one["Id"] for one in theirs.list_accounts()["Accounts"]}
    accept(moving)
    ended = moving.finish(execution)

    assert ended.status == "SUCCEEDED", ended
    assert MEMBER not in {one["Id"] for one in theirs.list_accounts()["Accounts"]}
    assert moving.path(MEMBER) == document["organizationalUnit"]
    assert moving.tags(MEMBER) == {
        "ours": "1",
        "account-vending:request-id": document["requestId"],
    }
    assert moving.policies(MEMBER) == {"FullAWSAccess"}
    here = organization_of(MEMBER)
    assert here is not None
    assert here.account_id == "111111111111"


def test_plan_lists_what_an_account_loses_that_moves_here(
    moving: Vending, vend: Command, tmp_path: Any
) -> None:
    assert moving.aws.outputs
    file = tmp_path / "moved.yaml"
    file.write_text(
        f"source: invited\naccount: {{accountId: '{MEMBER}'}}\norganizationalUnit: /Moved\n"
        "tags: {ours: '1'}\n"
    )

    plan = vend("plan", str(file), "--json").json

    assert plan["problems"] == []
    assert f"invitation of {MEMBER}" in plan["changes"]
    lost = [one for one in plan["warnings"] if one.startswith("If it moves from another")]
    assert [any(word in one for one in lost) for word in ("unit", "policies", "tags")] == [True] * 3
    assert any("assignments of IAM Identity Center" in one for one in lost)
    assert any("/Moved" in one for one in lost)
    assert any("the request sets ours" in one for one in lost)


def test_plan_of_a_member_says_nothing_of_a_move(
    moving: Vending, vend: Command, tmp_path: Any
) -> None:
    document = a_document()
    execution = moving.start(document)
    eventually(lambda: moving.waits(document["requestId"]))
    accept(moving)
    moving.finish(execution)
    file = tmp_path / "there.yaml"
    file.write_text(f"source: invited\naccount: {{accountId: '{MEMBER}'}}\n")

    plan = vend("plan", str(file), "--json").json

    assert not [one for one in plan["warnings"] if "moves from another" in one]


def test_management_account_of_another_organization_cannot_be_moved(moving: Vending) -> None:
    document = a_document()
    document["account"] = {"accountId": MANAGER}
    execution = moving.start(document)
    eventually(lambda: moving.waits(document["requestId"]))
    owner = as_account(moving, MANAGER)
    (handshake,) = owner.list_handshakes_for_account()["Handshakes"]

    with pytest.raises(owner.exceptions.MasterCannotLeaveOrganizationException):
        owner.accept_handshake(HandshakeId=handshake["Id"])
    owner.decline_handshake(HandshakeId=handshake["Id"])

    ended = moving.finish(execution)
    assert (ended.status, ended.error) == ("FAILED", "InvitationEnded"), ended


def test_guide_says_how_the_owner_accepts(moving: Vending) -> None:
    guide = local.guide("http://127.0.0.1:5111", moving.aws.outputs, local.guide_to_second())

    exported = dict(
        shlex.split(line)[1].split("=", 1) for line in guide if line.startswith("export AWS_")
    )
    owner = moving.aws.client(
        "sts",
        aws_access_key_id=exported["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=exported["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=exported["AWS_SESSION_TOKEN"],
    )
    assert owner.get_caller_identity()["Account"] == MEMBER
    assert "vend submit examples/requests/invited_from_organization.yaml --no-wait" in guide
    assert guide[-1].startswith("ready ")
