"""The request policy itself: what is a policy, whom it knows, and whose a request's id is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from vending.authorization.request_policy import (
    RequestPolicyInvalid,
    parse_policy,
    schema,
)
from vending.authorization.sender import Sender, opened
from vending.errors.exceptions import RequestNotAllowed

ROOT = Path(__file__).parents[3]
HERE = "111122223333"
PORTAL = Sender(account=HERE, source="portal.example.com", event_id="e-1", sent_at="now")
OPERATORS = Sender(account=HERE, source="account-vending.cli", event_id="e-2", sent_at="now")
STRANGER = Sender(account="999988887777", source="portal.example.com")
BY_HAND = Sender()


def team() -> dict[str, Any]:
    text = (ROOT / "examples/request-policies/team.yaml").read_text()
    policy: dict[str, Any] = yaml.safe_load(text)
    return policy


def event(**changes: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "e-1",
        "detail-type": "AccountRequested",
        "source": "portal.example.com",
        "account": HERE,
        "time": "2026-11-28T12:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"account": {"name": "Sandbox 1"}},
    } | changes


def test_sender_is_what_the_event_says() -> None:
    sender, request = opened(event())

    assert sender == Sender(
        account=HERE,
        source="portal.example.com",
        event_id="e-1",
        sent_at="2026-11-28T12:00:00Z",
    )
    assert request == {"account": {"name": "Sandbox 1"}}
    assert sender.as_record("portal") == {
        "requester": "portal",
        "account": HERE,
        "source": "portal.example.com",
        "eventId": "e-1",
        "sentAt": "2026-11-28T12:00:00Z",
    }


@pytest.mark.parametrize("by_hand", [{"account": {}}, [], "text", None, 7, {"detail": {}}])
def test_input_that_is_no_event_was_started_by_hand(by_hand: Any) -> None:
    sender, request = opened(by_hand)

    assert sender.is_by_hand
    assert request == by_hand


@pytest.mark.parametrize(
    "wrong", [{"account": None}, {"account": {}, "source": 7}, {"source": ["x"], "account": []}]
)
def test_event_without_a_proper_sender_is_nobodys(wrong: dict[str, Any]) -> None:
    sender, _ = opened(event(**wrong))

    assert not sender.is_by_hand
    with pytest.raises(RequestNotAllowed):
        parse_policy(team()).requester_of(sender, here=HERE)


def test_event_inside_of_an_event_is_a_request_of_the_outer_ones_sender() -> None:
    sender, request = opened(event(source="other", detail=event(source="account-vending.cli")))

    assert sender.source == "other"
    assert isinstance(request, dict)
    assert request["detail-type"] == "AccountRequested"


def test_policy_knows_its_senders_by_account_and_source() -> None:
    policy = parse_policy(team())

    assert policy.requester_of(PORTAL, here=HERE)[0] == "portal"
    assert policy.requester_of(OPERATORS, here=HERE) == ("operators", None)
    assert policy.requester_of(BY_HAND, here=HERE) == ("administrator", None)


@pytest.mark.parametrize(
    "sender",
    [
        STRANGER,
        Sender(account=HERE, source="portal.example.com.evil"),
        Sender(account=HERE, source="PORTAL.example.com"),
        Sender(account=HERE, source="*"),
        Sender(account="", source=""),
    ],
)
def test_sender_that_the_policy_does_not_have_is_refused(sender: Sender) -> None:
    policy = parse_policy(team())

    with pytest.raises(RequestNotAllowed, match="no requester of the request policy") as refused:
        policy.requester_of(sender, here=HERE)

    assert policy.remembered({"requestId": "a"}, sender, here=HERE) == ("unknown.a", "unknown")
    assert refused.value.remedy


def test_policy_without_requesters_leaves_only_what_is_started_by_hand() -> None:
    policy = parse_policy({})

    assert policy.requester_of(BY_HAND, here=HERE) == ("administrator", None)
    with pytest.raises(RequestNotAllowed):
        policy.requester_of(PORTAL, here=HERE)


def test_demo_policy_holds_on_the_embedded_aws_alone() -> None:
    policy = parse_policy(yaml.safe_load((ROOT / "request-policy.yaml").read_text()))
    anybody = Sender(account="111111111111", source="whatever")

    approver = Sender(account="111111111111", source="account-vending.approvals")

    assert policy.requester_of(anybody, here="111111111111") == ("laptop", None)
    assert policy.requester_of(approver, here="111111111111")[0] == "approvers"
    with pytest.raises(RequestNotAllowed, match="demo"):
        policy.requester_of(anybody, here=HERE)


@pytest.mark.parametrize(
    ("sender", "written", "own"),
    [
        (PORTAL, "sandbox-1", "portal.sandbox-1"),
        (PORTAL, "portal.sandbox-1", "portal.sandbox-1"),
        (PORTAL, "operators.sandbox-1", None),
        (STRANGER, "sandbox-1", "unknown.sandbox-1"),
        (STRANGER, "portal.sandbox-1", None),
        (OPERATORS, "sandbox-1", "sandbox-1"),
        (OPERATORS, "portal.sandbox-1", "portal.sandbox-1"),
        (BY_HAND, "portal.sandbox-1", "portal.sandbox-1"),
    ],
)
def test_request_id_lives_in_its_requesters_namespace(
    sender: Sender, written: str, own: str | None
) -> None:
    request_id, _ = parse_policy(team()).remembered({"requestId": written}, sender, here=HERE)

    assert request_id == own


def test_discovered_accounts_are_the_stacks_own_request() -> None:
    policy = parse_policy(team())
    source = "account-vending.discovered-accounts"

    own = policy.requester_of(Sender(account=HERE, source=source), here=HERE)

    assert own == ("discovered-accounts", None)
    with pytest.raises(RequestNotAllowed):
        policy.requester_of(Sender(account="999988887777", source=source), here=HERE)


def changed(**changes: Any) -> dict[str, Any]:
    policy = team()
    policy["requesters"]["portal"] |= changes
    return policy


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ([], "it must be an object"),
        ({"requester": {}}, "requester: unknown key; did you mean requesters?"),
        (changed(senders=[]), "senders"),
        (changed(sender=[]), "requesters.portal.sender: unknown key; did you mean senders?"),
        (changed(senders=[{"account": 111122223333, "source": "x"}]), "account: must be text"),
        (changed(senders=[{"account": "1", "source": "x"}]), "account: must be twelve digits"),
        (
            changed(senders=[{"account": HERE, "source": "*"}]),
            "requesters.portal.senders[0].source: * is for a demo policy alone",
        ),
        (changed(senders=[{"account": HERE, "source": "portal.*"}]), "may have no *"),
        (
            changed(senders=[{"account": HERE, "source": "account-vending.cli"}]),
            "is requesters.operators.senders[0] again",
        ),
        (changed(roles=["administrator"]), "requesters.portal.emails: has no effect"),
        (changed(roles=["king"]), "roles"),
        (changed(organizationalUnits=["Workloads"]), "must begin with /"),
        (changed(organizationalUnits=[]), "organizationalUnits: is empty"),
        (changed(emails=[]), "emails: is empty"),
        (changed(ceilings={"perDay": 0}), "perDay"),
        (changed(sources=["stolen"]), "must be one of"),
        ({"requesters": {"administrator": {"senders": []}}}, "senders"),
        ({"requesters": {"Portal": {"senders": []}}}, "Portal"),
    ],
)
def test_mistake_in_the_policy_is_named(raw: Any, problem: str) -> None:
    with pytest.raises(RequestPolicyInvalid) as invalid:
        parse_policy(raw)

    assert any(problem in each for each in invalid.value.problems), invalid.value.problems


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(RequestPolicyInvalid) as invalid:
        parse_policy(changed(emails="x", roles=["king"], sources=["stolen"], extra=1))

    assert len(invalid.value.problems) == 4


def test_schema_has_every_key_with_its_description() -> None:
    requester = schema()["$defs"]["Requester"]["properties"]

    assert set(requester) >= {"senders", "organizationalUnits", "accountIds", "ceilings"}
    described = [key for key, value in requester.items() if "description" in value]
    assert set(requester) - set(described) <= {"senders", "tags", "ceilings"}
