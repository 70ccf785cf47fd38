"""The bus: requesters by the documented policy, other accounts, and announcements nobody forges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embedded import ACCOUNT_ID
from tests.abuse.harmful_calls import entry
from tests.workflow.invitations import INVITED
from tests.workflow.vending import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.abuse.target import Target

SOURCE = "form.example.com"
DEPLOY = Path(__file__).parents[2] / "docs" / "deploy.md"


@pytest.fixture(autouse=True)
def _renewed(target: Target) -> Iterator[None]:
    """What a request changes is how things are for the tests that follow."""
    yield
    target.before = target.snapshot()


@pytest.fixture(scope="module")
def requester(target: Target) -> Any:
    """EventBridge, as a principal has it who has the documented policy and nothing else."""
    section = DEPLOY.read_text().partition("### Requesters")[2]
    policy = section.partition("```json")[2].partition("```")[0]
    filled = policy.replace("<account id>", ACCOUNT_ID).replace("<the requester's source>", SOURCE)
    return target.holder("Requester", json.loads(filled))


def executions(target: Target) -> int:
    listed = target.aws.client("stepfunctions").list_executions(
        stateMachineArn=target.aws.outputs["StateMachineArn"]
    )["executions"]
    return len([one for one in listed if one["status"] != "RUNNING"])


def rejected(target: Target, client: Any, source: str) -> bool:
    """Whether a request that says nothing starts an execution, which then rejects it."""
    before = executions(target)
    answer = client.put_events(**entry(target.bus, source, "AccountRequested"))
    assert answer["FailedEntryCount"] == 0
    return bool(eventually(lambda: executions(target) > before))


def test_requester_with_the_documented_policy_requests(target: Target, requester: Any) -> None:
    assert rejected(target, requester("events"), SOURCE)


def test_requester_with_the_documented_policy_can_do_nothing_else(
    target: Target, requester: Any
) -> None:
    allowed = entry(target.bus, SOURCE, "AccountRequested")["Entries"]
    harmful = [
        entry(target.bus, "another.example.com", "AccountRequested"),
        entry(target.bus, SOURCE, "AccountVended"),
        entry(target.bus, "account-vending", "AccountVended"),
        entry(target.bus, "account-vending", "AccountRequested"),
        entry("default", SOURCE, "AccountRequested"),
    ]

    for request in harmful:
        hidden = {"Entries": [*allowed, *request["Entries"]]}
        calls = {"put_events": [request, hidden]}
        assert target.succeeding(requester("events"), calls) == []
    machine = target.aws.outputs["StateMachineArn"]
    for service, calls in {
        "stepfunctions": {"start_execution": [{"stateMachineArn": machine}]},
        "dynamodb": {"scan": [{"TableName": target.table}]},
        "organizations": {"close_account": [{"AccountId": target.member}]},
    }.items():
        assert target.succeeding(requester(service), calls) == []


@pytest.mark.parametrize(
    "detail_type", ["AccountVended", "AccountVendingFailed", "AccountRequested", "Anything"]
)
def test_administrator_cannot_forge_what_this_system_announces(
    target: Target, detail_type: str
) -> None:
    forged = entry(target.bus, "account-vending", detail_type)

    assert target.succeeding(target.aws.client("events"), {"put_events": [forged]}) == []


def test_administrator_cannot_pass_for_cloudformation(target: Target) -> None:
    forged = entry(target.bus, "account-vending.cloudformation", "AccountRequested")

    assert target.succeeding(target.aws.client("events"), {"put_events": [forged]}) == []


def test_function_that_announces_puts_its_announcements(target: Target) -> None:
    announced = entry(target.bus, "account-vending", "AccountVended")

    answer = target.stolen("RecordVended", "events").put_events(**announced)

    assert answer["FailedEntryCount"] == 0


def test_account_of_the_settings_requests_and_announces_nothing(target: Target) -> None:
    theirs = target.owner(INVITED, "events")
    harmful = [
        entry(target.bus, "account-vending", "AccountRequested"),
        entry(target.bus, "account-vending", "AccountVended"),
        entry(target.bus, SOURCE, "AccountVended"),
    ]

    assert target.succeeding(theirs, {"put_events": harmful}) == []
    assert rejected(target, theirs, SOURCE)


def test_other_accounts_put_nothing_on_the_bus(target: Target) -> None:
    theirs = target.owner(target.member, "events")
    request = entry(target.bus, SOURCE, "AccountRequested")

    assert target.succeeding(theirs, {"put_events": [request]}) == []
