"""Expressions of definitions: what they yield, and what they never do with data."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from embedded.jsonata.evaluator import UNDEFINED, QueryFailed, evaluate, parse

NOW = 1_700_000_000_123


def value_of(expression: str, **variables: Any) -> Any:
    return evaluate(parse(expression), variables, millis=NOW)


@pytest.mark.parametrize(
    "text",
    [
        'a "quote"',
        "it's",
        "back\\slash \\u0041 \\",
        "two\nlines\ttab\r",
        "$x $states.input ${Placeholder}",
        "{% $uuid() %}",
        '"; $x := 1; "',
        ") & $uuid() & (",
        "/* comment */ // ",
        "ü 漢字 \U0001f600 \u2028",
        "",
        "\x00",
    ],
    ids=repr,
)
def test_a_variable_that_is_any_text_stays_that_text(text: str) -> None:
    data = {"input": {"name": text, text: [text]}}

    assert value_of("$name", name=text) == text
    assert value_of("'<' & $name & '>'", name=text) == f"<{text}>"
    assert value_of("$states.input", states=data) == data["input"]
    assert value_of("$length($name)", name=text) == len(text)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$partition([1,2,3,4,5], 2)", [[1, 2], [3, 4], [5]]),
        ("$partition([1,2], 5)", [[1, 2]]),
        ("$partition([], 5)", []),
        ("$partition(1, 2)", [[1]]),
        ("$range(0, 10, 5)", [0, 5, 10]),
        ("$range(5, 1, -2)", [5, 3, 1]),
        ("$range(1, 9, 9)", 1),
        ("[$range(1, 1, 1)]", [1]),
        ("$count($range(1, 1000, 1))", 1000),
        ("$range(1, 3, 1)[0]", 1),
        ("$hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("$hash('a', 'SHA-1')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        ("$length($hash('ü', 'SHA-512'))", 128),
        ("$random(7) = $random(7)", True),
        ("$random(7) = $random(8)", False),
        ("$random() >= 0 and $random() < 1", True),
        ("$match($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/).index", 0),
        ("$uuid() = $uuid()", False),
        ('$parse(\'{"a": [1, null, "x"]}\')', {"a": [1, None, "x"]}),
        ("$parse('\"$uuid()\"')", "$uuid()"),
        ("$map(['1', '2'], $parse)", [1, 2]),
        ("$millis()", NOW),
        ("$now()", "2023-11-14T22:13:20.123Z"),
        ("$toMillis('2023-11-14T22:13:20.123Z')", NOW),
        ("$toMillis('2024-01-01T00:00:01.001Z') % 1000", 1),
        ("$fromMillis($millis())", "2023-11-14T22:13:20.123Z"),
        ("$string({'a': 'ü', 'n': null})", '{"a":"ü","n":null}'),
        ("'x' & {'a': 'ü'}", 'x{"a":"ü"}'),
        ("5.5 % 2", 1.5),
        ("3.0 * 2", 6),
        ("null", None),
    ],
)
def test_a_function_yields_what_step_functions_yields(expression: str, expected: Any) -> None:
    assert value_of(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$items[id=1].name", "one"),
        ("$items[id<3].name", ["one", "two"]),
        ("[$items[id=1].name]", ["one"]),
        ("$items[id=1].name[]", ["one"]),
        ("$items[0]", {"id": 1, "name": "one"}),
        ("$nested", [[1], [2, 3]]),
        ("$single", [1]),
        ("$map($single, function($v) { $v + 1 })", 2),
        ("$empty", []),
        ("$nothing", None),
        ("{'a': $nothing, 'b': $nowhere}", {"a": None}),
        ("[$nothing, 1]", [None, 1]),
        ("[1..3]", [1, 2, 3]),
        ("$items[$ > 1]", UNDEFINED),
    ],
)
def test_a_sequence_has_the_shape_it_has_on_aws(expression: str, expected: Any) -> None:
    variables = {
        "items": [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}],
        "nested": [[1], [2, 3]],
        "single": [1],
        "empty": [],
        "nothing": None,
    }

    if expression == "$items[$ > 1]":
        with pytest.raises(QueryFailed):
            value_of(expression, **variables)
    else:
        assert value_of(expression, **variables) == expected


@pytest.mark.parametrize(
    "expression",
    ["$nowhere", "$states.input.missing", "$nowhere.name", "$states.input.list[id=9]", "$", "$$"],
)
def test_what_is_not_there_is_undefined(expression: str) -> None:
    assert value_of(expression, states={"input": {"list": [{"id": 1}]}}) is UNDEFINED


@pytest.mark.parametrize(
    "expression",
    [
        "1 + 'a'",
        "1 / 0",
        "$nofunction()",
        "$eval('1')",
        "(",
        "$parse('{')",
        "$parse(1)",
        "$range(0, 1000, 1)",
        "$range(0, 5, 0)",
        "$range(0, 1.5, 1)",
        "$partition([1], 0)",
        "$hash('a', 'SHA-3')",
        "$hash(1, 'MD5')",
        "function($x) { $x }",
        "$error('no')",
        "($f := function($n) { 1 + $f($n + 1) }; $f(1))",
    ],
)
def test_an_expression_that_fails_says_so(expression: str) -> None:
    with pytest.raises(QueryFailed):
        value_of(expression)


def test_evaluating_never_changes_the_data() -> None:
    data = {"list": [], "object": {"a": 1}}

    value_of("$d.list{'a': 1}", d=data)
    value_of("$d ~> |object|{'b': 2}|", d=data)
    result = value_of("$d", d=data)
    result["list"].append(1)

    assert data == {"list": [], "object": {"a": 1}}


def test_only_what_an_expression_names_is_bound() -> None:
    expression = parse("$states.input.a & $states.context.Execution.Id & $name")

    assert expression.states == frozenset({"input", "context"})
    assert {"states", "name"} <= expression.variables
    assert parse("$states").states is None
    assert parse("$lookup($states, 'input')").states is None


def test_many_threads_share_a_parsed_expression() -> None:
    expression = parse("($twice := function($n) { $n * 2 }; $map($list, $twice)[0] & $now())")
    wrong: list[Any] = []

    def work(number: int) -> None:
        for step in range(50):
            got = evaluate(expression, {"list": [number, step]}, millis=number * 1000)
            if got != f"{number * 2}1970-01-01T00:00:{number:02d}.000Z":
                wrong.append(got)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_a_simple_expression_takes_less_than_a_millisecond() -> None:
    expression = parse("$states.input.account.email & ' ' & $string($count($states.input.tags))")
    states = {"input": {"account": {"email": "a@example.com"}, "tags": [1, 2, 3]}}
    evaluate(expression, {"states": states}, millis=NOW)

    began = time.thread_time()
    for _ in range(200):
        evaluate(expression, {"states": states}, millis=NOW)

    assert (time.thread_time() - began) / 200 < 0.001


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("expression", ["$x", "[$x]", "$x + 1", "{'a': $x}", "$string($x)"])
def test_number_that_json_cannot_hold_fails_the_expression(expression: str, number: float) -> None:
    with pytest.raises(QueryFailed):
        value_of(expression, x=number)


@pytest.mark.parametrize(
    "expression", ["$x", "$string([$x])", "$length($x)", "$x & 'a'", "$trim($x)"]
)
def test_half_a_character_does_not_break_an_expression(expression: str) -> None:
    assert value_of(expression, x="\ud800") in ("\ud800", '["\ud800"]', 1, "\ud800a")


def test_variable_nested_too_deep_fails_the_query() -> None:
    nested: Any = "x"
    for _ in range(20_000):
        nested = [nested]

    with pytest.raises(QueryFailed, match="Stack overflow"):
        value_of("$nested", nested=nested)
