"""How a request's execution is shown: its steps, and the events by which a client follows it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.api_calls import (
    CURSORS_OF_NOBODY,
    EXECUTION,
    SECRET,
    Api,
    a_row,
    a_state,
    text_of,
    the_end,
)


def test_steps_show_attempts_failures_and_what_never_ended(api: Api) -> None:
    a_row(api, "portal.one", "FAILED")
    a_state(api, "Done", ["TaskScheduled", "TaskSucceeded"])
    a_state(api, "Repeated", ["TaskScheduled", "TaskFailed", "TaskScheduled", "TaskSucceeded"])
    a_state(api, "Caught", ["TaskScheduled", "TaskTimedOut"])
    a_state(api, "Cut", ["TaskScheduled"], exits=False)
    a_state(api, "Going", [], exits=False)
    before_end = api("GET /requests/one").body["steps"]
    the_end(api, "ExecutionAborted")

    steps = api("GET /requests/one").body["steps"]

    assert before_end[-1]["state"] == "RUNNING"
    assert before_end[-1]["endedAt"] is None
    assert [(one["step"], one["state"], one["attempts"]) for one in steps] == [
        ("Done", "SUCCEEDED", 1),
        ("Repeated", "SUCCEEDED", 2),
        ("Caught", "FAILED", 1),
        ("Cut", "STOPPED", 1),
        ("Going", "STOPPED", 0),
    ]


def what(answer: Any) -> list[tuple[int, str, str, str | None]]:
    assert answer.status == 200, answer.body
    assert SECRET not in str(answer.body)
    return [(one["id"], one["step"], one["event"], one["error"]) for one in answer.body["events"]]


def test_events_are_what_changed_in_the_steps(api: Api) -> None:
    a_row(api, "portal.one", "FAILED")
    a_state(api, "Done", ["TaskScheduled", "TaskStarted", "TaskSucceeded"])
    a_state(api, "Repeated", ["TaskScheduled", "TaskFailed", "TaskScheduled", "TaskSucceeded"])
    a_state(api, "Caught", ["TaskScheduled", "TaskTimedOut"])
    a_state(api, "Done", ["TaskScheduled", "TaskSucceeded"])
    a_state(api, "Cut", ["TaskScheduled"], exits=False)
    a_state(api, "Going", [], exits=False)
    the_end(api, "ExecutionAborted")

    answer = api("GET /requests/one/events")

    assert what(answer) == [
        (1, "Done", "STARTED", None),
        (2, "Done", "SUCCEEDED", None),
        (3, "Repeated", "STARTED", None),
        (4, "Repeated", "FAILED", "OfTaskFailed"),
        (5, "Repeated", "RETRIED", None),
        (6, "Repeated", "SUCCEEDED", None),
        (7, "Caught", "STARTED", None),
        (8, "Caught", "FAILED", "OfTaskTimedOut"),
        (9, "Done", "STARTED", None),
        (10, "Done", "SUCCEEDED", None),
        (11, "Cut", "STARTED", None),
        (12, "Going", "STARTED", None),
        (13, "Cut", "STOPPED", None),
        (14, "Going", "STOPPED", None),
    ]
    assert answer.body["events"][0]["at"] == "1970-01-01T00:00:01.000Z"
    assert (answer.body["requestId"], answer.body["executionArn"]) == ("portal.one", EXECUTION)
    last = {one["step"]: one["event"] for one in answer.body["events"]}
    steps = api("GET /requests/one").body["steps"]
    assert {one["step"]: one["state"] for one in steps} == last


def test_events_are_followed_by_cursor_as_they_come(api: Api) -> None:
    a_row(api, "portal.one", "BASELINING")
    a_state(api, "One", ["TaskScheduled", "TaskSucceeded"])
    seen: list[int] = []
    cursor: dict[str, Any] = {}

    def ask(limit: int = 20) -> tuple[int, str, bool]:
        answer = api("GET /requests/one/events", limit=limit, **cursor)
        cursor["cursor"] = answer.body["nextCursor"]
        seen.extend(number for number, *_ in what(answer))
        return len(answer.body["events"]), answer.body["state"], answer.body["isOver"]

    assert ask(limit=1) == (1, "BASELINING", False)
    assert ask() == (1, "BASELINING", False)
    assert ask() == (0, "BASELINING", False)
    a_state(api, "Two", ["TaskScheduled"], exits=False)
    assert ask() == (1, "BASELINING", False)
    a_row(api, "portal.one", "FAILED")
    assert ask() == (0, "FAILED", False)
    a_state(api, "Three", [], exits=False)
    the_end(api, "ExecutionFailed")
    assert ask(limit=2) == (2, "FAILED", False)
    assert ask(limit=2) == (1, "FAILED", True)
    assert ask() == (0, "FAILED", True)
    assert seen == [1, 2, 3, 4, 5, 6]


def test_events_are_not_over_before_the_state_is_final(api: Api) -> None:
    a_row(api, "portal.one", "QUEUED")
    a_state(api, "One", ["TaskScheduled"], exits=False)
    the_end(api, "ExecutionAborted")

    assert api("GET /requests/one/events").body["isOver"] is False


def test_events_of_another_execution_begin_at_the_first(api: Api) -> None:
    a_row(api, "portal.one", "FAILED")
    a_state(api, "One", ["TaskScheduled", "TaskFailed"])
    the_end(api, "ExecutionFailed")
    before = api("GET /requests/one/events").body
    again = f"{EXECUTION}-again"
    a_row(api, "portal.one", "REQUESTED", executionArn=again)
    histories = api.world.organization.histories
    histories[again] = histories[EXECUTION][:1]

    answer = api("GET /requests/one/events", cursor=before["nextCursor"])

    assert (before["executionArn"], before["isOver"]) == (EXECUTION, True)
    assert (answer.body["executionArn"], answer.body["isOver"]) == (again, False)
    assert what(answer) == [(1, "One", "STARTED", None)]


@pytest.mark.parametrize(
    ("state", "execution", "is_over"),
    [("VENDED", EXECUTION, True), ("QUEUED", EXECUTION, False), ("REJECTED", None, True)],
)
def test_events_that_nobody_knows_any_more_are_none(
    api: Api, state: str, execution: str | None, is_over: bool
) -> None:
    a_row(api, "portal.one", state, executionArn=execution)

    answer = api("GET /requests/one/events")
    again = api("GET /requests/one/events", cursor=answer.body["nextCursor"])

    assert (what(answer), answer.body["isOver"]) == ([], is_over)
    assert again.body == answer.body


@pytest.mark.parametrize(
    "cursor",
    [
        *CURSORS_OF_NOBODY,
        *(text_of(["portal.one", EXECUTION, count]) for count in (-1, True, 1.5, "1", None)),
        text_of(["portal.one", 7, 1]),
        text_of(["portal.two", EXECUTION, 1]),
        text_of(["portal.one", "QUEUED", "2027-01-15T08:00:00.000Z"]),
    ],
)
def test_events_are_refused_with_a_cursor_of_something_else(api: Api, cursor: str) -> None:
    a_row(api, "portal.one")

    answer = api("GET /requests/one/events", cursor=cursor)

    assert answer.status == 400
    assert [problem.partition(":")[0] for problem in answer.problems] == ["cursor"]


def test_events_are_refused_with_every_mistake(api: Api) -> None:
    a_row(api, "portal.one")

    answer = api("GET /requests/one/events", limit=101, state="VENDED")

    assert [problem.partition(":")[0] for problem in answer.problems] == ["'state'", "limit"]


def test_events_that_step_functions_does_not_give_now_are_asked_for_later(api: Api) -> None:
    a_row(api, "portal.one")
    api.world.organization.refuse("GetExecutionHistory", "ThrottlingException")

    answer = api("GET /requests/one/events")

    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"


def test_events_of_others_are_not_there(api: Api) -> None:
    a_row(api, "other.one")

    calls: tuple[dict[str, Any], ...] = ({}, {"cursor": "x"})
    for query in calls:
        answer = api("GET /requests/other.one/events", **query)
        assert (answer.status, answer.body["code"]) == (404, "UnknownRequest")
