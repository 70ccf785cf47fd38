"""DiscoverAccount: our own accounts are left alone, others' become what the setting says, once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from events.discover_account import CALLS_BY_SETTING, Stranger, record
from tests import samples
from tests.samples import sample
from tests.unit.functions.organization import MANAGEMENT_ACCOUNT_ID
from tests.unit.functions.payloads import EMAIL, REQUEST_ID, REQUEST_ID_TAG, accepted, create
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.aws.clock import timestamp
from vending.errors.exceptions import (
    OperationRefused,
    OutcomeUnknown,
    RequestInvalid,
    ServiceUnavailable,
    Throttled,
)
from vending.ledger.claims import Claims
from vending.reconciliation.account_events import AccountEvent
from vending.requesters import DISCOVERED_ACCOUNTS_SOURCE

SUCCEEDED = "aws.organizations/create_account_result_succeeded"
INVITED = "aws.organizations/account_joined_organization_invited"
ENROLLED = "aws.controltower/update_managed_account_succeeded"
BASELINE = {
    "organizationalUnit": "/Found",
    "tags": {"found": "yes"},
    "rootAccess": ["RootSessions"],
}


@pytest.fixture(autouse=True)
def recording(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCOVERED_ACCOUNTS", "record")


@pytest.fixture
def baselining(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCOVERED_ACCOUNTS", "baseline")
    monkeypatch.setenv("DISCOVERED_ACCOUNT_BASELINE", json.dumps(BASELINE))


def discover(world: World, name: str, account_id: str, **changes: Any) -> dict[str, Any]:
    event = sample(name, account_id=account_id, management_account_id=MANAGEMENT_ACCOUNT_ID)
    result: dict[str, Any] = world.call("DiscoverAccount", **(event | changes))
    return result


def a_stranger(world: World, **more: Any) -> str:
    return world.organization.add_account(email="else@example.com", name="Lab", **more)


@pytest.mark.parametrize("name", samples.TELL_OF_AN_ACCOUNT)
def test_account_made_elsewhere_is_recorded_and_not_touched(world: World, name: str) -> None:
    account_id = a_stranger(world)

    result = discover(world, name, account_id)

    assert result == {"outcome": "RECORDED", "accountId": account_id}
    row = world.row(f"a-{account_id}")
    assert (row["state"], row["source"], row["accountId"]) == ("VENDED", "existing", account_id)
    assert row["accountName"] == "Lab"
    event = sample(name)
    for part in (event["detail"]["eventName"], event["source"], event["id"]):
        assert part in row["requestedBy"]
    assert world.organization.accounts[account_id]["tags"] == {}
    assert world.announced() == []
    assert "executionArn" not in row


def test_request_for_a_recorded_account_is_refused_for_what_aws_would_refuse(world: World) -> None:
    account_id = a_stranger(world)
    discover(world, SUCCEEDED, account_id)
    before = world.row(f"a-{account_id}")
    request = {
        "source": "existing",
        "account": {"accountId": account_id},
        "policies": [{"name": "Missing", "type": "SERVICE_CONTROL_POLICY"}],
    }

    with pytest.raises(RequestInvalid, match="Missing"):
        world.call("AcceptRequest", request=request, executionArn=EXECUTION)

    assert world.row(f"a-{account_id}") == before


@pytest.mark.parametrize("name", samples.TELL_OF_NONE)
def test_event_that_brought_no_account_calls_nothing(world: World, name: str) -> None:
    result = discover(world, name, a_stranger(world))

    assert result == {"outcome": "IGNORED", "accountId": None}
    assert world.calls == []


def test_event_that_says_too_little_is_kept_for_a_person(world: World) -> None:
    with pytest.raises(OperationRefused, match="AccountJoinedOrganization"):
        discover(world, samples.SAY_TOO_LITTLE[0], a_stranger(world))

    assert world.rows() == []


def test_account_of_ours_costs_one_call_of_organizations_alone(world: World) -> None:
    account_id = a_stranger(world, tags={"a": "1", "b": "2", REQUEST_ID_TAG: REQUEST_ID})

    result = discover(world, SUCCEEDED, account_id)

    assert result["outcome"] == "OURS"
    assert {name for name, _ in world.calls} == {"organizations:ListTagsForResource"}
    assert world.rows() == []


@pytest.mark.parametrize("name", [SUCCEEDED, INVITED], ids=["result", "joined"])
@pytest.mark.parametrize("progress", ["creating", "account known", "vended", "failed"])
def test_account_of_ours_whose_tag_does_not_show_yet_is_recognised_by_its_request(
    world: World, name: str, progress: str
) -> None:
    accepted(world)
    creation_id = create(world)["createAccountRequestId"]
    account_id = world.organization.finish()
    assert account_id is not None
    world.organization.accounts[account_id]["tags"].clear()
    ids: dict[str, Any] = {"account_id": account_id}
    if progress != "creating":
        world.ledger.mark_account_created(REQUEST_ID, EXECUTION, **ids, creation_id=creation_id)
    if progress == "vended":
        world.ledger.mark_vended(REQUEST_ID, EXECUTION, **ids, organizational_unit_id=None)
    if progress == "failed":
        world.ledger.mark_failed(REQUEST_ID, EXECUTION, state="FAILED", error={"code": "Throttled"})

    result = discover(world, name, account_id)

    assert result["outcome"] == "OURS"
    assert [row["pk"]["S"] for row in world.rows()] == [f"request#{REQUEST_ID}"]


@pytest.mark.parametrize("passes", [0, 3600])
def test_account_of_a_failed_request_whose_answer_was_lost_is_recognised_by_its_email(
    world: World, passes: float
) -> None:
    accepted(world)
    world.organization.lose_answer("CreateAccount")
    with pytest.raises(OutcomeUnknown):
        create(world)
    world.ledger.mark_failed(REQUEST_ID, EXECUTION, state="FAILED", error={"code": "X"})
    world.later(passes)
    account_id = world.organization.finish()
    assert account_id is not None
    world.organization.accounts[account_id]["tags"].clear()  # they do not show yet

    result = discover(world, SUCCEEDED, account_id, time=timestamp(world.now))

    assert result["outcome"] == "OURS"
    assert [row["pk"]["S"] for row in world.rows()] == [f"request#{REQUEST_ID}"]


def test_account_that_somebody_has_asked_a_baseline_for_is_left_to_that_request(
    world: World,
) -> None:
    account_id = a_stranger(world)
    accepted(
        world,
        {"requestId": "by-hand", "source": "existing", "account": {"accountId": account_id}},
    )

    result = discover(world, SUCCEEDED, account_id)

    assert result["outcome"] == "OURS"


def test_request_that_lost_its_email_to_a_stranger_does_not_hide_the_stranger(world: World) -> None:
    accepted(world)
    world.ledger.mark_failed(REQUEST_ID, EXECUTION, state="FAILED", error={"code": "X"})
    account_id = world.organization.add_account(email=EMAIL)

    result = discover(world, SUCCEEDED, account_id)

    assert result["outcome"] == "RECORDED"


def test_requests_that_ended_long_before_the_event_are_not_read(world: World) -> None:
    accepted(world)
    world.ledger.mark_failed(REQUEST_ID, EXECUTION, state="FAILED", error={"code": "X"})
    later = "2027-02-01T00:00:00Z"

    discover(world, SUCCEEDED, a_stranger(world), time=later)

    # A request that failed while AWS was at its account: that may take hours.
    vended_since, failed_since = [
        values[":v1"]["S"]
        for query in world.called("Query")
        if ":v1" in (values := query["ExpressionAttributeValues"])
    ]
    assert vended_since == "2027-01-31T23:59:00.000Z"
    assert failed_since == "2027-01-31T17:59:00.000Z"


@pytest.mark.parametrize("second", [SUCCEEDED, INVITED, ENROLLED])
def test_second_event_for_an_account_changes_nothing(world: World, second: str) -> None:
    account_id = a_stranger(world)
    discover(world, SUCCEEDED, account_id)
    before = world.rows()
    world.later(600)

    result = discover(world, second, account_id)

    assert result == {"outcome": "KNOWN", "accountId": account_id}
    assert world.rows() == before


@pytest.mark.parametrize("state", ["REQUESTED", "VENDED", "FAILED", "REJECTED"])
def test_row_that_is_there_is_never_overwritten(world: World, state: str) -> None:
    account_id = a_stranger(world)
    row = {"requestId": f"a-{account_id}", "state": state, "updatedAt": "2020-01-01T00:00:00.000Z"}
    Claims(ledger=world.ledger).insert_unclaimed(row, None)
    before = world.rows()

    result = discover(world, SUCCEEDED, account_id)

    assert result["outcome"] == "KNOWN"
    assert world.rows() == before


def test_row_that_another_event_makes_meanwhile_stays(world: World) -> None:
    found = AccountEvent(event_name="CreateAccountResult", account_id="444455556666")
    first, second = (
        Stranger(account_event=found, name="Lab", reported_by=who) for who in ("one", "two")
    )

    outcomes = [record(stranger, ledger=world.ledger) for stranger in (first, second)]

    assert outcomes == ["RECORDED", "KNOWN"]
    assert world.row("a-444455556666")["requestedBy"] == "one"


def test_account_that_was_only_recorded_is_free_for_a_request(world: World) -> None:
    account_id = a_stranger(world)
    discover(world, SUCCEEDED, account_id)
    request = {"source": "existing", "account": {"accountId": account_id}, "tags": {"a": "1"}}

    first = world.call("AcceptRequest", request=request, executionArn=EXECUTION)

    world.organization.executions[EXECUTION] = "RUNNING"
    second = world.call("AcceptRequest", request=request, executionArn=OTHER_EXECUTION)
    assert [first["outcome"], second["outcome"]] == ["ACCEPTED", "DUPLICATE"]
    assert first["record"]["requestId"] == f"a-{account_id}"
    assert first["record"]["executionArn"] == EXECUTION
    assert first["record"]["state"] == "REQUESTED"


def test_account_that_does_not_show_yet_is_an_error_that_is_tried_again(world: World) -> None:
    with pytest.raises(ServiceUnavailable):
        discover(world, SUCCEEDED, "999999999999")

    assert world.rows() == []


def test_throttling_is_an_error_that_is_tried_again(world: World) -> None:
    account_id = a_stranger(world)
    world.organization.refuse("ListTagsForResource", "TooManyRequestsException")

    with pytest.raises(Throttled):
        discover(world, SUCCEEDED, account_id)

    assert discover(world, SUCCEEDED, account_id)["outcome"] == "RECORDED"


@pytest.mark.usefixtures("baselining")
def test_account_made_elsewhere_is_asked_a_baseline_for(world: World) -> None:
    account_id = a_stranger(world)

    result = discover(world, SUCCEEDED, account_id)

    assert result["outcome"] == "REQUESTED"
    ((entry,),) = (call["Entries"] for call in world.called("PutEvents"))
    detail = json.loads(entry["Detail"])
    assert (entry["DetailType"], entry["Source"]) == (
        "AccountRequested",
        DISCOVERED_ACCOUNTS_SOURCE,
    )
    assert "CreateAccountResult" in detail.pop("requestedBy")
    assert detail == {
        "requestId": f"a-{account_id}",
        "source": "existing",
        "account": {"accountId": account_id},
        **BASELINE,
    }
    assert world.rows() == []


@pytest.mark.usefixtures("baselining")
def test_doubled_events_ask_for_one_and_the_same_request(world: World) -> None:
    account_id = a_stranger(world)

    discover(world, SUCCEEDED, account_id)
    discover(world, INVITED, account_id)

    requests = [request for _, request in world.announced()]
    world.organization.executions[EXECUTION] = "RUNNING"
    outcomes = [
        world.call("AcceptRequest", request=request, executionArn=execution)["outcome"]
        for request, execution in zip(requests, (EXECUTION, OTHER_EXECUTION), strict=True)
    ]
    assert outcomes == ["ACCEPTED", "DUPLICATE"]


@pytest.mark.usefixtures("baselining")
def test_request_that_eventbridge_does_not_accept_is_an_error(world: World) -> None:
    world.refused_entries = 1

    with pytest.raises(ServiceUnavailable, match="InternalException"):
        discover(world, SUCCEEDED, a_stranger(world))


@pytest.mark.usefixtures("baselining")
def test_baseline_needs_no_more_than_its_setting_is_granted(world: World) -> None:
    discover(world, SUCCEEDED, a_stranger(world))

    assert world.calls_of["DiscoverAccount"] == CALLS_BY_SETTING["baseline"]


def test_record_needs_no_more_than_its_setting_is_granted(world: World) -> None:
    discover(world, SUCCEEDED, a_stranger(world))

    assert world.calls_of["DiscoverAccount"] == CALLS_BY_SETTING["record"]


@pytest.mark.parametrize("value", [None, "", "keep", "ignore"])
def test_setting_that_is_missing_or_unknown_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv("DISCOVERED_ACCOUNTS")
    else:
        monkeypatch.setenv("DISCOVERED_ACCOUNTS", value)

    with pytest.raises(OperationRefused, match="DISCOVERED_ACCOUNTS"):
        discover(world, SUCCEEDED, a_stranger(world))


def test_log_names_outcome_and_account_and_no_email(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    account_id = a_stranger(world)

    discover(world, SUCCEEDED, account_id)

    (line,) = [vars(each) for each in caplog.records if each.message == "looked at an account"]
    assert (line["outcome"], line["accountId"]) == ("RECORDED", account_id)
    assert not [each for each in caplog.records if "else@example.com" in str(vars(each))]
