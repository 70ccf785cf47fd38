"""What two policies have different: compared as JSON, shown in few lines, found in little time."""

from __future__ import annotations

import json
import random
import time

import pytest

from vending.organization.policy_difference import difference


def denying(*actions: str) -> str:
    statement = {"Effect": "Deny", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_difference_shows_what_goes_and_what_comes() -> None:
    shown = difference(denying("iam:*", "s3:*"), denying("iam:*", "ec2:*"))

    assert shown.splitlines() == [
        "--- the policy in the organization",
        "+++ the content given",
        '     "iam:*",',
        '-    "s3:*"',
        '+    "ec2:*"',
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"b": 1, "a": [2]}', '{ "a":[2],\n"b":1 }'),
        ("no JSON", "no JSON"),
        ('{"a": "\\u00e9"}', '{"a": "é"}'),
    ],
)
def test_spaces_order_and_spelling_are_no_difference(one: str, other: str) -> None:
    assert difference(one, other) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1}', '{"a": true}'),
        ('{"a": [1, 2]}', '{"a": [2, 1]}'),
        ("{}", '{"a": {}}'),
        ("no JSON", "{}"),
        ("[" * 5_000, "[" * 5_001),
    ],
    ids=["number and truth", "order of a list", "more", "no JSON", "deep"],
)
def test_what_is_not_the_same_json_is_a_difference(one: str, other: str) -> None:
    assert difference(one, other) != ""
    assert difference(other, one) != ""


def test_difference_of_policies_that_have_nothing_alike_is_short_and_soon_found() -> None:
    picked = random.Random(1)
    one, other = (denying(*(f"s3:{picked.randrange(60)}" for _ in range(1_000))) for _ in range(2))

    began = time.process_time()
    shown = difference(one, other)
    took = time.process_time() - began

    assert len(shown) < 2_600
    assert shown.splitlines()[-1].startswith("… and ")
    assert took < 1


def test_long_and_hidden_text_does_not_get_into_the_difference() -> None:
    shown = difference("{}", json.dumps({"a": "\u202e" + "x" * 5_000}))
    raw = difference("plain\x1b[2J", "other\u202e")

    assert max(map(len, shown.splitlines())) < 100
    assert "\u202e" not in shown + raw
    assert "\x1b" not in raw
