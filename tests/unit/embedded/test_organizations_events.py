"""What CloudTrail tells of invitations and of membership, and to whom."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from moto.events.models import events_backends

from embedded.core.principal import Principal
from embedded.organizations.settings import STANDALONE
from tests.unit.embedded.live_aws import Aws, eventually
from tests.unit.embedded.time_travel import pass_days

GUEST = Principal(account_id=STANDALONE.id, arn=f"arn:aws:iam::{STANDALONE.id}:root")
BY_ID = {"Type": "ACCOUNT", "Id": STANDALONE.id}
BY_EMAIL = {"Type": "EMAIL", "Id": STANDALONE.email}


def invite(aws: Aws, target: dict[str, str], **request: Any) -> Any:
    client = aws.client("organizations")
    return client.invite_account_to_organization(Target=target, **request)["Handshake"]


def accept(aws: Aws, handshake: Any) -> None:
    with aws.calling_as(GUEST):
        aws.client("organizations").accept_handshake(HandshakeId=handshake["Id"])


class Bus:
    """What was put on an account's default bus."""

    def __init__(self) -> None:
        self.entries: list[Any] = []

    @property
    def seen(self) -> list[Any]:
        return [
            {"detail-type": one["DetailType"], "detail": json.loads(one["Detail"])}
            for one in list(self.entries)
        ]

    def event(self, name: str) -> Any:
        return eventually(
            lambda: next((e for e in self.seen if e["detail"]["eventName"] == name), None)
        )


def listen(monkeypatch: pytest.MonkeyPatch, account_id: str) -> Bus:
    bus = Bus()
    backend = events_backends[account_id]["us-east-1"]
    monkeypatch.setattr(backend, "put_events", bus.entries.extend)
    return bus


@pytest.fixture
def bus(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Bus:
    return listen(monkeypatch, "111111111111")


def test_the_management_account_gets_an_event_of_invitation_and_arrival(aws: Aws, bus: Bus) -> None:
    handshake = invite(aws, BY_EMAIL, Notes="secret", Tags=[{"Key": "a", "Value": "b"}])
    accept(aws, handshake)

    invited, joined = (
        bus.event("InviteAccountToOrganization"),
        bus.event("AccountJoinedOrganization"),
    )

    invitation = invited["detail"]["responseElements"]["handshake"]
    assert invited["detail-type"] == "AWS API Call via CloudTrail"
    assert invited["detail"]["requestParameters"] == {
        "target": {"type": "EMAIL", "id": "****"},
        "tags": [{"key": "a", "value": "b"}],
        "notes": "****",
    }
    assert (invitation["id"], invitation["state"], invitation["action"]) == (
        handshake["Id"],
        "OPEN",
        "invite",
    )
    assert "secret" not in json.dumps(invited)
    assert "xample" not in json.dumps(invited)
    assert joined["detail-type"] == "AWS Service Event via CloudTrail"
    assert joined["detail"]["recipientAccountId"] == "111111111111"
    details = joined["detail"]["serviceEventDetails"]
    assert (details["accountId"], details["joinedMethod"]) == (STANDALONE.id, "INVITED")
    assert set(details) == {"accountId", "joinedMethod", "joinedTime"}
    # The answer is a call of the other account, and reported there.
    assert all(one["detail"]["eventName"] != "AcceptHandshake" for one in bus.seen)


def test_a_created_account_is_reported_twice(aws: Aws, bus: Bus) -> None:
    account_id = aws.create_account()["AccountId"]

    result, joined = bus.event("CreateAccountResult"), bus.event("AccountJoinedOrganization")

    status = result["detail"]["serviceEventDetails"]["createAccountStatus"]
    details = joined["detail"]["serviceEventDetails"]
    assert status["accountId"] == details["accountId"] == account_id
    assert details["joinedMethod"] == "Created"


@pytest.mark.parametrize("by", ["RemoveAccountFromOrganization", "LeaveOrganization"])
def test_the_management_account_gets_an_event_of_a_departure(aws: Aws, bus: Bus, by: str) -> None:
    accept(aws, invite(aws, BY_ID))
    client = aws.client("organizations")

    if by == "LeaveOrganization":
        with aws.calling_as(GUEST):
            client.leave_organization()
    else:
        client.remove_account_from_organization(AccountId=STANDALONE.id)

    details = bus.event("AccountDepartedOrganization")["detail"]["serviceEventDetails"]
    method = "LEFT" if by == "LeaveOrganization" else "REMOVED"
    assert (details["accountId"], details["departureMethod"]) == (STANDALONE.id, method)


def test_the_management_account_gets_an_event_when_a_closed_account_is_gone(
    aws: Aws, bus: Bus
) -> None:
    account_id = aws.create_account()["AccountId"]
    aws.close_account(account_id)

    pass_days(aws.clock, 100)
    aws.client("organizations").list_accounts()

    detail = bus.event("AccountDepartedOrganization")["detail"]
    details = detail["serviceEventDetails"]
    assert (details["accountId"], details["departureMethod"]) == (account_id, "CLEANED")
    # It tells when the account was gone, not when somebody looked.
    assert detail["eventTime"] < f"{aws.clock.datetime() - datetime.timedelta(days=9):%Y-%m-%d}"


@pytest.mark.parametrize(
    ("operation", "state"), [("AcceptHandshake", "ACCEPTED"), ("DeclineHandshake", "DECLINED")]
)
def test_an_answer_is_reported_in_the_answering_account(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, operation: str, state: str
) -> None:
    theirs = listen(monkeypatch, STANDALONE.id)
    handshake = invite(aws, BY_ID)

    with aws.calling_as(GUEST):
        aws.client("organizations")._make_api_call(operation, {"HandshakeId": handshake["Id"]})

    detail = theirs.event(operation)["detail"]
    (entry,) = theirs.entries
    assert entry["Source"] == "aws.organizations"
    assert detail["userIdentity"]["accountId"] == STANDALONE.id
    assert detail["requestParameters"] == {"handshakeId": handshake["Id"]}
    assert detail["responseElements"]["handshake"]["state"] == state
