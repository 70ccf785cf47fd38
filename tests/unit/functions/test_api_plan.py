"""The API's plan of a request: what would change, by the request policy and the ledger."""

from __future__ import annotations

import pytest

from tests.unit.functions.api_calls import DOCUMENT, OPERATOR, OTHER, Api, a_row
from tests.unit.functions.test_api_accounts import ACCOUNT, an_account
from vending.request.account_request import parse

MORE = DOCUMENT | {"organizationalUnit": "/Workloads/Other"}


def test_plan_of_a_new_account_is_the_request_with_its_defaults(api: Api) -> None:
    answer = api("POST /plan", body=DOCUMENT)

    plan = answer.body
    assert answer.status == 200
    assert plan["requestId"].startswith("portal.r-")
    assert plan["request"] == parse(DOCUMENT).normalised() | {"requestId": plan["requestId"]}
    assert (plan["state"], plan["accountId"], plan["changes"]) == (None, None, None)
    assert api.started == []


def test_plan_of_a_change_says_what_differs_from_the_account(api: Api) -> None:
    a_row(api, "portal.one", "VENDED", accountId=ACCOUNT)
    an_account(api)

    plan = api("POST /plan", body=MORE | {"requestId": "one"}).body

    assert (plan["accountId"], plan["state"]) == (ACCOUNT, "VENDED")
    assert plan["revision"] == 1
    assert plan["changes"] == ["organizational unit /Workloads/Sandbox -> /Workloads/Other"]


@pytest.mark.parametrize(("by", "is_seen"), [(OTHER, False), (OPERATOR, True)])
def test_plan_shows_nothing_of_an_account_that_the_caller_does_not_see(
    api: Api, by: str, is_seen: bool
) -> None:
    an_account(api)
    other = api.world.policy["requesters"]["other"]
    api.world.policy["requesters"]["other"] = other | {
        "sources": ["existing"],
        "accountIds": ["*"],
    }
    adopting = {"source": "existing", "account": {"accountId": ACCOUNT}}

    plan = api("POST /plan", body=adopting, by=by).body

    assert plan["accountId"] == ACCOUNT
    assert (plan["revision"] is not None) == is_seen
    assert (plan["changes"] is not None) == is_seen


def test_plan_refuses_with_every_mistake(api: Api) -> None:
    answer = api("POST /plan", body={"account": {"email": "x"}, "tags": []})

    assert answer.status == 400
    assert {one.partition(":")[0] for one in answer.problems} == {
        "account.email",
        "account.name",
        "tags",
    }


def test_plan_refuses_what_the_request_policy_does_not_grant(api: Api) -> None:
    answer = api("POST /plan", body=DOCUMENT | {"organizationalUnit": "/Security"})

    assert answer.status == 403
    assert "organizationalUnit" in answer.problems[0]


@pytest.mark.parametrize("route", ["POST /plan", f"PUT /accounts/{ACCOUNT}"])
@pytest.mark.parametrize(("revision", "is_refused"), [(1, False), (2, True)])
def test_change_of_another_revision_is_refused_at_once(
    api: Api, route: str, revision: int, is_refused: bool
) -> None:
    a_row(api, "portal.one", "VENDED", accountId=ACCOUNT)
    an_account(api)

    answer = api(route, body=MORE | {"requestId": "portal.one", "ifRevision": revision})

    assert (answer.status == 409) == is_refused, answer.body
    if is_refused:
        assert answer.body["code"] == "RequestConflict"
        assert "the account is at revision 1" in answer.body["detail"]
        assert api.started == []


@pytest.mark.parametrize("route", ["POST /plan", f"PUT /accounts/{ACCOUNT}"])
@pytest.mark.parametrize(
    ("email", "is_refused"),
    [("aws+1@example.com", False), ("aws+2@example.com", False), ("root@evil.example", True)],
)
def test_email_that_the_caller_may_not_give_an_account_is_refused_at_once(
    api: Api, route: str, email: str, is_refused: bool
) -> None:
    a_row(api, "portal.one", "VENDED", accountId=ACCOUNT)
    an_account(api)
    api.world.policy["requesters"]["portal"] |= {"sources": ["existing"], "accountIds": ["*"]}
    existing = {
        "requestId": "portal.one",
        "source": "existing",
        "account": {"accountId": ACCOUNT, "email": email},
        "organizationalUnit": "/Workloads/Sandbox",
    }

    answer = api(route, body=existing)

    assert answer.status in ((403,) if is_refused else (200, 202)), answer
    if is_refused:
        assert "account.email: is none that" in answer.problems[0]
