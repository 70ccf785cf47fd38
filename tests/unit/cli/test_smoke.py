"""The parts of the smoke test that the embedded AWS has nothing for, against scripted clients."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from cli.checks.checks import Place
from cli.checks.smoke import STOPPED_ID, creation_grant, stopped, traces
from tests.unit.cli.fakes import FakeStack, a_record

ROLE = "arn:aws:iam::111111111111:role/CreateAccount"


def place(**clients: Any) -> Place:
    return Place(
        client=clients.__getitem__,
        region="us-east-1",
        account_id="111111111111",
        stack=FakeStack(on_this_machine=False),  # type: ignore[arg-type]
    )


def ticking() -> Callable[[], float]:
    """A clock on which every look takes a second."""
    return itertools.count(0.0, 1.0).__next__


def xray(*answers: Iterable[dict[str, Any]]) -> SimpleNamespace:
    given = itertools.chain(answers, itertools.repeat([]))
    return SimpleNamespace(
        get_trace_summaries=lambda **_: {"TraceSummaries": list(next(given))},
    )


def test_trace_that_shows_up_late_is_found() -> None:
    where = place(xray=xray([], [{"Id": "1-a-b"}]))

    (result,) = traces(where, clock=ticking(), sleep=lambda _: None)

    assert result.level == "ok"


def test_missing_trace_is_reported_and_fails_nothing() -> None:
    (result,) = traces(place(xray=xray()), clock=ticking(), sleep=lambda _: None)

    assert result.level == "warn"
    assert result.remedy


@pytest.mark.parametrize(
    ("decisions", "level"),
    [
        (("allowed", "allowed"), "ok"),
        (("allowed", "implicitDeny"), "fail"),
        (("explicitDeny", "allowed"), "fail"),
    ],
)
def test_grant_to_create_is_simulated_with_the_request_tag(
    decisions: tuple[str, str], level: str
) -> None:
    asked: dict[str, Any] = {}

    def simulate(**given: Any) -> dict[str, Any]:
        asked.update(given)
        pairs = zip(given["ActionNames"], decisions, strict=True)
        return {
            "EvaluationResults": [
                {"EvalActionName": action, "EvalDecision": decision} for action, decision in pairs
            ]
        }

    functions = SimpleNamespace(get_function_configuration=lambda **_: {"Role": ROLE})
    where = place(iam=SimpleNamespace(simulate_principal_policy=simulate), **{"lambda": functions})

    (result,) = creation_grant(where)

    assert result.level == level
    assert asked["PolicySourceArn"] == ROLE
    assert "aws:RequestTag/account-vending:request-id" in {
        entry["ContextKeyName"] for entry in asked["ContextEntries"]
    }
    for action, decision in zip(asked["ActionNames"], decisions, strict=True):
        assert (action in result.what) == (decision != "allowed")


def test_execution_that_ends_before_it_is_stopped_is_not_taken_for_a_stopped_one() -> None:
    started: list[str] = []

    def start(**_: Any) -> dict[str, str]:
        arn = f"arn:{len(started)}"
        started.append(arn)
        error = {"code": "AccountNotMember"}
        stack.put(a_record(requestId=STOPPED_ID, state="FAILED", executionArn=arn, error=error))
        return {"executionArn": arn}

    states = SimpleNamespace(start_execution=start, stop_execution=lambda **_: {})
    where = place(stepfunctions=states)
    stack: Any = where.stack

    (result,) = stopped(where, clock=ticking(), sleep=lambda _: None)

    assert (result.level, len(started)) == ("warn", 4)
