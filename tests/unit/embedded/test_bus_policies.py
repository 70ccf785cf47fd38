"""The resource policy of a bus: what it denies to everybody, and what it lets others do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from embedded import ACCOUNT_ID, REGION, eventbridge
from embedded.organizations.settings import STANDALONE
from tests.event_queues import queue_of_rule
from tests.unit.embedded.accounts_server import NOBODY, Accounts, Keys, accounts, refusal, trusting

BUS = f"arn:aws:events:{REGION}:{ACCOUNT_ID}:event-bus/shop"
GUEST = STANDALONE.id
OURS = {"StringEquals": {"events:source": "ours"}}
DENIED = ("AccessDeniedException", 400)


@pytest.fixture
def server() -> Iterator[Accounts]:
    with accounts() as one:
        eventbridge.install()
        one.client("events").create_event_bus(Name="shop")
        yield one


def entry(source: str = "theirs") -> dict[str, str]:
    return {"EventBusName": BUS, "Source": source, "DetailType": "Placed", "Detail": "{}"}


def put(server: Accounts, keys: Keys, *sources: str) -> dict[str, Any]:
    entries = [entry(source) for source in sources or ("theirs",)]
    answer: dict[str, Any] = server.client("events", keys).put_events(Entries=entries)
    return answer


def refused(server: Accounts, keys: Keys, *sources: str) -> tuple[str, int]:
    entries = [entry(source) for source in sources or ("theirs",)]
    return refusal(server.client("events", keys).put_events, Entries=entries)


def say(server: Accounts, effect: str, principal: Any, condition: Any = None) -> None:
    statement = {
        "Sid": f"{effect}{json.dumps(principal)}",
        "Effect": effect,
        "Principal": principal,
        "Action": "events:PutEvents",
        "Resource": BUS,
        **({"Condition": condition} if condition else {}),
    }
    bus = server.client("events").describe_event_bus(Name="shop")
    there = json.loads(bus.get("Policy") or '{"Statement": []}')["Statement"]
    policy = {"Version": "2012-10-17", "Statement": [*there, statement]}
    server.client("events").put_permission(EventBusName="shop", Policy=json.dumps(policy))


def session(server: Accounts, name: str, *allowed: str, keys: Keys = NOBODY) -> tuple[Keys, str]:
    account = ACCOUNT_ID if keys is NOBODY else GUEST
    arn = server.role(name, [trusting({"AWS": account})], *allowed, keys=keys)
    return server.assume(arn, keys), arn


def test_what_a_bus_denies_is_denied_to_administrators_and_to_who_is_granted_it(
    server: Accounts,
) -> None:
    granted, _ = session(server, "Granted", "events:PutEvents")
    excepted, arn = session(server, "Excepted", "events:PutEvents")
    say(server, "Deny", "*", {**OURS, "ArnNotEquals": {"aws:PrincipalArn": [arn]}})

    for keys in (NOBODY, granted):
        assert put(server, keys, "theirs")["FailedEntryCount"] == 0
        assert refused(server, keys, "theirs", "ours") == DENIED
    assert put(server, excepted, "ours")["FailedEntryCount"] == 0


def test_role_needs_its_own_policy_or_the_bus_to_name_it(server: Accounts) -> None:
    named, arn = session(server, "Named")
    other, _ = session(server, "Other")
    say(server, "Allow", {"AWS": [arn]})
    # That the account is named lets nobody in it in: its own policies do.
    say(server, "Allow", {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"})

    assert put(server, named)["FailedEntryCount"] == 0
    assert refused(server, other) == DENIED


def test_another_account_needs_both_policies(server: Accounts) -> None:
    owner = server.owner(GUEST)
    granted, _ = session(server, "Granted", "events:PutEvents", keys=owner)
    ungranted, _ = session(server, "Ungranted", keys=owner)

    before = refused(server, granted)
    say(server, "Allow", {"AWS": f"arn:aws:iam::{GUEST}:root"}, OURS)

    assert before == DENIED
    assert put(server, granted, "ours")["FailedEntryCount"] == 0
    assert refused(server, granted, "theirs") == DENIED
    assert refused(server, ungranted, "ours") == DENIED


def test_organization_lets_its_accounts_in_and_no_others(server: Accounts) -> None:
    organization = server.client("organizations").describe_organization()["Organization"]["Id"]
    member, stranger = server.owner(server.member()), server.owner(GUEST)
    say(server, "Allow", "*", {"StringEquals": {"aws:PrincipalOrgID": organization}})

    assert put(server, member)["FailedEntryCount"] == 0
    assert refused(server, stranger) == DENIED


def test_event_of_another_account_says_which(server: Accounts) -> None:
    events, sqs = server.client("events"), server.client("sqs")
    rule = events.put_rule(
        Name="all", EventBusName="shop", EventPattern=json.dumps({"account": [GUEST]})
    )["RuleArn"]
    url, arn = queue_of_rule(sqs, "heard", rule)
    events.put_targets(Rule="all", EventBusName="shop", Targets=[{"Id": "t", "Arn": arn}])
    say(server, "Allow", {"AWS": f"arn:aws:iam::{GUEST}:root"})

    put(server, NOBODY)
    put(server, server.owner(GUEST))

    assert eventbridge.drain(10)
    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert json.loads(message["Body"])["account"] == GUEST


def test_statement_of_the_same_principal_does_not_take_anothers_place(server: Accounts) -> None:
    events = server.client("events")
    for statement_id in ("one", "two"):
        events.put_permission(
            EventBusName="shop", StatementId=statement_id, Action="events:PutEvents", Principal="*"
        )

    policy = json.loads(events.describe_event_bus(Name="shop")["Policy"])

    assert [each["Sid"] for each in policy["Statement"]] == ["one", "two"]
