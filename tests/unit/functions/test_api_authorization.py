"""Who may call which route: a cell for each route and each kind of caller."""

from __future__ import annotations

from typing import Any

import pytest

from tests import api_roles
from tests.unit.functions.api_calls import (
    EXECUTION,
    HERE,
    OPERATOR,
    OTHER,
    PORTAL,
    STRANGER,
    Api,
    a_row,
    role,
    session_of,
)
from tests.unit.functions.test_api_accounts import ACCOUNT, an_account
from vending.api.routes import ROUTES, Route
from vending.authorization.principals import of_caller
from vending.authorization.request_policy import RequestPolicyInvalid, parse_policy
from vending.authorization.sender import Sender
from vending.aws.clock import timestamp
from vending.errors.exceptions import RequestNotAllowed
from vending.ledger import keys
from vending.ledger.approval_records import begin
from vending.ledger.table import Put

REVIEWER, WATCH = session_of("Reviewer"), session_of("Watch")
APPROVERS = {
    "reviewers": {"roles": ["approver"], "senders": [{"principal": role("Reviewer")}]},
    "watch": {"roles": ["operator"], "senders": [{"principal": role("Watch")}]},
}

CALLERS = {
    "requester": PORTAL,
    "another requester": OTHER,
    "administrator": OPERATOR,
    "approver": REVIEWER,
    "operator": WATCH,
    "stranger": STRANGER,
    "unauthorized": None,
}


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_route_answers_whom_it_is_for(api: Api, route: Route, caller: str) -> None:
    api.world.policy["requesters"] |= APPROVERS
    api.world.policy["requesters"]["other"]["retire"] = ["/Workloads"]
    approval = begin(
        [{"rule": "all", "approvals": 1, "by": ["reviewers"]}],
        content="",
        expires_at=timestamp(api.world.now + 60),
        at=timestamp(api.world.now),
    )
    a_row(api, "portal.one", api_roles.state_for(route), approval=approval)
    an_account(api)
    if "Retirement" in route.operation:
        waiting: dict[str, Any] = {
            "pk": keys.retirement(ACCOUNT),
            "accountId": ACCOUNT,
            "action": "retire",
            "state": "AWAITING_APPROVAL",
            "executionArn": EXECUTION,
            "approval": approval,
        }
        api.world.ledger.table.put(Put(item=waiting))
    path = route.path.format(requestId="portal.one", accountId=ACCOUNT)

    answer = api(
        f"{route.method} {path}", by=CALLERS[caller], body=api_roles.BODIES.get(route.operation)
    )

    wanted = 403 if caller == "unauthorized" else api_roles.expected(route, caller)
    assert answer.status == wanted, answer.body
    if answer.status >= 400:
        assert api.started == []
        assert api.world.called("StopExecution") == []
        assert "Sandbox" not in str(answer.body)


@pytest.mark.parametrize(
    ("caller", "principal"),
    [
        (session_of("Portal", "a@b"), role("Portal")),
        (role("Portal"), role("Portal")),
        (f"arn:aws:iam::{HERE}:user/team/Ann", f"arn:aws:iam::{HERE}:user/team/Ann"),
        (f"arn:aws:iam::{HERE}:root", f"arn:aws:iam::{HERE}:root"),
        ("arn:aws-us-gov:sts::1:assumed-role/x/y", "arn:aws-us-gov:sts::1:assumed-role/x/y"),
    ],
)
def test_session_is_its_role(caller: str, principal: str) -> None:
    assert of_caller(caller) == principal


def policy(*principals: str, **more: Any) -> Any:
    senders = [{"principal": one} for one in principals]
    return parse_policy(
        {"requesters": {"ops": {"roles": ["administrator"], "senders": senders}}, **more}
    )


def sender(principal: str | None) -> Sender:
    return Sender(account=HERE, source="account-vending.api", principal=principal)


@pytest.mark.parametrize(
    "known",
    [role("Portal"), role("team/Portal"), role("aws-reserved/sso.amazonaws.com/eu-1/Portal")],
)
def test_role_is_known_whatever_its_path(known: str) -> None:
    assert policy(known).requester_of(sender(role("Portal")), here=HERE) == ("ops", None)


@pytest.mark.parametrize(
    "other",
    [
        role("portal"),
        role("Portal2"),
        role("Portal").replace(HERE, "2" * 12),
        role("Portal").replace("role/", "user/"),
        f"arn:aws:iam::{HERE}:root",
        "",
        None,
    ],
)
def test_other_principal_is_nobody(other: str | None) -> None:
    with pytest.raises(RequestNotAllowed):
        policy(role("Portal")).requester_of(sender(other), here=HERE)


def test_event_that_claims_to_come_from_the_api_is_nobodys() -> None:
    accounts = [{"account": HERE, "source": source} for source in ("account-vending.api", "*")]
    open_ = {"roles": ["administrator"], "senders": [*accounts, {"principal": "*"}]}
    known = parse_policy({"demo": True, "requesters": {"all": open_}})

    with pytest.raises(RequestNotAllowed):
        known.requester_of(sender(None), here=HERE)


def test_principal_is_nobody_by_its_account_and_source() -> None:
    by_source = {"account": HERE, "source": "account-vending.api"}
    known = parse_policy(
        {"requesters": {"ops": {"roles": ["administrator"], "senders": [by_source]}}}
    )

    with pytest.raises(RequestNotAllowed):
        known.requester_of(sender(role("Portal")), here=HERE)


@pytest.mark.parametrize(
    ("principals", "problem"),
    [
        (["*"], "is for a demo policy alone"),
        (["portal"], "is not the ARN of a role or a user"),
        ([role("*")], "is not the ARN of a role or a user"),
        ([f"arn:aws:iam::{HERE}:root"], "is not the ARN of a role or a user"),
        ([session_of("Portal")], f"is a session; name its role: {role('Portal')}"),
        ([role("Portal"), role("team/Portal")], "a sender is one requester's"),
    ],
)
def test_principals_that_no_policy_can_have(principals: list[str], problem: str) -> None:
    with pytest.raises(RequestPolicyInvalid, match=problem.replace("*", r"\*")):
        policy(*principals)


def test_sender_is_either_a_principal_or_an_account_and_a_source() -> None:
    for wrong in (
        {"account": HERE},
        {"source": "x"},
        {},
        {"account": HERE, "principal": role("X")},
    ):
        with pytest.raises(RequestPolicyInvalid, match="senders"):
            parse_policy({"requesters": {"ops": {"roles": ["administrator"], "senders": [wrong]}}})
