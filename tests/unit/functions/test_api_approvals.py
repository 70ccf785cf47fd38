"""The API's part in approvals: what an approver sees there, and who decides, by identity."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.api_calls import (
    DOCUMENT,
    EXECUTION,
    HERE,
    OPERATOR,
    OTHER,
    PORTAL,
    Api,
    a_row,
    role,
    session_of,
)
from vending.aws.clock import timestamp
from vending.ledger import keys
from vending.ledger.approval_records import begin
from vending.ledger.table import Put
from vending.request.account_request import parse

SSO = "AWSReservedSSO_Team_0123456789abcdef"
REVIEWER = session_of("Reviewer", "ann")
DAY = 86_400


@pytest.fixture(autouse=True)
def approvers(api: Api) -> None:
    """Reviewers approve; people of the team ask, and approve what others ask for."""
    requesters = api.world.policy["requesters"]
    requesters["reviewers"] = {
        "roles": ["approver"],
        "senders": [{"principal": role("Reviewer")}, {"principal": role("Second")}],
    }
    requesters["team"] = requesters["portal"] | {
        "roles": ["requester", "approver"],
        "senders": [{"principal": role(SSO)}],
    }
    requesters["watch"] = {
        "roles": ["operator"],
        "senders": [{"principal": role("Watch")}],
    }
    api.world.policy["approvals"] = {
        "rules": {"production": {"approvals": 1, "by": ["reviewers", "team"]}}
    }


def waiting(
    api: Api,
    request_id: str = "portal.one",
    *,
    by: str = PORTAL,
    approvals: int = 1,
    at: int = 0,
    **more: Any,
) -> dict[str, Any]:
    """A request that waits for approval, asked for by this caller; what it was before."""
    approval = begin(
        [{"rule": "production", "approvals": approvals, "by": ["reviewers", "team"]}],
        content=parse(DOCUMENT).fingerprint(),
        expires_at=timestamp(api.world.now + 14 * DAY),
        at=timestamp(api.world.now),
    )
    requester = request_id.partition(".")[0]
    principal = role(by.split("/")[1])
    sender = {"requester": requester, "account": HERE, "principal": principal}
    sender["source"] = "account-vending.api"
    row = {"approval": approval, "sender": sender, "requestedBy": by, **more}
    a_row(api, request_id, "AWAITING_APPROVAL", at, **row)
    token = f"token-{request_id}"
    api.world.ledger.tokens.save(request_id, EXECUTION, token, awaits="AWAITING_APPROVAL")
    api.world.organization.waiting.add(token)
    return dict(approval)


def test_approver_finds_what_waits_for_them_and_nothing_else(api: Api) -> None:
    waiting(api, "portal.one", at=1)
    waiting(api, "other.two", by=OTHER, at=2)
    a_row(api, "portal.free", "QUEUED")

    answer = api("GET /requests", by=REVIEWER, state="AWAITING_APPROVAL")

    assert [one["requestId"] for one in answer.body["requests"]] == ["other.two", "portal.one"]
    (_, first) = answer.body["requests"]
    assert first["approval"]["required"] == 1
    assert first["approval"]["rules"] == ["production"]
    assert first["approval"]["by"] == ["reviewers", "team"]
    assert first["approval"]["expiresAt"] == timestamp(api.world.now + 14 * DAY)
    assert first["approval"]["decisions"] == []
    assert first["approval"]["outcome"] is None
    assert api("GET /requests/portal.free", by=REVIEWER).status == 404
    assert api("GET /requests/portal.one", by=REVIEWER).status == 200


def test_approval_is_recorded_with_who_when_and_why(api: Api) -> None:
    waiting(api)

    answer = api("POST /requests/portal.one/approve", by=REVIEWER, body={"reason": "agreed"})

    assert answer.status == 200
    assert answer.body["state"] == "REQUESTED"
    assert answer.body["approval"]["outcome"] == "APPROVED"
    assert answer.body["approval"]["decisions"] == [
        {
            "by": REVIEWER,
            "requester": "reviewers",
            "decision": "APPROVED",
            "at": timestamp(api.world.now),
            "reason": "agreed",
        }
    ]
    (sent,) = api.world.called("SendTaskSuccess")
    assert (sent["taskToken"], sent["output"]) == ("token-portal.one", "{}")


def test_approval_needs_no_body_and_a_rejection_needs_its_reason(api: Api) -> None:
    waiting(api, "portal.one")
    waiting(api, "portal.two")

    refused = api("POST /requests/portal.two/reject", by=REVIEWER, body={})

    assert refused.status == 400
    assert refused.problems == ["reason: is required"]
    assert api("POST /requests/portal.one/approve", by=REVIEWER).status == 200
    rejected = api("POST /requests/portal.two/reject", by=REVIEWER, body={"reason": "too many"})
    assert (rejected.status, rejected.body["state"]) == (200, "AWAITING_APPROVAL")
    assert rejected.body["approval"]["outcome"] == "REJECTED"


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"reason": 7}, {"why": "x"}, {"content": "x"}])
def test_body_that_is_none_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    waiting(api)

    assert api("POST /requests/portal.one/approve", by=REVIEWER, body=wrong).status == 400
    assert api.world.called("UpdateItem") == []


def test_double_click_is_one_approval_and_a_change_of_mind_is_a_conflict(api: Api) -> None:
    waiting(api)

    first, second = (api("POST /requests/portal.one/approve", by=REVIEWER) for _ in range(2))
    other = api("POST /requests/portal.one/reject", by=REVIEWER, body={"reason": "no"})

    assert (first.status, second.status) == (200, 200)
    assert first.body == second.body
    assert (other.status, other.body["code"]) == (409, "ApprovalDecided")
    assert REVIEWER in other.body["detail"]


@pytest.mark.parametrize(
    ("asker", "decider", "status"),
    [
        pytest.param(
            session_of(SSO, "ann"), session_of(SSO, "bob"), 200, id="two people of a permission set"
        ),
        pytest.param(session_of(SSO, "ann"), session_of(SSO, "ann"), 403, id="the same person"),
        pytest.param(
            session_of("Reviewer", "ann"), session_of("Reviewer", "bob"), 403, id="one role, named"
        ),
        pytest.param(
            session_of("Reviewer", "ann"), session_of("Second", "ann"), 200, id="two roles"
        ),
    ],
)
def test_nobody_approves_their_own_request(api: Api, asker: str, decider: str, status: int) -> None:
    waiting(api, "team.one", by=asker)

    assert api("POST /requests/team.one/approve", by=decider).status == status


def test_approver_by_events_does_not_approve_what_their_requester_asked_for(api: Api) -> None:
    senders = [{"account": HERE, "source": "team"}, {"principal": role(SSO)}]
    api.world.policy["requesters"]["team"]["senders"] = senders
    sender = {"requester": "team", "account": HERE, "source": "team"}
    waiting(api, "team.one", by=session_of(SSO, "ann"), sender=sender, requestedBy="somebody")

    # Of an event nobody knows who of them it was.
    assert api("POST /requests/team.one/approve", by=session_of(SSO, "bob")).status == 403
    assert api("POST /requests/team.one/approve", by=REVIEWER).status == 200


def test_two_approvals_are_of_two_people(api: Api) -> None:
    waiting(api, approvals=2)

    first = api("POST /requests/portal.one/approve", by=session_of("Reviewer", "ann"))
    same = api("POST /requests/portal.one/approve", by=session_of("Reviewer", "bob"))
    other = api("POST /requests/portal.one/approve", by=session_of("Second"))

    assert first.body == same.body
    assert first.body["state"] == "AWAITING_APPROVAL"
    assert other.body["approval"]["outcome"] == "APPROVED"
    assert len(other.body["approval"]["decisions"]) == 2


def test_whom_the_rule_does_not_name_decides_nothing(api: Api) -> None:
    waiting(api)

    statuses = {
        caller: api("POST /requests/portal.one/approve", by=caller).status
        for caller in (PORTAL, OTHER, OPERATOR, session_of("Watch"), session_of("Nobody"))
    }

    assert statuses == {
        PORTAL: 403,
        OTHER: 404,
        OPERATOR: 403,
        session_of("Watch"): 403,
        session_of("Nobody"): 403,
    }
    assert api.world.called("UpdateItem") == []


def test_decision_after_the_time_is_a_conflict(api: Api) -> None:
    waiting(api)
    api.world.later(14 * DAY)

    answer = api("POST /requests/portal.one/approve", by=REVIEWER)

    assert (answer.status, answer.body["code"]) == (409, "ApprovalDecided")
    assert "its time was over" in answer.body["detail"]


def test_decision_about_what_was_not_looked_at_is_a_conflict(api: Api) -> None:
    approval = waiting(api)

    other = api("POST /requests/portal.one/approve", by=REVIEWER, body={"content": "0" * 64})
    same = {"content": approval["content"]}

    assert (other.status, other.body["code"]) == (409, "ApprovalDecided")
    assert api("POST /requests/portal.one/approve", by=REVIEWER, body=same).status == 200


def test_approver_neither_cancels_nor_resumes_what_others_asked_for(api: Api) -> None:
    waiting(api)

    assert api("POST /requests/portal.one/cancel", by=REVIEWER).status == 404
    assert api("POST /requests/portal.one/resume", by=REVIEWER).status == 404


def test_operator_sees_and_cancels_every_request_and_asks_for_nothing(api: Api) -> None:
    waiting(api)
    watch = session_of("Watch")
    api.world.organization.executions[EXECUTION] = "RUNNING"

    assert api("GET /requests/portal.one", by=watch).status == 200
    assert api("POST /requests/portal.one/cancel", by=watch).status == 202
    assert api("POST /requests", by=watch, body=DOCUMENT).status == 403


def test_approver_may_have_a_request_of_the_same_name_as_another_requester(api: Api) -> None:
    waiting(api, "team.one", by=session_of(SSO, "ann"))
    waiting(api, "one", by=OPERATOR)

    mine = api("GET /requests/one", by=session_of(SSO, "bob"))

    assert mine.body["requestId"] == "team.one"
    assert api("GET /requests/one", by=REVIEWER).body["requestId"] == "one"


def a_retirement(api: Api, account_id: str, state: str = "AWAITING_APPROVAL") -> None:
    """A retirement in the ledger, which waits for approval."""
    approval = begin(
        [{"rule": "over", "approvals": 1, "by": ["reviewers"]}],
        content="0" * 64,
        expires_at=timestamp(api.world.now + 14 * DAY),
        at=timestamp(api.world.now),
    )
    row = {
        "pk": keys.retirement(account_id),
        "accountId": account_id,
        "state": state,
        "action": "retire",
        "executionArn": EXECUTION,
        "sender": {"requester": "portal", "principal": role("Portal")},
        "requestedBy": PORTAL,
        "updatedAt": timestamp(api.world.now),
        "approval": approval,
    }
    api.world.ledger.table.put(Put(item=row))


def test_approver_finds_and_approves_a_retirement(api: Api) -> None:
    a_retirement(api, "444455556666")
    a_retirement(api, "777788889999", state="RETIRING")

    listed = api("GET /accounts", by=REVIEWER, state="AWAITING_APPROVAL")
    approved = api("POST /accounts/444455556666/approve", by=REVIEWER, body={"reason": "yes"})

    (one,) = listed.body["accounts"]
    assert (one["accountId"], one["state"]) == ("444455556666", "AWAITING_APPROVAL")
    assert one["retirement"]["approval"]["by"] == ["reviewers"]
    assert approved.status == 200
    assert approved.body["approval"]["outcome"] == "APPROVED"
    assert approved.body["approval"]["decisions"][0]["by"] == REVIEWER
    assert api("GET /accounts", by=OTHER, state="AWAITING_APPROVAL").body["accounts"] == []
    assert api("GET /accounts", by=REVIEWER, state="RETIRING").status == 400


def test_approver_looks_at_an_account_that_was_never_vended(api: Api) -> None:
    a_retirement(api, "444455556666")

    shown = {
        by: api("GET /accounts/444455556666", by=by) for by in (REVIEWER, OPERATOR, OTHER, PORTAL)
    }

    assert [one.status for one in shown.values()] == [200, 200, 404, 404]
    found = shown[REVIEWER].body
    assert (found["state"], found["document"]) == ("AWAITING_APPROVAL", None)
    assert (found["requestId"], found["revisions"], found["nextCursor"]) == (None, [], None)
    assert found["retirement"]["approval"]["needs"][0]["rule"] == "over"
    # Nothing else comes of that: it is not changed, and has nobody to restore it by the API.
    body = {"account": {"name": "X"}, "organizationalUnit": "/Workloads"}
    assert api("PUT /accounts/444455556666", by=OPERATOR, body=body).status == 404
    assert api("POST /accounts/444455556666/restore", by=OPERATOR).status == 404


def test_retirement_that_is_not_there_is_not_decided_on(api: Api) -> None:
    assert api("POST /accounts/444455556666/approve", by=REVIEWER).status == 404
    assert api("POST /accounts/none/reject", by=OPERATOR, body={"reason": "x"}).status == 404
