from __future__ import annotations

import datetime
import json
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.core.principal import Principal
from embedded.eventbridge import cloudtrail
from embedded.organizations.creation import Creation
from tests.event_queues import queue_of_rule
from tests.unit.embedded.live_aws import Aws, CreationFault, eventually

REAL: dict[str, Any] = json.loads(
    Path(__file__).with_name("create_account_result.event.json").read_text()
)
"""An event as AWS delivered it."""


class Bus:
    """The default bus, seen through a rule and a queue."""

    def __init__(self, aws: Aws, queue_url: str) -> None:
        self._aws = aws
        self._queue_url = queue_url
        self._seen: list[dict[str, Any]] = []

    def seen(self) -> list[dict[str, Any]]:
        """All events that came and that `event` has not returned."""
        answer = self._aws.client("sqs").receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10
        )
        self._seen += [json.loads(message["Body"]) for message in answer.get("Messages", [])]
        return self._seen

    def event(self, name: str) -> dict[str, Any]:
        """The next event of that eventName."""

        def look() -> Any:
            return next((e for e in self.seen() if e["detail"]["eventName"] == name), None)

        found: dict[str, Any] = eventually(look)
        self._seen.remove(found)
        return found


@pytest.fixture
def bus(aws: Aws) -> Iterator[Bus]:
    name = f"seen-{uuid.uuid4().hex}"
    events, sqs = aws.client("events"), aws.client("sqs")
    pattern = json.dumps({"source": ["aws.organizations"]})
    rule = events.put_rule(Name=name, EventPattern=pattern)
    queue_url, arn = queue_of_rule(sqs, name, rule["RuleArn"])
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    yield Bus(aws, queue_url)
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
    sqs.delete_queue(QueueUrl=queue_url)


def keys(value: Any) -> Any:
    """The structure of an event without its values."""
    return {name: keys(inner) for name, inner in value.items()} if isinstance(value, dict) else None


def test_create_account_result_of_a_success_has_the_form_of_a_real_one(aws: Aws, bus: Bus) -> None:
    status = aws.create_account(Email="secret@example.com", AccountName="Secret")

    event = bus.event("CreateAccountResult")

    result = event["detail"]["serviceEventDetails"]["createAccountStatus"]
    constant = ["eventVersion", "eventSource", "awsRegion", "sourceIPAddress", "userAgent"]
    constant += ["requestParameters", "responseElements", "readOnly", "eventType"]
    constant += ["managementEvent", "eventCategory"]
    # moto's queue target leaves the account out and lets its own ingestion time in.
    assert set(event) ^ set(REAL) <= {"account", "ingestion-time"}
    assert keys(event["detail"]) == keys(REAL["detail"])
    assert list(result) == list(REAL["detail"]["serviceEventDetails"]["createAccountStatus"])
    assert {n: event["detail"][n] for n in constant} == {n: REAL["detail"][n] for n in constant}
    assert (event["source"], event["detail-type"], event["resources"]) == (
        REAL["source"],
        REAL["detail-type"],
        [],
    )
    assert event["detail"]["recipientAccountId"] == "111111111111"
    assert event["detail"]["userIdentity"] == {
        "accountId": "111111111111",
        "invokedBy": "AWS Internal",
    }
    assert (result["id"], result["accountId"]) == (status["Id"], status["AccountId"])
    assert (result["state"], result["accountName"]) == ("SUCCEEDED", "****")
    for name in ("requestedTimestamp", "completedTimestamp"):
        assert re.fullmatch(r"[A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M", result[name])
    assert "ecret" not in json.dumps(event)


def test_create_account_result_of_a_failure_shows_the_reason_and_no_account(
    aws: Aws, bus: Bus
) -> None:
    aws.faults.planned = [CreationFault(failure_reason="EMAIL_ALREADY_EXISTS")]
    status = aws.create_account()

    event = bus.event("CreateAccountResult")

    result = event["detail"]["serviceEventDetails"]["createAccountStatus"]
    assert (result["id"], result["state"]) == (status["Id"], "FAILED")
    assert result["failureReason"] == "EMAIL_ALREADY_EXISTS"
    assert "accountId" not in result


def test_create_account_is_an_api_call_with_email_and_name_masked(aws: Aws, bus: Bus) -> None:
    role = Principal(
        arn="arn:aws:sts::111111111111:assumed-role/Vending/session",
        role_name="Vending",
        session_name="session",
    )
    with aws.calling_as(role):
        status = aws.create_account(
            Email="secret@example.com",
            AccountName="Secret",
            RoleName="Admin",
            Tags=[{"Key": "a", "Value": "b"}],
        )

    event = bus.event("CreateAccount")

    detail = event["detail"]
    assert (event["detail-type"], detail["eventType"]) == (
        "AWS API Call via CloudTrail",
        "AwsApiCall",
    )
    assert detail["userIdentity"]["type"] == "AssumedRole"
    assert detail["requestParameters"] == {
        "email": "****",
        "accountName": "****",
        "roleName": "Admin",
        "tags": [{"key": "a", "value": "b"}],
    }
    answered = detail["responseElements"]["createAccountStatus"]
    assert (answered["id"], answered["state"]) == (status["Id"], "IN_PROGRESS")
    assert "completedTimestamp" not in answered
    assert "ecret" not in json.dumps(event).replace("secret-", "")


