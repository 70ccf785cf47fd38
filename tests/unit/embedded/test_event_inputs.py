"""What a target of a rule receives."""

from __future__ import annotations

import json
from typing import Any

import pytest

from embedded.eventbridge.inputs import InvalidInput, Occasion, target_input

EVENT: dict[str, Any] = {
    "id": "1",
    "detail-type": "Placed",
    "time": "2026-01-02T03:04:05Z",
    "detail": {"name": 'a "b" \\ ü', "n": 1.5, "list": [{"x": 1}, 2], "none": None},
}
OCCASION = Occasion(rule_arn="arn:rule", rule_name="rule", ingestion_time="2026-01-02T03:04:06Z")
PATHS = {
    "name": "$.detail.name",
    "n": "$.detail.n",
    "list": "$.detail.list",
    "first": "$.detail.list[0].x",
    "type": "$.detail-type",
    "quoted": "$['detail']['name']",
    "none": "$.detail.none",
    "missing": "$.detail.missing",
}


def received(**target: Any) -> Any:
    return json.loads(target_input(target, EVENT, OCCASION))


def test_a_target_receives_the_event() -> None:
    assert received() == EVENT


def test_a_constant_takes_the_events_place() -> None:
    assert received(Input='{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", EVENT),
        ("$.detail", EVENT["detail"]),
        ("$.detail.list[1]", 2),
        ("$.detail-type", "Placed"),
        ("$.nowhere", None),
        ("$.detail.list[9]", None),
    ],
)
def test_a_path_selects_a_part(path: str, expected: Any) -> None:
    assert received(InputPath=path) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"a": <name>}', {"a": 'a "b" \\ ü'}),
        ('{"a": "<name>"}', {"a": 'a "b" \\ ü'}),
        ('{"a": "is <quoted>, <n> times"}', {"a": 'is a "b" \\ ü, 1.5 times'}),
        ('"<type> and \\"<type>\\""', 'Placed and "Placed"'),
        ('{"a": <list>, "b": <n>, "c": <none>}', {"a": [{"x": 1}, 2], "b": 1.5, "c": None}),
        ('"<list>, <n>, <none> and <missing>"', "[{x:1},2], 1.5, null and "),
        ("<first>", 1),
        ('{"a": <missing>, "b": "x<missing>y"}', {"a": "", "b": "xy"}),
        ('{"a": "<unknown>"}', {"a": "<unknown>"}),
        ('{"a": <aws.events.event.json>}', {"a": EVENT}),
        (
            "<aws.events.event>",
            {"id": "1", "detailType": "Placed", "time": "2026-01-02T03:04:05Z"},
        ),
        (
            '{"r": "<aws.events.rule-name>", "a": <aws.events.rule-arn>}',
            {"r": "rule", "a": "arn:rule"},
        ),
        ("<aws.events.event.ingestion-time>", "2026-01-02T03:04:06Z"),
    ],
)
def test_a_template_is_filled_in(template: str, expected: Any) -> None:
    transformer = {"InputPathsMap": PATHS, "InputTemplate": template}

    assert received(InputTransformer=transformer) == expected


def test_a_template_of_several_lines_stays_several_strings() -> None:
    template = '"<n> times"\n"of <list>"'
    transformer = {"InputPathsMap": PATHS, "InputTemplate": template}

    assert target_input({"InputTransformer": transformer}, EVENT, OCCASION) == (
        '"1.5 times"\n"of [{x:1},2]"'
    )


@pytest.mark.parametrize(
    "template", ["{<name>", '{"a": "<list>"}', "<list> of things", '"<n> times"\nof']
)
def test_a_template_that_makes_no_json_is_an_error(template: str) -> None:
    transformer = {"InputPathsMap": PATHS, "InputTemplate": template}

    with pytest.raises(InvalidInput):
        received(InputTransformer=transformer)
