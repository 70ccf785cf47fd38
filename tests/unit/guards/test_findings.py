"""A finding fails unless a suppression with a reason covers it, and a suppression unless needed."""

import pytest

from guards.findings import Finding, Suppression, judge
from guards.suppressions import SUPPRESSIONS

WILDCARD = Finding(rule="AwsSolutions-IAM5[Resource::*]", where="MoveAccount/Grants/Resource")


def suppression(*where: str, rule: str = WILDCARD.rule) -> Suppression:
    return Suppression(rule=rule, where=where, reason="tested")


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        (WILDCARD.rule, WILDCARD.where),
        (WILDCARD.rule, "**/Grants/Resource"),
        ("AwsSolutions-IAM5[**]", WILDCARD.where),
    ],
)
def test_finding_that_is_suppressed_is_no_verdict(rule: str, where: str) -> None:
    assert not judge([WILDCARD], [suppression(where, rule=rule)])


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ("AwsSolutions-IAM5", WILDCARD.where),
        ("AwsSolutions-IAM5[Resource::arn:aws:s3:::**]", WILDCARD.where),
        ("AwsSolutions-IAM5[*]", WILDCARD.where),
        (WILDCARD.rule, "TagResource/Grants/Resource"),
        (WILDCARD.rule, "*/Grants/Resource"),
        (WILDCARD.rule, "MoveAccount"),
    ],
)
def test_finding_of_another_rule_or_place_is_left(rule: str, where: str) -> None:
    verdict = judge([WILDCARD], [suppression(where, rule=rule)])

    assert verdict
    assert verdict.found == (WILDCARD,)


def test_suppression_that_covers_nothing_is_named_by_its_place() -> None:
    other = suppression("CKV", rule="CKV_AWS_27")
    both = suppression(WILDCARD.where, "Gone/Grants/Resource")

    verdict = judge([WILDCARD], [both, other])

    assert verdict.found == ()
    assert verdict.unneeded == ((both, "Gone/Grants/Resource"), (other, "CKV"))


def test_every_suppression_has_a_place_and_a_reason() -> None:
    rules = {one.rule for one in SUPPRESSIONS}

    assert [one.rule for one in SUPPRESSIONS if not one.where or len(one.reason) < 12] == []
    assert len(rules) == len(SUPPRESSIONS)


def test_reason_that_refers_to_another_rule_finds_it() -> None:
    rules = {one.rule for one in SUPPRESSIONS}

    referred = [
        one.reason.removeprefix("as ") for one in SUPPRESSIONS if one.reason.startswith("as ")
    ]

    assert referred
    assert [each for each in referred if not any(rule.endswith(each) for rule in rules)] == []
