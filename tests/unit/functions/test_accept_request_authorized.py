"""AcceptRequest under a request policy: who may ask for what, under whose ids, and how much."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.organization import ROOT_ID
from tests.unit.functions.payloads import ACCOUNT_ID, made
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors.exceptions import (
    ConcurrentModification,
    RequestConflict,
    RequestInvalid,
    RequestNotAllowed,
)
from vending.ledger.usage import Usages

HERE = "111111111111"
DAY = 86_400.0

PORTAL: dict[str, Any] = {
    "senders": [{"account": HERE, "source": "portal"}],
    "sources": ["new", "existing", "invited"],
    "organizationalUnits": ["/Workloads"],
    "accountIds": ["*"],
    "emails": ["*@example.com"],
}
POLICY: dict[str, Any] = {
    "requesters": {
        "portal": PORTAL,
        "other": PORTAL | {"senders": [{"account": HERE, "source": "other"}]},
        "operators": {
            "roles": ["administrator"],
            "senders": [{"account": HERE, "source": "cli"}],
        },
    },
    "protected": {"organizationalUnits": ["/Security"]},
}


@pytest.fixture(autouse=True)
def policy(world: World) -> dict[str, Any]:
    world.policy = {**POLICY, "requesters": dict(POLICY["requesters"])}
    return world.policy


def with_ceilings(world: World, **ceilings: int) -> None:
    world.policy["requesters"]["portal"] = PORTAL | {"ceilings": ceilings}


def a_request(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "requestId": f"claim-{number}",
        "account": {"name": f"Sandbox {number}", "email": f"aws+{number}@example.com"},
        "organizationalUnit": "/Workloads/Sandbox",
    } | changes


def sent(request: Any, source: str = "portal", account: str = HERE) -> dict[str, Any]:
    """The event as the rule hands it to the workflow."""
    return {
        "detail-type": "AccountRequested",
        "account": account,
        "source": source,
        "id": "event-1",
        "time": "2027-01-15T08:00:00Z",
        "detail": request,
    }


def accept(world: World, event: Any, execution: str = EXECUTION) -> Any:
    return world.call("AcceptRequest", request=event, executionArn=execution)


def fail(world: World, event: Any, error: str, execution: str = EXECUTION) -> Any:
    caught = {"Error": error, "Cause": '{"errorType": "x", "errorMessage": "{}"}'}
    return world.call("RecordFailure", request=event, executionArn=execution, error=caught)


def test_sender_is_in_the_record_beside_what_the_request_says(world: World) -> None:
    record = accept(world, sent(a_request(requestedBy="the CEO")))["record"]

    assert record["requestedBy"] == "the CEO"
    assert record["sender"] == {
        "requester": "portal",
        "account": HERE,
        "source": "portal",
        "eventId": "event-1",
        "sentAt": "2027-01-15T08:00:00Z",
    }


def test_sender_cannot_be_set_by_the_request(world: World) -> None:
    with pytest.raises(RequestInvalid, match="sender: unknown key"):
        accept(world, sent(a_request(sender={"requester": "operators"})))


def test_execution_started_by_hand_is_an_administrators(world: World) -> None:
    result = accept(world, a_request(organizationalUnit="/Production"))

    assert result["record"]["sender"] == {"requester": "administrator"}
    assert result["record"]["requestId"] == "claim-1"


def test_request_has_its_id_in_its_requesters_namespace(world: World) -> None:
    mine = accept(world, sent(a_request()))
    its = accept(world, sent(a_request(2, requestId="claim-1"), source="other"), OTHER_EXECUTION)

    assert mine["record"]["requestId"] == "portal.claim-1"
    assert mine["request"]["requestId"] == "portal.claim-1"
    assert its["record"]["requestId"] == "other.claim-1"
    assert its["outcome"] == "ACCEPTED"


def test_derived_id_is_in_the_namespace_too(world: World) -> None:
    request = a_request()
    del request["requestId"]

    assert accept(world, sent(request))["record"]["requestId"].startswith("portal.r-")


def test_id_of_another_requester_gives_no_power_over_its_request(world: World) -> None:
    accept(world, sent(a_request()))
    before = world.row("portal.claim-1")

    stolen = sent(a_request(2, requestId="portal.claim-1"), source="other")
    with pytest.raises(RequestNotAllowed, match="namespace of another requester"):
        accept(world, stolen, OTHER_EXECUTION)
    record = fail(world, stolen, "RequestNotAllowed", OTHER_EXECUTION)

    assert world.row("portal.claim-1") == before
    assert record["requestId"] is None
    assert len(world.rows()) == 1


def test_administrator_acts_on_a_requesters_request_by_its_full_id(world: World) -> None:
    accept(world, sent(a_request()))
    fail(world, sent(a_request()), "States.Timeout")

    again = accept(world, sent(a_request(requestId="portal.claim-1"), "cli"), OTHER_EXECUTION)

    assert again["outcome"] == "ACCEPTED"
    assert world.row("portal.claim-1")["executionArn"] == OTHER_EXECUTION
    assert world.row("portal.claim-1")["sender"]["requester"] == "operators"


@pytest.mark.parametrize("account", [HERE, "999988887777"])
def test_unknown_sender_is_refused_and_remembered_where_it_harms_nobody(
    world: World, account: str
) -> None:
    event = sent(a_request(), source="evil", account=account)

    with pytest.raises(RequestNotAllowed, match="no requester"):
        accept(world, event)
    record = fail(world, event, "RequestNotAllowed")

    assert record["state"] == "REJECTED"
    assert record["requestId"] == "unknown.claim-1"
    assert record["sender"]["requester"] == "unknown"
    assert record["error"]["owner"] == "requester"


def test_what_was_not_granted_is_refused_before_anything_is_done(world: World) -> None:
    with pytest.raises(RequestNotAllowed) as refused:
        accept(world, sent(a_request(organizationalUnit="/Production", tags={"x": "y"})))

    assert len(refused.value.problems) == 2
    assert world.calls == []
    assert world.rows() == []


@pytest.mark.parametrize("source", ["existing", "invited"])
def test_member_outside_of_the_granted_units_is_not_touched(world: World, source: str) -> None:
    production = world.organization.add_unit("Production")
    made(world, parent=production)
    request = a_request(source=source, account={"accountId": ACCOUNT_ID})

    with pytest.raises(RequestNotAllowed, match=f"{ACCOUNT_ID} is in '/Production'"):
        accept(world, sent(request))

    assert world.rows() == []


def test_member_within_the_granted_units_is_taken(world: World) -> None:
    unit = world.organization.add_unit("Workloads")
    made(world, parent=unit)

    result = accept(world, sent(a_request(source="existing", account={"accountId": ACCOUNT_ID})))

    assert result["outcome"] == "ACCEPTED"


def test_protected_unit_is_closed_to_administrators_too(world: World) -> None:
    unit = world.organization.add_unit("Security")
    made(world, parent=unit)
    request = a_request(source="existing", account={"accountId": ACCOUNT_ID})

    with pytest.raises(RequestNotAllowed, match=r"protected\.organizationalUnits"):
        accept(world, request)


def test_account_that_another_requester_asks_for_is_refused_without_its_content(
    world: World,
) -> None:
    accept(world, sent(a_request(requestId="secret-project")))

    with pytest.raises(RequestConflict) as refused:
        accept(world, sent(a_request(requestId="mine"), source="other"), OTHER_EXECUTION)

    text = refused.value.message + refused.value.remedy
    assert "another requester" in text
    for secret in ("secret-project", "portal", EXECUTION, "REQUESTED", "example.com"):
        assert secret not in text


def test_administrator_learns_whose_request_is_in_the_way(world: World) -> None:
    accept(world, sent(a_request()))

    with pytest.raises(RequestConflict, match=r"portal\.claim-1"):
        accept(world, a_request(requestId="mine"), OTHER_EXECUTION)


def test_ceiling_at_once_is_freed_by_requests_that_have_ended(world: World) -> None:
    with_ceilings(world, inProgress=2)
    executions = [f"{EXECUTION}-{number}" for number in range(4)]
    for number in range(2):
        accept(world, sent(a_request(number)), executions[number])

    with pytest.raises(RequestNotAllowed, match=r"ceilings\.inProgress grants 2 at once"):
        accept(world, sent(a_request(2)), executions[2])
    fail(world, sent(a_request(0)), "States.Timeout", executions[0])

    assert accept(world, sent(a_request(2)), executions[2])["outcome"] == "ACCEPTED"
    with pytest.raises(RequestNotAllowed, match="inProgress"):
        accept(world, sent(a_request(0)), executions[3])


def test_ceiling_of_a_day_begins_anew_with_the_next(world: World) -> None:
    with_ceilings(world, perDay=1)
    accept(world, sent(a_request(1)))

    with pytest.raises(RequestNotAllowed, match=r"ceilings\.perDay grants 1 on 2027-01-15"):
        accept(world, sent(a_request(2)), OTHER_EXECUTION)
    world.later(DAY)

    assert accept(world, sent(a_request(2)), OTHER_EXECUTION)["outcome"] == "ACCEPTED"


def test_ceiling_in_all_counts_every_request_once(world: World) -> None:
    with_ceilings(world, inTotal=2)
    for _ in range(3):
        accept(world, sent(a_request(1)))
    fail(world, sent(a_request(1)), "States.Timeout")
    accept(world, sent(a_request(1)), OTHER_EXECUTION)
    accept(world, sent(a_request(2)), f"{EXECUTION}-2")

    with pytest.raises(RequestNotAllowed, match=r"ceilings\.inTotal grants 2 in all"):
        accept(world, sent(a_request(3)), f"{EXECUTION}-3")


def test_ceilings_are_each_requesters_own(world: World) -> None:
    with_ceilings(world, perDay=1)
    accept(world, sent(a_request(1)))

    assert accept(world, sent(a_request(2), source="other"), OTHER_EXECUTION)


def test_duplicate_is_a_duplicate_where_the_ceiling_is_reached(world: World) -> None:
    with_ceilings(world, inProgress=1, perDay=1, inTotal=1)
    accept(world, sent(a_request(1)))
    world.organization.executions[EXECUTION] = "RUNNING"

    assert accept(world, sent(a_request(1)), OTHER_EXECUTION)["outcome"] == "DUPLICATE"


def test_requests_that_come_at_once_do_not_pass_under_one_ceiling(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_ceilings(world, perDay=1)
    counting = Usages.counting

    def overtaken(self: Usages, *arguments: Any, **keywords: Any) -> Any:
        monkeypatch.setattr(Usages, "counting", counting)
        found = counting(self, *arguments, **keywords)
        accept(world, sent(a_request(2)), OTHER_EXECUTION)
        return found

    monkeypatch.setattr(Usages, "counting", overtaken)

    with pytest.raises(ConcurrentModification):
        accept(world, sent(a_request(1)))

    with pytest.raises(RequestNotAllowed, match="perDay"):
        accept(world, sent(a_request(1)))
    assert world.row("portal.claim-2")
    assert world.ledger.get("portal.claim-1") is None


def test_request_that_made_its_account_goes_on_from_the_root(world: World) -> None:
    accept(world, sent(a_request()))
    made(world, parent=ROOT_ID)
    world.ledger.mark_account_created("portal.claim-1", EXECUTION, account_id=ACCOUNT_ID)
    fail(world, sent(a_request()), "States.Timeout")

    assert accept(world, sent(a_request()), OTHER_EXECUTION)["outcome"] == "ACCEPTED"
