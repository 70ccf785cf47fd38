"""What the embedded Step Functions evaluates while something runs on it."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded.jsonata.evaluator import (
    UNDEFINED,
    Expression,
    QueryFailed,
    evaluate,
    iso,
    parse,
)
from embedded.stepfunctions import expressions

if TYPE_CHECKING:
    import pytest

ITS_OWN = ("$uuid(", "$random(")
"""Functions whose result nobody else can come to."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """JSON of what went in, and of what came out: {value}, {undefined} or {error}."""

    expression: str
    variables: str
    millis: int
    outcome: str

    def question(self) -> dict[str, Any]:
        """The same for the reference."""
        return {
            "expression": self.expression,
            "variables": json.loads(self.variables),
            "millis": self.millis,
        }


@contextlib.contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[Evaluation]]:
    """Every evaluation meanwhile, once each, but those whose result nobody else can come to."""
    texts: dict[int, str] = {}
    evaluations: set[Evaluation] = set()

    def noted_parse(text: str) -> Expression:
        expression = parse(text)
        texts[id(expression)] = text
        return expression

    def noted_evaluate(expression: Expression, variables: Mapping[str, Any], *, millis: int) -> Any:
        text = texts[id(expression)]
        given = _json(variables)
        outcome: dict[str, Any] = {}
        try:
            value = evaluate(expression, variables, millis=millis)
            outcome = {"undefined": True} if value is UNDEFINED else {"value": value}
        except QueryFailed as failed:
            outcome = {"error": str(failed)}
            raise
        finally:
            if not any(function in text for function in ITS_OWN):
                evaluations.add(
                    Evaluation(
                        expression=text, variables=given, millis=millis, outcome=_json(outcome)
                    )
                )
        return value

    with monkeypatch.context() as patched:
        patched.setattr(expressions, "parse", noted_parse)
        patched.setattr(expressions, "evaluate", noted_evaluate)
        yield evaluations


def _json(value: Any) -> str:
    def as_text(moment: object) -> str:
        assert isinstance(moment, datetime.datetime), moment
        return iso(moment)

    return json.dumps(value, default=as_text)
