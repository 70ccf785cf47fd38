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
    "pattern",
    [
        "{",
        "[]",
        '{"source": "x"}',
        '{"source": []}',
        '{"detail": {"a": 1}}',
        '{"source": [["x"]]}',
        '{"source": [{"prefx": "x"}]}',
        '{"source": [{"exists": "yes"}]}',
        '{"source": [{"prefix": "x", "suffix": "y"}]}',
        '{"source": [{"numeric": [">"]}]}',
        '{"source": [{"numeric": ["~", 1]}]}',
        '{"source": [{"anything-but": {"numeric": ["=", 1]}}]}',
        '{"$or": [{"source": "x"}]}',
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidEventPatternException):
        parse(pattern)
