"""Event patterns: every comparison operator, on every shape of event."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.events.exceptions import InvalidEventPatternException

from embedded.eventbridge.patterns import matches, parse

EVENT = {
    "source": "shop.orders",
    "detail-type": "OrderPlaced",
    "resources": ["arn:a", "arn:b"],
    "detail": {
        "name": "Café Zürich",
        "path": "dir/file.png",
        "price": 12.5,
        "count": 3,
        "open": True,
        "none": None,
        "empty": "",
        "list": [],
        "object": {"inner": "x"},
        "ip": "10.0.0.7",
        "tags": ["red", "green"],
        "items": [{"id": "a", "n": 1}, {"id": "b", "n": 2}],
        "star": "a*b\\c",
    },
}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"name": ["Café Zürich"]}, True),
        ({"name": ["other", "Café Zürich"]}, True),
        ({"name": ["other"]}, False),
        ({"missing": ["x"]}, False),
        ({"count": [3]}, True),
        ({"count": [3.0]}, True),
        ({"count": ["3"]}, False),
        ({"count": [True]}, False),
        ({"open": [True]}, True),
        ({"open": [1]}, False),
        ({"none": [None]}, True),
        ({"missing": [None]}, False),
        ({"empty": [""]}, True),
        ({"object": {"inner": ["x"]}}, True),
        ({"object": {"inner": ["y"]}}, False),
        ({"name": {"inner": ["x"]}}, False),
        ({"tags": ["green"]}, True),
        ({"tags": ["blue"]}, False),
        ({"items": {"id": ["b"]}}, True),
        ({"items": {"id": ["b"], "n": [2]}}, True),
        ({"items": {"id": ["b"], "n": [1]}}, False),
        ({"name": [{"prefix": "Café"}]}, True),
        ({"name": [{"prefix": "café"}]}, False),
        ({"name": [{"prefix": {"equals-ignore-case": "cAFÉ"}}]}, True),
        ({"count": [{"prefix": "3"}]}, False),
        ({"path": [{"suffix": ".png"}]}, True),
        ({"path": [{"suffix": {"equals-ignore-case": ".PNG"}}]}, True),
        ({"path": [{"suffix": ".jpg"}]}, False),
        ({"name": [{"equals-ignore-case": "CAFÉ ZÜRICH"}]}, True),
        ({"name": [{"equals-ignore-case": "cafe"}]}, False),
        ({"price": [{"numeric": [">", 10, "<=", 12.5]}]}, True),
        ({"price": [{"numeric": ["<", 12.5]}]}, False),
        ({"count": [{"numeric": ["=", 3]}]}, True),
        ({"name": [{"numeric": [">", 0]}]}, False),
        ({"open": [{"numeric": ["=", 1]}]}, False),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, True),
        ({"ip": [{"cidr": "10.0.1.0/24"}]}, False),
        ({"name": [{"cidr": "10.0.0.0/24"}]}, False),
        ({"path": [{"wildcard": "dir/*.png"}]}, True),
        ({"path": [{"wildcard": "*/f*e.*"}]}, True),
        ({"path": [{"wildcard": "dir/*.jpg"}]}, False),
        ({"star": [{"wildcard": "a\\*b\\\\c"}]}, True),
        ({"path": [{"wildcard": "dir\\*"}]}, False),
        ({"path": [{"wildcard": "dir/file.png"}]}, True),
        ({"path": [{"wildcard": "dir/file?png"}]}, False),
        ({"name": [{"exists": True}]}, True),
        ({"none": [{"exists": True}]}, True),
        ({"missing": [{"exists": False}]}, True),
        ({"missing": [{"exists": True}]}, False),
        ({"name": [{"exists": False}]}, False),
        ({"missing": {"inner": [{"exists": False}]}}, True),
        ({"list": [{"exists": True}]}, False),
        ({"object": [{"exists": True}]}, False),
        ({"name": [{"anything-but": "other"}]}, True),
        ({"name": [{"anything-but": ["other", "Café Zürich"]}]}, False),
        ({"count": [{"anything-but": [3, 4]}]}, False),
        ({"missing": [{"anything-but": "x"}]}, False),
        ({"name": [{"anything-but": {"prefix": "Ca"}}]}, False),
        ({"name": [{"anything-but": {"suffix": ["x", "y"]}}]}, True),
        ({"name": [{"anything-but": {"equals-ignore-case": ["CAFÉ ZÜRICH"]}}]}, False),
        ({"path": [{"anything-but": {"wildcard": "*.jpg"}}]}, True),
        ({"tags": [{"anything-but": "red"}]}, True),
        ({"$or": [{"count": [9]}, {"open": [True]}]}, True),
        ({"$or": [{"count": [9]}, {"open": [False]}]}, False),
        ({"name": ["other"], "$or": [{"open": [True]}]}, False),
        ({"$or": [{"object": {"inner": ["x"]}}, {"count": [9]}]}, True),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
def test_a_pattern_matches_as_on_aws(detail: dict[str, Any], expected: bool) -> None:
    pattern = parse(json.dumps({"source": ["shop.orders"], "detail": detail}))

    assert matches(pattern, EVENT) is expected


def test_fields_of_the_envelope_match() -> None:
    assert matches(parse('{"resources": ["arn:b"], "detail-type": ["OrderPlaced"]}'), EVENT)
    assert not matches(parse('{"source": ["shop"], "detail-type": ["OrderPlaced"]}'), EVENT)
    assert matches(parse('{"$or": [{"source": ["x"]}, {"detail-type": [{"prefix": "O"}]}]}'), EVENT)


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        ({"a.b": ["x"]}, {"a": {"b": "x"}}, True),
        ({"a": {"b": ["x"]}}, {"a.b": "x"}, True),
        ({"a.b": ["x"]}, {"a.b": "x"}, True),
        ({"a.b": ["x"]}, {"a": {"b": "y"}}, False),
        ({"a.b": {"b": ["x"]}}, {"a": {"b": "x"}}, False),
        ({"a": {"b.c": ["x"]}}, {"a.b": {"c": "x"}}, True),
        ({"a": ["x"], "a.b": ["y"]}, {"a": "x", "a.b": "y"}, True),
        ({"a.b": ["x"], "a.c": ["y"]}, {"a": {"b": "x", "c": "y"}}, True),
        ({"a.b": ["x"], "a.c": ["y"]}, {"a": [{"b": "x", "c": "z"}, {"c": "y"}]}, False),
        ({"a.b": ["x"]}, {"a": 1, "a.b": "x"}, True),
        ({"$or": [{"a.b": ["x"]}, {"c": ["y"]}]}, {"a": {"b": "x"}}, True),
        ({"a.b": [{"exists": False}]}, {"a": {"b": "x"}}, False),
    ],
)
def test_a_dot_in_a_name_is_a_step(
    pattern: dict[str, Any], event: dict[str, Any], expected: bool
) -> None:
    parsed = parse(json.dumps({"detail": pattern}))

    assert matches(parsed, {"detail": event}) is expected


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("{", "Invalid JSON"),
        ("[]", "Filter is not an object"),
        ("{}", "Empty objects are not allowed"),
        ('{"source": "x"}', '"source" must be an object or an array'),
        ('{"source": []}', "Empty arrays are not allowed"),
        ('{"detail": {"a": 1}}', '"a" must be an object or an array'),
        ('{"$or": [{"source": "x"}]}', '"source" must be an object or an array'),
        ('{"a": [["x"]]}', "Match value must be String, number, true, false, or null"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(InvalidEventPatternException) as refused:
        parse(pattern)

    assert refused.value.message == f"Event pattern is not valid. Reason: {reason}"


ANYTHING_BUT = "Value of anything-but must be an array or single string/number value."
IGNORE_CASE = (
    "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
)
MIXED = (
    "Inside anything but list, either all values are number or string, mixed type is not supported"
)
AFFIX = "prefix/suffix match pattern must be a string"


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({}, "Match expression name not found"),
        ({"prefx": "x"}, "Unrecognized match type prefx"),
        ({"EXISTS": True}, "Unrecognized match type EXISTS"),
        ({"prefix": "x", "suffix": "y"}, "Only one key allowed in match expression"),
        ({"exists": "yes"}, "exists match pattern must be either true or false."),
        ({"prefix": 1}, "prefix match pattern must be a string"),
        ({"prefix": ["x"]}, "prefix match pattern must be a string"),
        ({"prefix": {"wildcard": "x"}}, "Unsupported prefix pattern: wildcard"),
        ({"suffix": None}, "suffix match pattern must be a string"),
        (
            {"suffix": {"equals-ignore-case": 1}},
            "equals-ignore-case match pattern must be a string",
        ),
        ({"equals-ignore-case": ["x"]}, "equals-ignore-case match pattern must be a string"),
        ({"wildcard": ["x"]}, "wildcard match pattern must be a string"),
        ({"wildcard": "ab**c"}, "Consecutive wildcard characters at pos 3"),
        ({"wildcard": "a\\b"}, "Invalid escape character at pos 2"),
        ({"cidr": ["10.0.0.0/8"]}, "prefix match pattern must be a string"),
        ({"cidr": "10.0.0.0"}, "Malformed CIDR, one '/' required"),
        ({"cidr": "10.0.0.0/x"}, "Malformed CIDR, mask bits must be an integer"),
        ({"cidr": "10.0.x.0/8"}, "Nonstandard IP address: 10.0.x.0"),
        ({"cidr": "10.0.0.0/32"}, "IPv4 mask bits must be < 32"),
        ({"numeric": 1}, "Value of numeric must be an array."),
        ({"numeric": ["~", 1]}, "Unrecognized numeric range operator: ~"),
        ({"numeric": ["=", "1"]}, "Value of equals must be numeric"),
        ({"numeric": [">"]}, "Value of > must be numeric"),
        ({"numeric": [">", 0, ">", 1]}, "Bad numeric range operator: >"),
        ({"numeric": [">", 0, "<"]}, "Value of < must be numeric"),
        ({"numeric": [">", 1, "<", 1]}, "Bottom must be less than top"),
        ({"numeric": ["<", 1, ">", 0]}, "Too many elements in numeric expression"),
        ({"anything-but": None}, ANYTHING_BUT),
        ({"anything-but": {"prefix": {"equals-ignore-case": "x"}}}, ANYTHING_BUT),
        (
            {"anything-but": ["x", None]},
            "Inside anything but list, start|null|boolean is not supported.",
        ),
        (
            {"anything-but": ["x", 1]},
            MIXED,
        ),
        ({"anything-but": {"numeric": ["=", 1]}}, "Unsupported anything-but pattern: numeric"),
        ({"anything-but": {"equals-ignore-case": [1]}}, IGNORE_CASE),
        ({"anything-but": {"prefix": 1}}, AFFIX),
        ({"anything-but": {"suffix": ["x", None]}}, AFFIX),
        ({"anything-but": {"suffix": ""}}, "Null prefix/suffix not allowed"),
        ({"anything-but": {"wildcard": [1]}}, "wildcard match pattern must be a string"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
def test_a_wrong_filter_is_refused_with_awss_reason(wanted: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidEventPatternException) as refused:
        parse(json.dumps({"detail": {"a": [wanted]}}))

    assert refused.value.message == f"Event pattern is not valid. Reason: {reason}"
