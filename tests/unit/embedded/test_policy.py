"""Evaluation of policy documents, by table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from embedded.policies.policy import Decision, PolicyInvalid, compile_policy, decide

ALLOWED, NOT_ALLOWED, DENIED = Decision.ALLOWED, Decision.NOT_ALLOWED, Decision.DENIED


def statement(
    action: Any = "*", resource: Any = "*", *, effect: str = "Allow", **more: Any
) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def decision(
    *statements: dict[str, Any],
    action: str = "s3:GetObject",
    resource: str = "arn:aws:s3:::box/key",
    version: str = "2012-10-17",
    **context: Any,
) -> Decision:
    document = {"Version": version, "Statement": list(statements)}
    values = {
        key.replace("__", ":").replace("_of_", "/").lower(): (value,)
        if isinstance(value, str)
        else tuple(value)
        for key, value in context.items()
    }
    return decide(compile_policy(json.dumps(document)), action, resource, values)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        pytest.param([], NOT_ALLOWED, id="nothing"),
        pytest.param([statement("s3:GetObject")], ALLOWED, id="action"),
        pytest.param([statement("S3:getobject")], ALLOWED, id="action-case"),
        pytest.param([statement("s3:Get*")], ALLOWED, id="action-star"),
        pytest.param([statement("s3:Get?bject")], ALLOWED, id="action-question-mark"),
        pytest.param([statement("s3:Get")], NOT_ALLOWED, id="action-prefix-only"),
        pytest.param([statement("s3:GetObjectAcl")], NOT_ALLOWED, id="action-longer"),
        pytest.param([statement(["s3:Put*", "s3:*"])], ALLOWED, id="action-list"),
        pytest.param([statement("sqs:*")], NOT_ALLOWED, id="other-service"),
        pytest.param([statement("s3:.etObject")], NOT_ALLOWED, id="regex-dot-is-a-dot"),
        pytest.param([statement("s3:*", "arn:aws:s3:::box/*")], ALLOWED, id="resource-star"),
        pytest.param([statement("s3:*", "arn:*:key")], NOT_ALLOWED, id="resource-star-end"),
        pytest.param([statement("s3:*", "arn:aws:s3:::box")], NOT_ALLOWED, id="resource-prefix"),
        pytest.param([statement("s3:*", "arn:aws:s3:::BOX/key")], NOT_ALLOWED, id="resource-case"),
        pytest.param([statement("s3:*", "arn:aws:s3:::b?x/key")], ALLOWED, id="resource-mark"),
        pytest.param(
            [statement("s3:*", ["arn:aws:s3:::a/*", "arn:aws:s3:::box/*"])],
            ALLOWED,
            id="resource-list",
        ),
        pytest.param(
            [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}],
            NOT_ALLOWED,
            id="not-action",
        ),
        pytest.param(
            [{"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}],
            ALLOWED,
            id="not-action-other",
        ),
        pytest.param(
            [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::box/*"}],
            NOT_ALLOWED,
            id="not-resource",
        ),
        pytest.param(
            [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::other/*"}],
            ALLOWED,
            id="not-resource-other",
        ),
        pytest.param([statement(), statement("s3:Get*", effect="Deny")], DENIED, id="deny-last"),
        pytest.param([statement("s3:Get*", effect="Deny"), statement()], DENIED, id="deny-first"),
        pytest.param([statement("s3:Put*", effect="Deny"), statement()], ALLOWED, id="deny-other"),
        pytest.param([statement("s3:Get*", effect="Deny")], DENIED, id="deny-alone"),
        pytest.param(
            [{"Effect": "Deny", "NotAction": "sqs:*", "Resource": "*"}, statement()],
            DENIED,
            id="deny-not-action",
        ),
    ],
)
def test_decision_by_action_and_resource(
    statements: list[dict[str, Any]], expected: Decision
) -> None:
    assert decision(*statements) is expected


def condition(operator: str, key: str, value: Any) -> dict[str, Any]:
    return statement(Condition={operator: {key: value}})


ORG = "organizations:ServicePrincipal"
TAGS = "aws:TagKeys"


@pytest.mark.parametrize(
    ("operator", "key", "value", "context", "holds"),
    [
        ("StringEquals", ORG, "ram.amazonaws.com", {"x": "ram.amazonaws.com"}, True),
        ("StringEquals", ORG, "ram.amazonaws.com", {"x": "sso.amazonaws.com"}, False),
        ("StringEquals", ORG, "ram.amazonaws.com", {}, False),
        ("StringEquals", ORG, ["a", "b"], {"x": "b"}, True),
        ("StringEquals", ORG, "r*", {"x": "ram"}, False),
        ("StringEquals", ORG, "RAM", {"x": "ram"}, False),
        ("StringEqualsIgnoreCase", ORG, "RAM", {"x": "ram"}, True),
        ("StringEqualsIfExists", ORG, "a", {}, True),
        ("StringEqualsIfExists", ORG, "a", {"x": "b"}, False),
        ("StringNotEquals", ORG, "a", {"x": "b"}, True),
        ("StringNotEquals", ORG, ["a", "b"], {"x": "b"}, False),
        ("StringNotEquals", ORG, "a", {}, True),
        ("StringNotEqualsIgnoreCase", ORG, "A", {"x": "a"}, False),
        ("StringLike", ORG, "*.amazonaws.com", {"x": "ram.amazonaws.com"}, True),
        ("StringLike", ORG, "*.amazonaws.com", {"x": "ram.example.com"}, False),
        ("StringNotLike", ORG, "*.amazonaws.com", {"x": "ram.amazonaws.com"}, False),
        ("StringNotLike", ORG, "*.amazonaws.com", {}, True),
        ("Null", ORG, "true", {}, True),
        ("Null", ORG, "true", {"x": "a"}, False),
        ("Null", ORG, False, {"x": "a"}, True),
        ("Null", ORG, "false", {}, False),
        ("Bool", ORG, True, {"x": "true"}, True),
        ("Bool", ORG, "false", {"x": "true"}, False),
        ("ArnLike", ORG, "arn:aws:s3:::b*", {"x": "arn:aws:s3:::box/key"}, True),
        ("ArnEquals", ORG, "arn:aws:*:::box", {"x": "arn:aws:s3:::box"}, True),
        ("ArnLike", ORG, "arn:aws:*", {"x": "arn:aws:s3:::box"}, False),
        ("ArnLike", ORG, "arn:aws:*:box", {"x": "arn:aws:s3:::box"}, False),
        ("ArnLike", ORG, "arn:aws:iam::*:role/*", {"x": "arn:aws:iam::1:role/p/q:r"}, True),
        ("ArnNotLike", ORG, "arn:aws:s3:::b*", {"x": "arn:aws:s3:::box"}, False),
        ("NumericLessThan", ORG, "10", {"x": "9.5"}, True),
        ("NumericLessThan", ORG, 10, {"x": "10"}, False),
        ("NumericLessThanEquals", ORG, 10, {"x": "10"}, True),
        ("NumericGreaterThan", ORG, 10, {"x": "11"}, True),
        ("NumericGreaterThanEquals", ORG, 10, {"x": "9"}, False),
        ("NumericEquals", ORG, "10", {"x": "10.0"}, True),
        ("NumericEquals", ORG, "10", {"x": "ten"}, False),
        ("NumericNotEquals", ORG, "10", {"x": "11"}, True),
        ("DateLessThan", ORG, "2027-01-01T00:00:00Z", {"x": "2026-11-20T05:00:00+00:00"}, True),
        ("DateGreaterThan", ORG, "2027-01-01", {"x": "2026-11-20T05:00:00+00:00"}, False),
        ("DateEquals", ORG, "1970-01-01T00:01:00Z", {"x": "60"}, True),
        ("IpAddress", ORG, "127.0.0.0/8", {"x": "127.0.0.1"}, True),
        ("NotIpAddress", ORG, "127.0.0.0/8", {"x": "127.0.0.1"}, False),
        ("ForAllValues:StringEquals", TAGS, ["a", "b"], {"x": ["a"]}, True),
        ("ForAllValues:StringEquals", TAGS, ["a", "b"], {"x": ["a", "c"]}, False),
        ("ForAllValues:StringEquals", TAGS, ["a"], {}, True),
        ("ForAllValues:StringLike", TAGS, ["a*"], {"x": ["ab", "ac"]}, True),
        ("ForAllValues:StringNotEquals", TAGS, ["a"], {"x": ["b", "a"]}, False),
        ("ForAnyValue:StringEquals", TAGS, ["a", "b"], {"x": ["c", "b"]}, True),
        ("ForAnyValue:StringEquals", TAGS, ["a"], {"x": ["c"]}, False),
        ("ForAnyValue:StringEquals", TAGS, ["a"], {}, False),
        ("ForAnyValue:StringNotEquals", TAGS, ["a"], {"x": ["a", "b"]}, True),
        ("ForAnyValue:StringNotEquals", TAGS, ["a"], {}, False),
        ("ForAnyValue:StringEqualsIfExists", TAGS, ["a"], {}, True),
    ],
    ids=lambda value: json.dumps(value) if not isinstance(value, str) else value,
)
def test_condition_operators(
    operator: str, key: str, value: Any, context: dict[str, Any], holds: bool
) -> None:
    named = {key.replace(":", "__"): context["x"]} if context else {}

    allowed = decision(condition(operator, key, value), **named)

    assert (allowed is ALLOWED) == holds


def test_conditions_of_a_statement_must_all_hold() -> None:
    both = statement(Condition={"StringEquals": {"a:x": "1", "a:y": "2"}, "Null": {"a:z": "true"}})

    assert decision(both, a__x="1", a__y="2") is ALLOWED
    assert decision(both, a__x="1", a__y="3") is NOT_ALLOWED
    assert decision(both, a__x="1", a__y="2", a__z="3") is NOT_ALLOWED


def test_condition_keys_are_compared_without_case() -> None:
    assert decision(condition("StringEquals", "AWS:tagkeys", "a"), aws__TagKeys="a") is ALLOWED


def test_deny_whose_condition_does_not_hold_denies_nothing() -> None:
    deny = statement(effect="Deny", Condition={"StringEquals": {"a:x": "1"}})

    assert decision(statement(), deny, a__x="2") is ALLOWED
    assert decision(statement(), deny, a__x="1") is DENIED


@pytest.mark.parametrize(
    ("resource", "team", "expected"),
    [
        ("arn:aws:s3:::${aws:team}/*", "box", ALLOWED),
        ("arn:aws:s3:::${aws:Team}/key", "other", NOT_ALLOWED),
        ("arn:aws:s3:::${aws:team}/*", "*", NOT_ALLOWED),
        ("arn:aws:s3:::${aws:team}/*", ".*", NOT_ALLOWED),
        ("arn:aws:s3:::${aws:absent}/*", "box", NOT_ALLOWED),
        ("arn:aws:s3:::${aws:absent, 'box'}/*", "box", ALLOWED),
        ("arn:aws:s3:::box/${*}", "box", NOT_ALLOWED),
    ],
)
def test_policy_variables_in_resources(resource: str, team: str, expected: Decision) -> None:
    assert decision(statement(resource=resource), aws__team=team) is expected


def test_policy_variables_in_conditions() -> None:
    same = condition("StringEquals", "a:owner", "${aws:team}")

    assert decision(same, a__owner="x", aws__team="x") is ALLOWED
    assert decision(same, a__owner="y", aws__team="x") is NOT_ALLOWED
    assert decision(same, a__owner="y") is NOT_ALLOWED


def test_policy_variables_are_plain_text_in_the_old_version() -> None:
    mine = statement(resource="arn:aws:s3:::${aws:team}/*")

    assert decision(mine, version="2008-10-17", aws__team="box") is NOT_ALLOWED


def test_policy_with_one_statement_outside_a_list() -> None:
    compiled = compile_policy({"Version": "2012-10-17", "Statement": statement("s3:*")})

    assert decide(compiled, "s3:GetObject", "*", {}) is ALLOWED


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "with a Statement"),
        ({"Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]}, "Effect"),
        ({"Statement": [{"Effect": "Allow", "Resource": "*"}]}, "either Action or NotAction"),
        ({"Statement": [{"Effect": "Allow", "Action": "*"}]}, "either Resource or NotResource"),
        (
            {"Statement": [statement() | {"NotAction": "s3:*"}]},
            "either Action or NotAction",
        ),
        ({"Statement": [condition("StringRegex", "a:b", "c")]}, "StringRegex"),
        ({"Statement": [condition("ForSome:StringLike", "a:b", "c")]}, "ForSome"),
        ({"Statement": [condition("StringLike", "a:b", [])]}, "no values"),
        ({"Statement": [statement(action={"a": 1})]}, "list of strings"),
    ],
)
def test_malformed_policy_is_refused(document: Any, complaint: str) -> None:
    with pytest.raises(PolicyInvalid, match=complaint):
        compile_policy(document)
