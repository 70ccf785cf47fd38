"""Events about creations wake the step that waits for one of them; none of them is believed."""

from __future__ import annotations

from typing import Any

import pytest

from events.answer_create_account import CALLS, AnswerCreateAccount, run
from tests.unit.functions.payloads import REQUEST_ID, accepted, create, describe
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.aws import clients
from vending.errors.exceptions import CreationAnswered

AT, SECOND_LATER = "2027-01-15T08:00:00Z", "2027-01-15T08:00:01Z"
HOUR_LATER = "2027-01-15T09:00:00Z"


def delivered(world: World, detail: dict[str, Any], at: str = SECOND_LATER) -> dict[str, Any]:
    """AnswerCreateAccount of an event of AWS Organizations that came at a moment."""
    result: dict[str, Any] = world.call(
        "AnswerCreateAccount", id="an event", source="aws.organizations", time=at, detail=detail
    )
    return result


def begun(creation_id: str, name: str = "CreateAccount") -> dict[str, Any]:
    """CloudTrail's account of the call."""
    return {
        "eventName": name,
        "eventTime": AT,
        "responseElements": {"createAccountStatus": {"id": creation_id, "state": "IN_PROGRESS"}},
    }


def ended(creation_id: str, state: str = "SUCCEEDED") -> dict[str, Any]:
    """CloudTrail's account of the end."""
    return {
        "eventName": "CreateAccountResult",
        "eventTime": AT,
        "serviceEventDetails": {"createAccountStatus": {"id": creation_id, "state": state}},
    }


def creating(world: World) -> str:
    """The creation of an accepted request."""
    accepted(world)
    creation_id: str = create(world)["createAccountRequestId"]
    return creation_id


def waiting(world: World, **changes: Any) -> tuple[str, str]:
    """A creation for which a step waits, and the step's token."""
    creation_id = creating(world)
    delivered(world, begun(creation_id))
    token = world.organization.wait_for_answer()
    describe(world, creation_id, taskToken=token, waitedSeconds=3, **changes)
    assert world.organization.ended_steps == []
    return creation_id, token


@pytest.mark.parametrize("state", ["SUCCEEDED", "FAILED", "succeeded"])
def test_end_of_a_creation_wakes_the_step_that_waits_for_it(world: World, state: str) -> None:
    creation_id, token = waiting(world)

    result = delivered(world, ended(creation_id, state))

    assert result == {"outcome": "ANSWERED", "requestId": REQUEST_ID}
    ((waited, error, _),) = world.organization.ended_steps
    assert (waited, error) == (token, CreationAnswered.__name__)


def test_end_that_is_reported_twice_wakes_once(world: World) -> None:
    creation_id, _ = waiting(world)
    delivered(world, ended(creation_id))

    again = run(
        AnswerCreateAccount(time=SECOND_LATER, detail=ended(creation_id)),
        ledger=world.ledger,
        states=clients.stepfunctions(),
        sleep=lambda _: None,
    )

    assert again["outcome"] == "LATE"
    assert len(world.organization.ended_steps) == 1


def test_end_reported_while_the_function_still_runs_is_delivered_a_moment_later(
    world: World,
) -> None:
    creation_id, token = waiting(world)
    world.organization.waiting.discard(token)

    result = run(
        AnswerCreateAccount(time=SECOND_LATER, detail=ended(creation_id)),
        ledger=world.ledger,
        states=clients.stepfunctions(),
        sleep=lambda _: world.organization.waiting.add(token),
    )

    assert result["outcome"] == "ANSWERED"


def test_end_before_any_step_waits_changes_nothing(world: World) -> None:
    creation_id = creating(world)
    before = world.row(REQUEST_ID)

    result = delivered(world, ended(creation_id))

    assert result == {"outcome": "IGNORED", "requestId": REQUEST_ID}
    assert world.row(REQUEST_ID) == before


def test_end_of_a_creation_whose_account_is_known_changes_nothing(world: World) -> None:
    creation_id, _ = waiting(world)
    world.organization.finish()
    describe(world, creation_id)

    result = delivered(world, ended(creation_id))

    assert result["outcome"] == "IGNORED"
    assert world.organization.ended_steps == []


def test_end_of_a_creation_that_gave_way_to_another_wakes_nobody(world: World) -> None:
    creation_id, _ = waiting(world)
    another = {"createAccountRequestId": "car-another11"}
    world.ledger.change(REQUEST_ID, EXECUTION, values=another)

    assert delivered(world, ended(creation_id))["outcome"] == "IGNORED"
    assert world.organization.ended_steps == []


def test_end_wakes_no_execution_that_was_replaced(world: World) -> None:
    creation_id, _ = waiting(world)
    world.ledger.change(REQUEST_ID, EXECUTION, values={"executionArn": OTHER_EXECUTION})

    assert delivered(world, ended(creation_id))["outcome"] == "IGNORED"
    assert world.organization.ended_steps == []


@pytest.mark.parametrize(
    "detail",
    [
        pytest.param(ended("car-somebodyelses"), id="another's"),
        pytest.param(begun("car-somebodyelses"), id="another's-begun"),
        pytest.param({"eventName": "CreateAccountResult"}, id="without-status"),
        pytest.param({"eventName": "CreateAccountResult", "serviceEventDetails": "?"}, id="text"),
        pytest.param({"eventName": "MoveAccount"}, id="another-event"),
        pytest.param(begun("car-1") | {"responseElements": None}, id="refused-call"),
        pytest.param(begun("car-1") | {"eventTime": "yesterday"}, id="no-time"),
    ],
)
def test_event_of_nothing_that_a_request_waits_for_is_ignored(
    world: World, detail: dict[str, Any]
) -> None:
    waiting(world)

    assert delivered(world, detail) == {"outcome": "IGNORED", "requestId": None}
    assert world.organization.ended_steps == []


def test_result_that_is_no_end_wakes_nobody(world: World) -> None:
    creation_id, _ = waiting(world)

    assert delivered(world, ended(creation_id, "IN_PROGRESS"))["outcome"] == "IGNORED"
    assert world.organization.ended_steps == []


@pytest.mark.parametrize("name", ["CreateAccount", "CreateGovCloudAccount", "createaccount"])
def test_how_late_the_call_was_reported_is_kept_once(world: World, name: str) -> None:
    creation_id = creating(world)

    first = delivered(world, begun(creation_id, name))
    delivered(world, begun(creation_id, name), at=HOUR_LATER)

    pointer = world.ledger.creation_pointers.find(creation_id)
    assert first == {"outcome": "NOTED", "requestId": REQUEST_ID}
    assert pointer is not None
    assert pointer.event_delay == 1


def test_function_calls_all_that_it_declares(world: World) -> None:
    creation_id, _ = waiting(world)
    delivered(world, ended(creation_id))

    assert world.calls_of["AnswerCreateAccount"] == CALLS
