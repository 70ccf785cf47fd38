"""AWS reports that an account is made: in time, late, twice, never; a request stays one account."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.builders import a_request
from tests.grids import few
from tests.workflow.vending import Vending, eventually

EVENTS: dict[str, dict[str, Any]] = {
    "lost": {"event": "CreateAccountResult", "lost": True},
    "thrice": {"event": "CreateAccountResult", "deliveries": 3},
    "late": {"event": "CreateAccountResult", "seconds": 7200},
    "call-lost": {"event": "CreateAccount", "lost": True},
    "call-late": {"event": "CreateAccount", "seconds": 100},
    "call-thrice": {"event": "CreateAccount", "deliveries": 3},
}

LONG = 400
"""Seconds that a creation takes here: longer than until the first look for want of an event."""

POLL = "DescribeCreateAccountStatus"

FEW = 30
"""Polls of such a creation that an event ends, on a machine that is busy; without events it takes
45, and where nothing else is at work an event leaves about 5."""


def slow(seconds: float = LONG, **more: Any) -> dict[str, Any]:
    return {"createAccount": {"calls": "all", "seconds": seconds, **more}}


def result_event(vending: Vending, creation_id: str, **status: str) -> None:
    """Run the function as the rule does, with AWS's event about a creation."""
    pages = vending.aws.client("lambda").get_paginator("list_functions").paginate()
    (name,) = [
        one["FunctionName"]
        for page in pages
        for one in page["Functions"]
        if one["Handler"] == "events.answer_create_account.handler"
    ]
    event = {
        "id": "an event",
        "source": "aws.organizations",
        "account": "111111111111",
        "time": "2026-11-28T12:00:01Z",
        "detail": {
            "eventName": "CreateAccountResult",
            "eventTime": "2026-11-28T12:00:00Z",
            "serviceEventDetails": {
                "createAccountStatus": {"id": creation_id, "state": "SUCCEEDED", **status}
            },
        },
    }
    answer = vending.aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    assert "FunctionError" not in answer, answer["Payload"].read()


def creation_of(vending: Vending, request: dict[str, Any]) -> str:
    """The creation for which the request's execution waits under a token."""

    def waits() -> Any:
        row = vending.row(request["requestId"]) or {}
        creation_id = row.get("createAccountRequestId")
        return creation_id if creation_id and vending.calls("organizations", POLL) else None

    return str(eventually(waits))


@pytest.mark.parametrize("source", few(["new", "new-govcloud"], quick=["new"]))
def test_event_in_time_ends_the_wait(vending: Vending, task_answers: bool, source: str) -> None:
    vending.aws.faults.replace([slow()])
    request = a_request(source=source)
    request["account"] = request["account"] | {"name": "Sandbox-one"}

    ended = vending.run(request)

    assert ended.status == "SUCCEEDED", ended
    assert vending.calls("organizations", POLL) <= FEW
    row = vending.row(request["requestId"])
    assert row is not None
    assert ("govCloudAccountId" in row) == (source == "new-govcloud")
    assert len(vending.accounts()) == 1


def test_reason_of_a_failure_is_that_of_a_poll(vending: Vending) -> None:
    vending.aws.faults.replace([slow(failureReason="INVALID_EMAIL")])

    ended = vending.run(a_request())

    assert (ended.status, ended.error) == ("FAILED", "AccountCreationFailed")
    assert ended.cause["reason"] == "INVALID_EMAIL"


@pytest.mark.parametrize(
    "event",
    few(
        EVENTS.values(),
        ids=EVENTS,
        quick=[EVENTS[name] for name in ("lost", "thrice", "call-late")],
    ),
)
def test_event_that_is_lost_late_or_doubled_costs_nothing_but_time(
    vending: Vending, event: dict[str, Any]
) -> None:
    vending.aws.faults.replace([slow(), event])

    ended = vending.run(a_request())

    assert ended.status == "SUCCEEDED", ended
    assert len(vending.accounts()) == 1
    assert vending.dead_letters() == 0


def test_events_before_the_step_waits_are_not_missed(vending: Vending) -> None:
    vending.aws.faults.replace([slow(0)])

    ended = vending.run(a_request())

    assert ended.status == "SUCCEEDED", ended
    assert vending.calls("organizations", POLL) == 1


def test_end_reported_too_soon_is_looked_at_and_waited_for(vending: Vending) -> None:
    vending.aws.faults.replace([slow(300)])
    request = a_request()
    arn = vending.start(request)
    creation_id = creation_of(vending, request)

    result_event(vending, creation_id)
    result_event(vending, creation_id, state="IN_PROGRESS")
    result_event(vending, "car-somebodyelses")

    ended = vending.finish(arn)
    assert ended.status == "SUCCEEDED", ended
    assert len(vending.accounts()) == 1


def test_event_of_a_replaced_execution_wakes_the_one_that_took_over(vending: Vending) -> None:
    vending.aws.faults.replace([slow()])
    request = a_request()
    vending.run_stopped_in(POLL, request)

    ended = vending.run(request)

    assert ended.status == "SUCCEEDED", ended
    assert len(vending.accounts()) == 1
    assert vending.calls("organizations", "CreateAccount") == 1


@pytest.mark.slow
def test_creation_without_events_is_looked_at_ever_less_often(vending: Vending) -> None:
    vending.listen("CreationAnswered", on=False)
    try:
        vending.aws.faults.replace([slow(1200)])

        ended = vending.run(a_request())
    finally:
        vending.listen("CreationAnswered")

    assert ended.status == "SUCCEEDED", ended
    waits = vending.seconds_in(ended.arn, "WaitForAccount")
    assert 10 < len(waits) <= 70
    assert sum(waits[-3:]) > 5 * sum(waits[:3])