def test_calls_that_change_the_organization_are_reported_in_camel_case(aws: Aws, bus: Bus) -> None:
    client = aws.client("organizations")
    root = client.list_roots()["Roots"][0]["Id"]
    account = aws.create_account()["AccountId"]

    unit = client.create_organizational_unit(ParentId=root, Name="A")["OrganizationalUnit"]
    move = {"SourceParentId": root, "DestinationParentId": unit["Id"]}
    client.move_account(AccountId=account, **move)
    client.tag_resource(ResourceId=account, Tags=[{"Key": "a", "Value": "b"}])
    client.close_account(AccountId=account)

    made, moved, tagged, closed = (
        bus.event(name)["detail"]
        for name in ("CreateOrganizationalUnit", "MoveAccount", "TagResource", "CloseAccount")
    )
    assert made["requestParameters"] == {"parentId": root, "name": "A"}
    assert made["responseElements"]["organizationalUnit"]["id"] == unit["Id"]
    assert moved["requestParameters"] == {
        "accountId": account,
        "sourceParentId": root,
        "destinationParentId": unit["Id"],
    }
    assert tagged["requestParameters"]["tags"] == [{"key": "a", "value": "b"}]
    assert closed["requestParameters"] == {"accountId": account}
    for detail in (moved, tagged, closed):
        assert detail["responseElements"] is None
        assert (detail["eventType"], detail["readOnly"]) == ("AwsApiCall", False)


def test_a_founded_organization_is_reported_without_its_email(aws: Aws, bus: Bus) -> None:
    client = aws.client("organizations")
    client.delete_organization()
    client.create_organization()

    deleted, founded = bus.event("DeleteOrganization"), bus.event("CreateOrganization")

    organization = founded["detail"]["responseElements"]["organization"]
    assert (organization["masterAccountId"], organization["masterAccountEmail"]) == (
        "111111111111",
        "****",
    )
    assert deleted["detail"]["requestParameters"] is None


def test_reads_and_refused_calls_are_no_events(aws: Aws, bus: Bus) -> None:
    client = aws.client("organizations")
    client.list_accounts()
    client.describe_organization()
    aws.refused("organizations", "CloseAccount", AccountId="111111111111")
    client.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")

    bus.event("EnableAWSServiceAccess")

    assert bus.seen() == []


def test_close_account_result_shows_how_a_closure_ended(aws: Aws, bus: Bus) -> None:
    account_id = aws.create_account()["AccountId"]
    aws.close_account(account_id)

    event = bus.event("CloseAccountResult")

    status = event["detail"]["serviceEventDetails"]["closeAccountStatus"]
    assert event["detail-type"] == "AWS Service Event via CloudTrail"
    assert (status["accountId"], status["state"]) == (account_id, "SUCCEEDED")
    assert set(status) == {"accountId", "state", "requestedTimestamp", "completedTimestamp"}


def test_an_event_is_awaited_where_an_enabled_rule_matches_it(aws: Aws, bus: Bus) -> None:
    def event(principal: Principal) -> cloudtrail.Event:
        at = aws.clock.datetime()
        return cloudtrail.other_call(principal, "MoveAccount", {}, None, at, "us-east-1")

    ours, theirs = event(Principal()), event(Principal(account_id="222222222222"))
    (rule,) = aws.client("events").list_rules(NamePrefix="seen-")["Rules"]

    awaited = cloudtrail.is_awaited(ours)
    elsewhere = cloudtrail.is_awaited(theirs)
    aws.client("events").disable_rule(Name=rule["Name"])

    assert awaited
    assert not elsewhere
    assert not cloudtrail.is_awaited(ours)


def test_a_refused_create_account_is_no_event(aws: Aws, bus: Bus) -> None:
    aws.refused("organizations", "CreateAccount", Email="no", AccountName="A")
    status = aws.create_account()

    event = bus.event("CreateAccount")

    assert event["detail"]["responseElements"]["createAccountStatus"]["id"] == status["Id"]


