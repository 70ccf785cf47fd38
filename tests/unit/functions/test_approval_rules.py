"""Rules of approvals: what is a rule, what it holds for, and what nobody could ever give."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.approving import HERE, POLICY, a_policy
from vending.authorization.approvals_needed import Counted, of_request, of_retirement
from vending.authorization.identities import Identity
from vending.authorization.request_policy import RequestPolicyInvalid, parse_policy, schema
from vending.ledger import approval_records
from vending.ledger.item_types import Need
from vending.request.account_request import AccountRequest, parse

BY = {"by": ["reviewers"]}
KNOWN = "operators, portal, reviewers, security"


def problems(rules: dict[str, Any], **requesters: dict[str, Any]) -> list[str]:
    policy = a_policy(**rules)
    policy["requesters"] |= requesters
    with pytest.raises(RequestPolicyInvalid) as refused:
        parse_policy(policy)
    return refused.value.problems


def request(**changes: Any) -> AccountRequest:
    account = {"name": "Sandbox", "email": "aws+1@example.com"}
    return parse({"account": account, "organizationalUnit": "/Workloads/Web"} | changes)


def rules_of(rules: dict[str, Any], asked: AccountRequest, **more: Any) -> list[str]:
    policy = parse_policy(a_policy(**rules))
    return [need["rule"] for need in of_request(asked, policy, **{"name": "portal"} | more)]


def test_every_mistake_in_a_rule_is_named() -> None:
    found = problems(
        {
            "unknown": {"by": ["nobody"]},
            "powerless": {"by": ["portal"]},
            "twice": {"by": ["reviewers", "reviewers"]},
            "too-many": {"by": ["security"], "approvals": 2},
            "mixed": {"retire": ["/*"], "sources": ["new"], **BY},
        }
    )

    no_role = "has none of approver, operator, administrator, so that it cannot approve"
    too_few = "the requesters that it names can give 1: each of their senders approves once"
    assert found == [
        f"approvals.rules.unknown.by: there is no requester 'nobody'; there is {KNOWN}",
        f"approvals.rules.powerless.by: requesters.portal.roles {no_role}",
        "approvals.rules.twice.by: names a requester twice",
        f"approvals.rules.too-many.approvals: is 2, and {too_few}",
        "approvals.rules.mixed.sources: has no effect beside retire; make a rule of its own of it",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"by": []},
        {**BY, "approvals": 0},
        {**BY, "approvals": 11},
        {**BY, "sources": []},
        {**BY, "sources": ["bought"]},
        {**BY, "organizationalUnits": ["no path"]},
        {**BY, "moreThanPerDay": -1},
        {**BY, "unknown": 1},
    ],
)
def test_rule_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    assert problems({"wrong": wrong})


def test_time_to_decide_has_its_bounds() -> None:
    for days in (0, 31):
        with pytest.raises(RequestPolicyInvalid, match="expireAfterDays"):
            parse_policy(POLICY | {"approvals": {"expireAfterDays": days}})


def test_claim_of_many_people_can_give_many_approvals() -> None:
    people = {"roles": ["approver"], "senders": [{"principal": "claim:reviewers"}]}
    policy = a_policy(many={"by": ["people"], "approvals": 5})
    policy["requesters"]["people"] = people

    assert parse_policy(policy).approvals.rules["many"].approvals == 5


def test_roles_that_do_not_go_together_are_named() -> None:
    senders = {"senders": [{"account": HERE, "source": "x"}]}

    assert problems({}, a=senders | {"roles": ["administrator", "approver"]}) == [
        "requesters.a.roles: administrator includes every other role; leave those out"
    ]
    assert problems({}, a=senders | {"roles": ["approver", "approver"]}) == [
        "requesters.a.roles: names a role twice"
    ]
    assert problems({}, a=senders | {"roles": ["approver"], "emails": ["*"]}) == [
        "requesters.a.emails: has no effect for one who is no requester; leave it out"
    ]
    waived = senders | {"roles": ["administrator"], "countsAsApproved": ["prod*", "other"]}
    assert problems({}, a=waived) == [
        "requesters.a.countsAsApproved: there is no rule 'other' in approvals.rules"
    ]


def test_schema_has_the_rules() -> None:
    assert "approvals" in schema()["properties"]


@pytest.mark.parametrize(
    ("rule", "changes", "holds"),
    [
        ({}, {}, True),
        ({"requesters": ["por*"]}, {}, True),
        ({"requesters": ["other"]}, {}, False),
        ({"organizationalUnits": ["/Workloads"]}, {}, True),
        ({"organizationalUnits": ["/Workloads/Web/A"]}, {}, False),
        ({"organizationalUnits": ["/"]}, {"organizationalUnit": None}, True),
        ({"sources": ["new-govcloud"]}, {}, False),
        ({"sources": ["new-govcloud"]}, {"source": "new-govcloud"}, True),
        ({"policies": ["No*"]}, {"policies": [{"name": "NoLeaving", "type": "TAG_POLICY"}]}, True),
        ({"policies": ["*"]}, {}, False),
        ({"rootAccess": ["RootSessions"]}, {"rootAccess": ["RootSessions"]}, True),
        ({"rootAccess": ["RootSessions"]}, {"rootAccess": ["RootCredentialsManagement"]}, False),
        ({"sources": ["new"], "policies": ["*"]}, {}, False),
        ({"retire": ["/*"]}, {}, False),
    ],
)
def test_rule_holds_where_all_that_it_says_holds(
    rule: dict[str, Any], changes: dict[str, Any], holds: bool
) -> None:
    asked = {"organizationalUnit": "/Workloads/Web"} | changes
    asked = {key: value for key, value in asked.items() if value is not None}
    account = {"name": "Sandbox", "email": "aws+1@example.com"}

    found = rules_of({"one": rule | BY}, parse({"account": account, **asked}))

    assert (found == ["one"]) == holds


def test_rule_looks_at_where_the_account_stands_as_well() -> None:
    rule = {"one": {"organizationalUnits": ["/Production"], **BY}}

    assert rules_of(rule, request(), place=("Production", "Web")) == ["one"]
    assert rules_of(rule, request(), place=("Sandbox",)) == []


def test_rules_about_numbers_hold_by_what_was_counted_or_held_before() -> None:
    rules = {"many": {"moreThanPerDay": 2, **BY}, "more": {"beyondCeilings": True, **BY}}

    assert rules_of(rules, request(), counted=Counted(today=2)) == []
    assert rules_of(rules, request(), counted=Counted(today=3)) == ["many"]
    assert rules_of(rules, request(), counted=Counted(beyond={"perDay": "x"})) == ["more"]
    assert rules_of(rules, request(), counted=Counted(earlier=["many"])) == ["many"]


def test_retirements_have_rules_of_their_own() -> None:
    policy = parse_policy(
        a_policy(over={"retire": ["/Production"], "requesters": ["portal"], **BY}, all=BY)
    )

    def rules(unit: str, name: str) -> list[str]:
        return [need["rule"] for need in of_retirement((unit,), policy, name=name)]

    assert rules("Production", "portal") == ["over"]
    assert rules("Production", "operators") == []
    assert rules("Sandbox", "portal") == []


def need(by: list[str], approvals: int = 1) -> Need:
    return {"rule": "r", "approvals": approvals, "by": by}


@pytest.mark.parametrize(
    ("needs", "required"),
    [
        ([need(["a"])], 1),
        ([need(["a"]), need(["a"], 2)], 2),
        ([need(["a"]), need(["b"])], 2),
        ([need(["a", "b"]), need(["b"])], 1),
        ([need(["b"]), need(["a", "b"], 2)], 3),
    ],
)
def test_required_is_how_many_approvals_suffice(needs: list[Need], required: int) -> None:
    approval = approval_records.begin(needs, content="", expires_at="", at="")

    assert approval["required"] == required


def identity(requester: str, person: str | None, *, in_person: bool = True) -> Identity:
    return Identity(requester=requester, person=person, is_in_person=in_person, name="x")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (identity("a", "ann"), identity("a", "ann"), True),
        (identity("a", "ann"), identity("b", "ann"), True),
        (identity("a", "ann"), identity("a", "bob"), False),
        (identity("a", "1/s", in_person=False), identity("a", "bob"), True),
        (identity("a", "1/s", in_person=False), identity("b", "bob"), False),
        (identity("a", "1/s", in_person=False), identity("a", "1/t", in_person=False), True),
        (identity("administrator", None, in_person=False), identity("a", "ann"), False),
    ],
)
def test_same_person_is_known_as_far_as_can_be(one: Identity, other: Identity, same: bool) -> None:
    assert one.may_be(other) == other.may_be(one) == same
