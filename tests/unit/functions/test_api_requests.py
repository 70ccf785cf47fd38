"""The API's routes of requests: what they start and show, and what they refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.functions.api_calls import (
    CURSORS_OF_NOBODY,
    DOCUMENT,
    EXECUTION,
    HERE,
    OPERATOR,
    OTHER,
    PORTAL,
    Api,
    a_row,
    a_state,
    session_of,
    text_of,
)
from vending.api.cursors import position_of
from vending.api.views import RequestRecord
from vending.authorization.sender import opened
from vending.ledger import keys
from vending.ledger.rows import RECORD_FIELDS
from vending.request.account_request import parse
from vending.states import State


def test_request_is_started_with_the_caller_as_its_sender(api: Api) -> None:
    answer = api("POST /requests", body=DOCUMENT, by=session_of("Portal", "ann@example.com"))

    (started,) = api.started
    sender, request = opened(started)
    assert answer.status == 202
    assert answer.body["executionArn"].startswith(EXECUTION.rpartition(":")[0])
    assert answer.headers["Location"] == f"/requests/{answer.body['requestId']}"
    assert answer.body["requestId"].startswith("portal.r-")
    assert (sender.account, sender.source) == (HERE, "account-vending.api")
    assert sender.principal == f"arn:aws:iam::{HERE}:role/Portal"
    assert sender.event_id == answer.body["executionArn"].rpartition(":")[2]
    assert request == DOCUMENT | {"requestedBy": session_of("Portal", "ann@example.com")}


def test_request_with_mistakes_is_refused_with_all_of_them(api: Api) -> None:
    wrong = {"acount": {}, "tags": [], "organizationalUnit": "Sandbox", "requestedBy": "the king"}

    answer = api("POST /requests", body=wrong)

    assert answer.status == 400
    places = [problem.partition(":")[0] for problem in answer.problems]
    assert {"acount", "tags", "organizationalUnit", "account", "requestedBy"} <= set(places)
    assert answer.body["code"] == "RequestInvalid"
    assert answer.body["owner"] == "requester"
    assert answer.body["remedy"]
    assert api.started == []


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "7", '"x"', "NaN", '{"tags": NaN}', "[" * 100_000, '{"a":' * 30],
    ids=["none", "open", "null", "list", "number", "text", "nan", "inner nan", "deep", "nested"],
)
def test_body_that_is_no_request_is_refused(api: Api, text: str) -> None:
    answer = api("POST /requests", text=text)

    assert answer.status == 400
    assert answer.problems
    assert api.started == []


def test_request_that_the_policy_does_not_grant_is_refused_with_every_rule(api: Api) -> None:
    document = DOCUMENT | {
        "account": {"name": "Sandbox", "email": "aws@elsewhere.example"},
        "organizationalUnit": "/Security",
        "serviceAccess": ["sso.amazonaws.com"],
    }

    answer = api("POST /requests", body=document)

    assert answer.status == 403
    assert len(answer.problems) == 3
    assert answer.body["code"] == "RequestNotAllowed"
    assert api.started == []


def test_same_key_is_the_same_request_and_starts_nothing_twice(api: Api) -> None:
    first = api("POST /requests", body=DOCUMENT, key="once")
    api.world.later(60)

    second = api("POST /requests", body=DOCUMENT, key="once")

    assert first.body == second.body
    assert len(api.world.organization.executions) == 1


def test_same_key_with_another_body_is_a_conflict(api: Api) -> None:
    api("POST /requests", body=DOCUMENT, key="once")

    answer = api("POST /requests", body=DOCUMENT | {"tags": {}}, key="once")

    assert answer.status == 409
    assert answer.body["code"] == "IdempotencyKeyReused"
    assert len(api.world.organization.executions) == 1


def test_same_key_of_another_caller_is_another_request(api: Api) -> None:
    api("POST /requests", body=DOCUMENT, key="once")

    answer = api("POST /requests", body=DOCUMENT, key="once", by=OTHER)

    assert answer.status == 202
    assert len(api.world.organization.executions) == 2


def test_without_a_key_each_request_is_one(api: Api) -> None:
    api("POST /requests", body=DOCUMENT)
    api("POST /requests", body=DOCUMENT)

    assert len(api.world.organization.executions) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "ü"], ids=["empty", "long", "not ascii"])
def test_key_that_is_none_is_refused(api: Api, key: str) -> None:
    answer = api("POST /requests", body=DOCUMENT, key=key)

    assert answer.status == 400
    assert api.started == []


def test_key_whose_first_execution_does_not_show_yet_is_to_be_repeated(api: Api) -> None:
    api("POST /requests", body=DOCUMENT, key="once")
    api.world.organization.refuse("DescribeExecution", "ExecutionDoesNotExist")

    answer = api("POST /requests", body=DOCUMENT, key="once")

    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_start_that_aws_throttles_is_to_be_repeated(api: Api) -> None:
    api.world.organization.refuse("StartExecution", "ThrottlingException")

    answer = api("POST /requests", body=DOCUMENT)

    assert answer.status == 503
    assert answer.body["owner"] == "retry"


def test_start_that_aws_denies_is_the_installations_fault(api: Api) -> None:
    api.world.organization.refuse("StartExecution", "AccessDeniedException")

    answer = api("POST /requests", body=DOCUMENT)

    assert answer.status == 500
    assert answer.body["owner"] == "administrator"


def test_list_is_by_state_and_newest_first_and_of_the_own_requester(api: Api) -> None:
    for number, state in enumerate(["VENDED", "QUEUED", "VENDED", "FAILED"]):
        a_row(api, f"portal.{number}", state, number)
        a_row(api, f"other.{number}", state, number)
    a_row(api, "of-an-administrator", "VENDED", 9)

    mine, all_ = api("GET /requests").body, api("GET /requests", by=OPERATOR).body

    assert [one["requestId"] for one in mine["requests"]] == [
        f"portal.{number}" for number in (1, 2, 0, 3)
    ]
    assert mine["nextCursor"] is None
    assert len(all_["requests"]) == 9
    assert "requestedBy" not in mine["requests"][0]["request"]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_have_each_request_once(api: Api, limit: int) -> None:
    for number in range(7):
        a_row(api, f"portal.{number}", ["VENDED", "FAILED"][number % 2], number)
        a_row(api, f"other.{number}", "VENDED", number)

    found, cursor = list[str](), dict[str, Any]()
    while True:
        page = api("GET /requests", limit=limit, **cursor).body
        found += [one["requestId"] for one in page["requests"]]
        assert len(page["requests"]) <= limit
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}

    assert len(found) == 7
    assert set(found) == {f"portal.{number}" for number in range(7)}


def test_cursor_tells_of_no_other_requesters_request(api: Api) -> None:
    for number in range(6):
        a_row(api, f"{'portal' if number % 3 == 0 else 'secret'}.{number}", "VENDED", number)

    page = api("GET /requests", limit=1).body

    position = position_of(page["nextCursor"])
    assert position is not None
    assert position["pk"] == keys.request(page["requests"][0]["requestId"])


def test_list_is_filtered_by_state_requester_and_unit(api: Api) -> None:
    production = {**DOCUMENT, "organizationalUnit": "/Workloads/Production/Web"}
    a_row(api, "portal.1", "VENDED", request=parse(production).normalised())
    a_row(api, "portal.2", "FAILED")
    a_row(api, "other.3", "VENDED", request={"account": {}})

    def ids(**query: Any) -> set[str]:
        page = api("GET /requests", by=OPERATOR, **query).body
        return {one["requestId"] for one in page["requests"]}

    assert ids(state="VENDED") == {"portal.1", "other.3"}
    assert ids(requester="other") == {"other.3"}
    assert ids(organizationalUnit="/Workloads/Production") == {"portal.1"}
    assert ids(organizationalUnit="/Workloads/Prod") == set()
    assert ids(organizationalUnit="/Workloads", state="FAILED") == {"portal.2"}


def test_list_with_wrong_parameters_names_them_all(api: Api) -> None:
    answer = api("GET /requests", limit="0", state="GONE", colour="red")

    assert answer.status == 400
    assert [problem.partition(":")[0] for problem in answer.problems] == [
        "'colour'",
        "limit",
        "state",
    ]


@pytest.mark.parametrize("unit", ["", "Workloads", "//", "/Workloads/"])
def test_list_of_what_is_no_unit_is_refused(api: Api, unit: str) -> None:
    a_row(api, "portal.one")

    answer = api("GET /requests", organizationalUnit=unit)

    assert answer.status == 400
    assert [problem.partition(":")[0] for problem in answer.problems] == ["organizationalUnit"]


@pytest.mark.parametrize("cursor", [*CURSORS_OF_NOBODY, text_of(["portal.one", EXECUTION, 1])])
def test_cursor_that_is_none_is_refused(api: Api, cursor: str) -> None:
    assert api("GET /requests", cursor=cursor).status == 400


def test_cursor_of_another_list_is_refused(api: Api) -> None:
    for number in range(2):
        a_row(api, f"portal.{number}", "VENDED", number)
    cursor = api("GET /requests", limit=1).body["nextCursor"]

    assert api("GET /requests", state="FAILED", cursor=cursor).status == 400


def test_record_is_shown_whole_with_its_steps(api: Api) -> None:
    a_row(api, "portal.one", "FAILED", error={"code": "X", "message": "m", "remedy": "r"})
    a_state(api, "AcceptRequest", ["TaskScheduled", "TaskSucceeded"])

    answer = api("GET /requests/one")

    assert answer.status == 200
    assert answer.body["requestId"] == "portal.one"
    assert answer.body["error"]["code"] == "X"
    assert [step["step"] for step in answer.body["steps"]] == ["AcceptRequest"]


def test_views_have_every_field_of_a_record() -> None:
    fields = {str(field.alias) for field in RequestRecord.model_fields.values()}

    assert fields == {*RECORD_FIELDS, "request"}


@pytest.mark.parametrize("request_id", ["none", "other.one", "operators", "x" * 300, "a.b.c", "ü"])
def test_request_that_is_not_seen_is_as_one_that_is_not_there(api: Api, request_id: str) -> None:
    a_row(api, "other.one")
    a_row(api, "operators")

    answer = api(f"GET /requests/{request_id}")

    assert answer.status == 404
    assert answer.body["code"] in ("UnknownRequest", "UnknownRoute")
    assert api.started == []


def test_failed_request_is_resumed_as_it_is_kept(api: Api) -> None:
    a_row(api, "portal.one", "FAILED")

    answer = api("POST /requests/one/resume")

    (started,) = api.started
    assert answer.status == 202
    assert started["detail"]["requestId"] == "portal.one"
    assert started["detail"]["requestedBy"] == PORTAL
    assert started["detail"]["organizationalUnit"] == "/Workloads/Sandbox"


def test_administrator_resumes_anybodys_request(api: Api) -> None:
    a_row(api, "portal.one", "FAILED")

    assert api("POST /requests/portal.one/resume", by=OPERATOR).status == 202


@pytest.mark.parametrize("state", [state for state in State if state != State.FAILED])
def test_request_that_has_not_failed_is_not_resumed(api: Api, state: str) -> None:
    a_row(api, "portal.one", state)

    answer = api("POST /requests/one/resume")

    assert answer.status == 409
    assert answer.body["code"] == "RequestNotResumable"
    assert api.started == []


def test_request_is_not_resumed_by_whom_the_policy_grants_it_no_more(api: Api) -> None:
    a_row(api, "portal.one", "FAILED")
    api.world.policy["requesters"]["portal"]["organizationalUnits"] = ["/Elsewhere"]

    assert api("POST /requests/one/resume").status == 403


@pytest.mark.parametrize("state", State)
def test_request_is_cancelled_only_before_aws_is_asked(api: Api, state: str) -> None:
    a_row(api, "portal.one", state)
    api.world.organization.executions[EXECUTION] = "RUNNING"

    answer = api("POST /requests/one/cancel")

    stopped = api.world.called("StopExecution")
    if state in ("REQUESTED", "AWAITING_APPROVAL", "QUEUED"):
        assert answer.status == 202
        assert [one["executionArn"] for one in stopped] == [EXECUTION]
        assert PORTAL in stopped[0]["cause"]
    else:
        assert answer.status == 409
        assert answer.body["code"] == "RequestNotCancellable"
        assert stopped == []


def test_failure_of_the_function_itself_is_a_problem_without_its_cause(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vending.entrances.requests.parse", lambda _: 1 / 0)

    answer = api("POST /requests", body=DOCUMENT)

    assert answer.status == 500
    assert answer.body["code"] == "ApiFailed"
    assert "division" not in json.dumps(answer.body)
