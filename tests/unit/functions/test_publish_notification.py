"""Notifications: whom they name, what they say, and that no email address is in them."""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest

from tests.topics import Reader
from tests.unit.functions.world import World
from vending.aws import clients, event_publisher
from vending.errors.exceptions import OperationRefused
from vending.ledger.rows import RECORD_FIELDS
from vending.notifications.messages import NOTIFIED, Message, message_of

MAIL, CHAT = "arn:aws:sns:us-east-1:111111111111:mail", "arn:aws:sns:us-east-1:111111111111:chat"
RECORD = dict.fromkeys(RECORD_FIELDS) | {
    "requestId": "portal.sandbox-1",
    "state": "VENDED",
    "accountName": "Sandbox 1",
    "accountId": "444455556666",
    "requestedBy": "team-a",
    "sender": {"requester": "portal"},
}
ERROR = {
    "code": "AccountCreationFailed",
    "reason": "EMAIL_ALREADY_EXISTS",
    "message": "An account with this email address exists.",
    "remedy": "Choose another account.email.",
    "owner": "requester",
}
"""Of a record that failed."""


APPROVAL: dict[str, Any] = {
    "needs": [{"rule": "production", "approvals": 2, "by": ["reviewers", "security"]}],
    "required": 2,
    "rules": ["production"],
    "by": ["reviewers", "security"],
    "expiresAt": "2027-01-29T08:00:00.000Z",
    "decisions": [],
}
DECISION = {"by": "ann", "requester": "reviewers", "person": "ann", "reason": "agreed"}
APPROVED, REJECTED = (
    {"outcome": outcome, "decisions": [DECISION | {"decision": outcome}]}
    for outcome in ("APPROVED", "REJECTED")
)

REFUSED_DECISION: dict[str, Any] = {
    "accountName": None,
    "decision": "approve",
    "sender": {"account": "111122223333", "source": "form", "eventId": "event-1"},
    "error": ERROR | {"code": "RequestNotAllowed", "reason": None},
}


def message(detail_type: str, **changes: Any) -> Message:
    found = message_of(detail_type, RECORD | changes)
    assert found is not None
    return found


def test_request_that_waits_for_approval_is_told_of_once() -> None:
    record = RECORD | {"state": "REQUESTED", "approval": APPROVAL}

    assert message_of("AccountVendingStateChanged", record) is None


@pytest.mark.parametrize(
    ("detail_type", "changes", "title", "expected"),
    [
        ("AccountVendingStateChanged", {"state": "REQUESTED"}, "Account requested", "requested."),
        (
            "AccountVendingStateChanged",
            {"state": "INVITED", "nextSteps": ["Accept the handshake h-1."]},
            "Account invited",
            "What to do: Accept the handshake h-1.",
        ),
        (
            "AccountVendingStateChanged",
            {"state": "AWAITING_APPROVAL", "approval": APPROVAL},
            "Account awaiting approval",
            "reviewers or security: decide until 2027-01-29T08:00:00.000Z, with `vend approve",
        ),
        (
            "AccountVendingStateChanged",
            {"state": "AWAITING_APPROVAL", "approval": APPROVAL},
            "Account awaiting approval",
            "needs 2 approvals by reviewers or security (production).",
        ),
        (
            "AccountVendingStateChanged",
            {"state": "REQUESTED", "approval": APPROVAL | APPROVED},
            "Account approved",
            "approved by ann (agreed)",
        ),
        (
            "AccountVendingFailed",
            {
                "state": "REJECTED",
                "approval": APPROVAL | REJECTED,
                "error": ERROR | {"code": "RejectedByApprover", "reason": None},
            },
            "Account not approved",
            "rejected by ann (agreed)",
        ),
        (
            "AccountVendingFailed",
            {"state": "FAILED", "error": ERROR | {"code": "ApprovalTimedOut", "reason": None}},
            "Account failed",
            "ApprovalTimedOut",
        ),
        (
            "AccountApprovalRefused",
            REFUSED_DECISION | {"accountId": None},
            "Account decision refused",
            "A decision on the request portal.sandbox-1 was refused; it changed nothing.",
        ),
        (
            "AccountApprovalRefused",
            REFUSED_DECISION | {"requestId": None},
            "Account decision refused",
            "on the retirement of the account 444455556666 was refused",
        ),
        (
            "AccountApprovalRefused",
            REFUSED_DECISION | {"requestId": None, "accountId": None, "decision": None},
            "Account decision refused",
            "Sent by: form of 111122223333",
        ),
        (
            "AccountVendingStateChanged",
            {"state": "AWAITING_CODE"},
            "Account awaiting a code",
            "vend confirm",
        ),
        (
            "AccountDrifted",
            {"new": [{"what": "tags", "name": "team", "how": "missing", "expected": "a"}]},
            "Account changed by others",
            "tag team is missing",
        ),
        (
            "AccountDrifted",
            {
                "new": [{"what": "tags", "name": "owner", "how": "changed", "found": "a@b.c"}],
                "repair": True,
            },
            "Account changed by others",
            "What to do: Nothing",
        ),
        ("AccountVended", {"warnings": ["It was moved."]}, "Account vended", "It was moved."),
        ("AccountChanged", {}, "Account changed", "was changed as requested"),
        (
            "AccountVendingFailed",
            {"state": "FAILED", "error": ERROR},
            "Account failed",
            "AccountCreationFailed/EMAIL_ALREADY_EXISTS",
        ),
        (
            "AccountVendingFailed",
            {"state": "REJECTED", "error": ERROR, "accountName": None, "accountId": None},
            "Account rejected: portal.sandbox-1",
            "What to do: Choose another account.email.",
        ),
        (
            "AccountRetiring",
            {"closesAt": "2026-12-13T00:00:00Z"},
            "Account retiring",
            "vend restore",
        ),
        ("AccountRestored", {}, "Account restored", "back where it was"),
        ("AccountClosed", {}, "Account closed", "90 days"),
        (
            "AccountRetirementFailed",
            {"action": "restore", "error": ERROR},
            "Account not restored",
            "could not be restored",
        ),
    ],
)
def test_announcement_is_said_in_words_with_its_next_step(
    detail_type: str, changes: dict[str, Any], title: str, expected: str
) -> None:
    found = message(detail_type, **changes)

    assert found.title.startswith(title)
    assert expected in found.text
    assert "None" not in found.text
    shown = found.as_chat(event_type=detail_type)
    assert (shown["version"], shown["source"]) == ("1.0", "custom")
    assert shown["content"]["title"] == found.title
    assert shown["metadata"]["threadId"] in {"portal.sandbox-1", "444455556666", "event-1"}