def test_events_of_an_earlier_organization_do_not_come(aws: Aws, bus: Bus) -> None:
    aws.reset_organization(throttled=False, creation_seconds=10, event_seconds=10)
    aws.client("organizations").create_account(Email="old@example.com", AccountName="Old")

    aws.reset_organization(throttled=False)
    status = aws.create_account()
    names = ("CreateAccount", "CreateAccountResult", "AccountJoinedOrganization")
    events = [bus.event(name) for name in names]
    time.sleep(aws.clock.real(20))

    ended = events[1]["detail"]["serviceEventDetails"]["createAccountStatus"]["id"]
    assert ended == status["Id"]
    assert bus.seen() == []


def test_an_event_that_a_target_cannot_take_harms_no_creation(aws: Aws, bus: Bus) -> None:
    events = aws.client("events")
    arn = "arn:aws:kinesis:us-east-1:111111111111:stream/none"
    events.put_rule(Name="broken", EventPattern=json.dumps({"source": ["aws.organizations"]}))
    events.put_targets(Rule="broken", Targets=[{"Id": "none", "Arn": arn}])

    status = aws.create_account()

    event = bus.event("CreateAccountResult")
    events.remove_targets(Rule="broken", Ids=["none"])
    events.delete_rule(Name="broken")
    assert event["detail"]["serviceEventDetails"]["createAccountStatus"]["id"] == status["Id"]


@pytest.mark.parametrize(
    ("principal", "identity"),
    [
        pytest.param(
            Principal(),
            {
                "type": "Root",
                "principalId": "111111111111",
                "arn": "arn:aws:iam::111111111111:root",
                "accountId": "111111111111",
            },
            id="root",
        ),
        pytest.param(
            Principal(arn="arn:aws:iam::111111111111:user/team/ada"),
            {
                "type": "IAMUser",
                "principalId": "AIDATEAMADAXXXXXXXXXX",
                "arn": "arn:aws:iam::111111111111:user/team/ada",
                "accountId": "111111111111",
                "userName": "ada",
            },
            id="user",
        ),
        pytest.param(
            Principal(
                arn="arn:aws:sts::111111111111:assumed-role/Vending/s",
                role_name="Vending",
                session_name="s",
            ),
            {
                "type": "AssumedRole",
                "principalId": "AROAVENDINGXXXXXXXXXX:s",
                "arn": "arn:aws:sts::111111111111:assumed-role/Vending/s",
                "accountId": "111111111111",
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role",
                        "principalId": "AROAVENDINGXXXXXXXXXX",
                        "arn": "arn:aws:iam::111111111111:role/Vending",
                        "accountId": "111111111111",
                        "userName": "Vending",
                    },
                    "attributes": {
                        "creationDate": "2026-03-04T05:06:07Z",
                        "mfaAuthenticated": "false",
                    },
                },
            },
            id="role",
        ),
        pytest.param(
            Principal(
                partition="aws-us-gov",
                arn="arn:aws-us-gov:sts::111111111111:assumed-role/Vending/s",
                role_name="Vending",
                session_name="s",
            ),
            {
                "type": "AssumedRole",
                "principalId": "AROAVENDINGXXXXXXXXXX:s",
                "arn": "arn:aws-us-gov:sts::111111111111:assumed-role/Vending/s",
                "accountId": "111111111111",
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role",
                        "principalId": "AROAVENDINGXXXXXXXXXX",
                        "arn": "arn:aws-us-gov:iam::111111111111:role/Vending",
                        "accountId": "111111111111",
                        "userName": "Vending",
                    },
                    "attributes": {
                        "creationDate": "2026-03-04T05:06:07Z",
                        "mfaAuthenticated": "false",
                    },
                },
            },
            id="role in GovCloud",
        ),
    ],
)
def test_user_identity_differs_by_kind_of_caller(
    principal: Principal, identity: dict[str, Any]
) -> None:
    at = datetime.datetime(2026, 3, 4, 5, 6, 7, tzinfo=datetime.UTC)

    assert cloudtrail.user_identity(principal, at) == identity


@pytest.mark.parametrize(
    ("hour", "spoken"),
    [
        (0, "May 5, 2023 12:06:07 AM"),
        (8, "May 5, 2023 8:06:07 AM"),
        (12, "May 5, 2023 12:06:07 PM"),
        (23, "May 5, 2023 11:06:07 PM"),
    ],
)
def test_times_in_a_status_are_spoken(hour: int, spoken: str) -> None:
    at = datetime.datetime(2023, 5, 5, hour, 6, 7, tzinfo=datetime.UTC)
    creation = Creation(
        id="car-1",
        name="A",
        email="a@example.com",
        role_name="R",
        tags={},
        requested_at=at,
        completed_at=at,
    )

    event = cloudtrail.create_account_result("111111111111", creation.describe())

    status = event.detail["serviceEventDetails"]["createAccountStatus"]
    assert status["requestedTimestamp"] == spoken
