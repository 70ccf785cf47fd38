"""The API's routes of accounts: what they show, change, retire and restore."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.api_calls import (
    DOCUMENT,
    OPERATOR,
    OTHER,
    PORTAL,
    RETIREMENT,
    Api,
    a_row,
)
from vending.api.views import RetirementRecord
from vending.authorization.sender import opened
from vending.ledger import keys
from vending.ledger.table import Put
from vending.request.account_request import parse
from vending.retirement.rows import RECORD_FIELDS

ACCOUNT = "222222222222"
KEPT = {**parse(DOCUMENT).normalised(), "requestedBy": "me"}


def an_account(api: Api, account_id: str = ACCOUNT, of: str = "portal.one", at: int = 0) -> None:
    """An account that was vended, with one revision."""
    moment = f"2027-01-15T08:00:{at:02}.000Z"
    document = {**KEPT, "requestId": of}
    record = {
        "pk": keys.account_record(account_id),
        "accountId": account_id,
        "state": "ACTIVE",
        "revision": 1,
        "document": document,
        "requestId": of,
        "updatedAt": moment,
    }
    revision = {
        "pk": keys.revision(account_id, 1),
        "accountId": account_id,
        "revision": 1,
        "document": document,
        "changes": [],
        "requestId": of,
        "at": moment,
    }
    api.world.ledger.table.put(Put(item=record))
    api.world.ledger.table.put(Put(item=revision))


def a_retirement(api: Api, state: str, **more: Any) -> None:
    row = {
        "pk": keys.retirement(ACCOUNT),
        "accountId": ACCOUNT,
        "state": state,
        "action": "retire",
        "executionArn": "x",
        "emailHash": "secret",
        "updatedAt": "2027-01-15T09:00:00.000Z",
        **more,
    }
    api.world.ledger.table.put(Put(item=row))


def test_account_is_shown_with_its_revisions_and_a_document_to_put_back(api: Api) -> None:
    an_account(api)

    shown = api(f"GET /accounts/{ACCOUNT}").body
    again = api(f"PUT /accounts/{ACCOUNT}", body=shown["document"])

    assert shown["state"] == "ACTIVE"
    assert [one["revision"] for one in shown["revisions"]] == [1]
    assert shown["retirement"] is None
    assert again.status == 202


def test_revisions_are_paged_newest_first(api: Api) -> None:
    an_account(api)
    table = api.world.ledger.table
    last = table.get(keys.revision(ACCOUNT, 1)) or {}
    for number in range(2, 6):
        table.put(Put(item={**last, "pk": keys.revision(ACCOUNT, number), "revision": number}))
    record = table.get(keys.account_record(ACCOUNT)) or {}
    table.put(Put(item={**record, "revision": 5}))

    first = api(f"GET /accounts/{ACCOUNT}", limit=2).body
    second = api(f"GET /accounts/{ACCOUNT}", limit=2, cursor=first["nextCursor"]).body
    third = api(f"GET /accounts/{ACCOUNT}", limit=2, cursor=second["nextCursor"]).body

    pages = [[one["revision"] for one in page["revisions"]] for page in (first, second, third)]
    assert pages == [[5, 4], [3, 2], [1]]
    assert third["nextCursor"] is None
    assert api(f"GET /accounts/{ACCOUNT}", cursor="6").status == 400
    assert api(f"GET /accounts/{ACCOUNT}", cursor="x").status == 400


@pytest.mark.parametrize("state", ["RETIRING", "CLOSING", "CLOSED", "DEPARTED", "ACTIVE"])
def test_account_that_is_retired_is_in_that_state(api: Api, state: str) -> None:
    an_account(api)
    a_retirement(api, state)

    shown = api(f"GET /accounts/{ACCOUNT}").body
    listed = api("GET /accounts").body["accounts"]

    assert shown["state"] == shown["retirement"]["state"] == state
    assert [one["accountId"] for one in listed] == [ACCOUNT]
    assert "secret" not in str(shown)


def test_retirements_view_has_no_field_that_records_lack() -> None:
    fields = {str(field.alias) for field in RetirementRecord.model_fields.values()}

    assert fields <= set(RECORD_FIELDS)


def test_accounts_are_listed_newest_first_and_of_the_own_requester(api: Api) -> None:
    for number in range(5):
        of = "portal" if number % 2 == 0 else "other"
        an_account(api, f"{number}" * 12, f"{of}.{number}", at=number)

    pages, cursor = list[list[str]](), dict[str, Any]()
    while True:
        page = api("GET /accounts", limit=2, **cursor).body
        pages.append([one["accountId"][0] for one in page["accounts"]])
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}

    assert pages == [["4", "2"], ["0"]]
    assert len(api("GET /accounts", by=OPERATOR).body["accounts"]) == 5


@pytest.mark.parametrize("account_id", ["333333333333", "x", "1" * 13, "٣" * 12])
@pytest.mark.parametrize("call", ["GET", "PUT", "retire", "restore"])
def test_account_that_is_not_seen_is_as_one_that_is_not_there(
    api: Api, account_id: str, call: str
) -> None:
    an_account(api, "333333333333", "other.one")
    route = f"{call} /accounts/{account_id}"
    if call in ("retire", "restore"):
        route = f"POST /accounts/{account_id}/{call}"

    answer = api(route, body={"reason": "over"})

    assert answer.status == 404
    assert api.started == []


def test_change_is_started_under_the_accounts_own_request(api: Api) -> None:
    an_account(api)

    answer = api(f"PUT /accounts/{ACCOUNT}", body=DOCUMENT | {"tags": {}, "ifRevision": 1})

    (started,) = api.started
    assert answer.status == 202
    assert started["detail-type"] == "AccountRequested"
    assert started["detail"]["requestId"] == "portal.one"
    assert started["detail"]["ifRevision"] == 1
    assert answer.headers["Location"] == "/requests/portal.one"


def test_change_by_a_document_of_another_account_names_every_difference(api: Api) -> None:
    an_account(api)
    other = {
        **DOCUMENT,
        "requestId": "two",
        "account": {"name": "x", "email": "aws+2@example.com", "accountId": "1" * 12},
        "requestedBy": "me",
    }

    answer = api(f"PUT /accounts/{ACCOUNT}", body=other)

    assert answer.status == 400
    places = [problem.partition(":")[0] for problem in answer.problems]
    assert {"requestId", "account.accountId", "requestedBy"} <= set(places)
    assert api.started == []


def test_root_users_email_may_be_changed(api: Api) -> None:
    an_account(api)
    account = {"name": "Sandbox", "email": "aws+new@example.com"}

    answer = api(f"PUT /accounts/{ACCOUNT}", body=DOCUMENT | {"account": account})

    assert answer.status == 202
    assert api.started[0]["detail"]["requestId"] == "portal.one"


def test_drift_is_shown_with_its_account(api: Api) -> None:
    an_account(api)
    table = api.world.ledger.table
    record = table.get(keys.account_record(ACCOUNT)) or {}
    difference = {"what": "tag cost-center"}
    drift = {"at": "2027-01-15T08:00:00.000Z", "differences": [difference], "unreported": []}
    table.put(Put(item={**record, "drift": drift}))

    shown = api(f"GET /accounts/{ACCOUNT}").body

    assert shown["drift"] == {"at": "2027-01-15T08:00:00.000Z", "differences": [difference]}


@pytest.mark.parametrize("text", ["", "null", "[]", "{"])
def test_change_by_no_document_is_refused(api: Api, text: str) -> None:
    an_account(api)

    assert api(f"PUT /accounts/{ACCOUNT}", text=text).status == 400


def test_retirement_is_started_with_the_caller_as_its_sender(api: Api) -> None:
    an_account(api)

    answer = api(f"POST /accounts/{ACCOUNT}/retire", body={"reason": "over"})

    (started,) = api.started
    sender, detail = opened(started)
    assert answer.status == 202
    assert answer.body["executionArn"].startswith(RETIREMENT.replace("stateMachine", "execution"))
    assert started["detail-type"] == "AccountRetirementRequested"
    assert sender.principal is not None
    assert detail == {
        "accountId": ACCOUNT,
        "action": "retire",
        "reason": "over",
        "requestedBy": PORTAL,
    }


@pytest.mark.parametrize("text", ["", "{}", " "])
def test_restoration_needs_no_body(api: Api, text: str) -> None:
    an_account(api)

    answer = api(f"POST /accounts/{ACCOUNT}/restore", text=text)

    assert answer.status == 202
    assert api.started[0]["detail"]["action"] == "restore"


@pytest.mark.parametrize(
    ("action", "body", "places"),
    [
        ("retire", {}, {"reason"}),
        ("retire", {"reason": 7, "action": "restore", "accountId": "1"}, {"reason", "'action'"}),
        ("retire", {"reason": "x", "requestedBy": "me"}, {"'requestedBy'"}),
        ("retire", [], {"the body must be a JSON object"}),
        ("restore", {"reason": "x"}, {"'reason'"}),
    ],
)
def test_retirement_with_mistakes_is_refused_with_all_of_them(
    api: Api, action: str, body: Any, places: set[str]
) -> None:
    an_account(api)

    answer = api(f"POST /accounts/{ACCOUNT}/{action}", body=body)

    assert answer.status == 400
    assert places <= {problem.partition(":")[0] for problem in answer.problems}
    assert api.started == []


def test_requester_that_may_retire_nothing_is_refused_at_once(api: Api) -> None:
    an_account(api, of="other.one")

    answer = api(f"POST /accounts/{ACCOUNT}/retire", body={"reason": "over"}, by=OTHER)

    assert answer.status == 403
    assert api.started == []


def test_same_key_retires_once(api: Api) -> None:
    an_account(api)

    first = api(f"POST /accounts/{ACCOUNT}/retire", body={"reason": "over"}, key="k")
    second = api(f"POST /accounts/{ACCOUNT}/retire", body={"reason": "over"}, key="k")
    other = api(f"POST /accounts/{ACCOUNT}/retire", body={"reason": "done"}, key="k")

    assert first.body == second.body
    assert other.status == 409


def test_rows_of_other_kinds_are_in_no_list(api: Api) -> None:
    an_account(api)
    a_retirement(api, "ACTIVE")
    a_row(api, "portal.one")

    assert len(api("GET /accounts").body["accounts"]) == 1
    assert len(api("GET /requests").body["requests"]) == 1