def test_every_kind_that_people_are_notified_of_has_its_words() -> None:
    for detail_type, states in NOTIFIED.items():
        for state in states or ("VENDED",):
            awaits = "AWAITING_APPROVAL" in state or "Awaits" in detail_type
            approval = APPROVAL if awaits else None
            record = RECORD | {"state": state, "approval": approval}
            assert message_of(detail_type, record) is not None
    assert message_of(event_publisher.RECONCILED, {}) is None
    assert message_of(event_publisher.STATE_CHANGED, RECORD | {"state": "CREATING"}) is None


@pytest.mark.parametrize(
    "name", ["Zürich\nSubject: forged", "x" * 5_000, "口座", '"quoted" \\ <a>']
)
def test_subject_is_one_line_of_ascii_whatever_the_account_is_called(name: str) -> None:
    found = message("AccountVended", accountName=name)

    assert re.fullmatch(r"[ -~]{1,100}", found.subject)
    assert len(found.text) < 10_000
    assert json.loads(json.dumps(found.as_chat(event_type="AccountVended")))


class Topics:
    """SNS of moto, and what was published there."""

    def __init__(self) -> None:
        sns, sqs = clients.sns(), boto3.client("sqs")
        for arn in (MAIL, CHAT):
            sns.create_topic(Name=arn.rpartition(":")[2])
        self._readers = {arn: Reader(sns=sns, sqs=sqs, topic_arn=arn) for arn in (MAIL, CHAT)}

    def published(self, arn: str) -> list[str]:
        """The text of each message."""
        return self._readers[arn].read()


@pytest.fixture
def topics(world: World, monkeypatch: pytest.MonkeyPatch) -> Topics:
    monkeypatch.setenv("NOTIFICATION_TOPIC_ARN", MAIL)
    monkeypatch.setenv("CHAT_TOPIC_ARN", CHAT)
    return Topics()


def test_announcement_is_published_by_mail_and_in_the_chat(world: World, topics: Topics) -> None:
    event = {"detail-type": "AccountVended", "detail": RECORD, "source": "account-vending"}

    result = world.call("PublishNotification", **event)

    assert result == {"published": ["mail", "chat"]}
    (text,) = topics.published(MAIL)
    subjects = [one.get("Subject") for name, one in world.calls if name == "sns:Publish"]
    assert subjects == ["Account vended: Sandbox 1", None]
    assert "team-a (portal)" in text
    (shown,) = topics.published(CHAT)
    assert json.loads(shown)["metadata"]["eventType"] == "AccountVended"


@pytest.mark.parametrize(
    ("detail_type", "record", "of"),
    [
        ("AccountVended", RECORD, ["portal"]),
        ("AccountVended", RECORD | {"sender": {"requester": "other"}}, ["other"]),
        ("AccountDrifted", RECORD | {"sender": None, "new": []}, ["portal"]),
        ("AccountVended", RECORD | {"sender": None, "requestId": "by-hand"}, []),
        ("AccountClosed", {"accountId": "444455556666"}, []),
    ],
)
def test_mail_is_of_the_requester_whose_request_it_is_about(
    world: World, topics: Topics, detail_type: str, record: dict[str, Any], of: list[str]
) -> None:
    readers = {
        name: Reader(sns=clients.sns(), sqs=boto3.client("sqs"), topic_arn=MAIL, requester=name)
        for name in ("portal", "other")
    }

    world.call("PublishNotification", **{"detail-type": detail_type, "detail": record})

    assert [name for name, reader in readers.items() if reader.read()] == of
    assert len(topics.published(MAIL)) == 1


def test_without_a_topic_of_its_kind_nothing_is_published_there(
    world: World, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFICATION_TOPIC_ARN")

    result = world.call("PublishNotification", **{"detail-type": "AccountClosed", "detail": RECORD})

    assert result == {"published": ["chat"]}
    assert topics.published(MAIL) == []


def test_topic_that_is_gone_is_an_error_that_says_what_to_do(
    world: World, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFICATION_TOPIC_ARN", MAIL + "-gone")

    with pytest.raises(OperationRefused, match="topic of the notifications") as refused:
        world.call("PublishNotification", **{"detail-type": "AccountVended", "detail": RECORD})

    assert "vend redrive" in str(refused.value.remedy)
