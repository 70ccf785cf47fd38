"""Errors in the state machine's definition and in errors.py: the same names, both ways."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from statemachines import definitions
from vending.errors import catalogue, exceptions
from vending.errors.exceptions import OutcomeUnknown, TransientError, VendingError

ROOT = Path(__file__).parents[3]
DEFINITIONS = [definitions.definition(name) for name in definitions.names()]
AWS_NAMES = re.compile(r"(States|Lambda|Sandbox|Runtime)\.")


def named(node: Any) -> Iterator[str]:
    """Every error name in an ErrorEquals, and every Error that the definition makes up."""
    if isinstance(node, dict):
        yield from node.get("ErrorEquals", [])
        if isinstance(node.get("Error"), str) and not node["Error"].startswith("{%"):
            yield node["Error"]
        for inner in node.values():
            yield from named(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from named(inner)


def retries(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        yield from node.get("Retry", [])
    for inner in node.values() if isinstance(node, dict) else node:
        if isinstance(inner, dict | list):
            yield from retries(inner)


def tree(root: type[VendingError]) -> list[type[VendingError]]:
    return [root, *(each for child in root.__subclasses__() for each in tree(child))]


NAMES = set(named(DEFINITIONS))
LEAVES = [kind for kind in tree(VendingError) if not kind.__subclasses__()]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_name_in_a_definition_is_an_error_that_is_explained(name: str) -> None:
    if name == "States.ALL":
        return

    assert catalogue.explain(name).known
    ours = {"AccountCreationOverdue", "AccountClosureOverdue"}
    assert AWS_NAMES.match(name) or name in vars(exceptions) or name in ours


@pytest.mark.parametrize(
    "kind",
    [kind for kind in LEAVES if issubclass(kind, TransientError | OutcomeUnknown)],
    ids=lambda kind: kind.__name__,
)
def test_every_error_that_passes_or_is_reconciled_is_named_in_a_definition(
    kind: type[VendingError],
) -> None:
    assert kind.__name__ in NAMES


def test_no_error_that_is_final_is_retried() -> None:
    retried = set(named(list(retries(DEFINITIONS))))

    final = {kind.__name__ for kind in tree(VendingError) if not issubclass(kind, TransientError)}
    assert retried
    assert retried.isdisjoint(final - {"AccessDenied"})


FOLLOWING_A_WRITE = {
    "PrepareOrganizationalUnit",
    "CreateOrganizationalUnit",
    "MoveAccount",
    "TagResource",
    "AttachPolicy",
    "PutAccountName",
    "PutAlternateContact",
}
"""Steps that work on what they or an earlier step wrote a moment ago, as trusted access."""


def steps(node: Any) -> Iterator[tuple[str, Any]]:
    for name, inner in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(inner, dict) and inner.get("Type") == "Task":
            yield str(name), inner
        if isinstance(inner, dict | list):
            yield from steps(inner)


def test_denial_is_retried_for_a_minute_at_most_where_it_follows_a_write() -> None:
    found = set()

    for name, state in steps(DEFINITIONS):
        for retry in state["Retry"]:
            if "AccessDenied" in retry["ErrorEquals"]:
                found.add(name)
                waits = [
                    min(retry["MaxDelaySeconds"], retry["IntervalSeconds"] * 2**attempt)
                    for attempt in range(retry["MaxAttempts"])
                ]
                assert retry["BackoffRate"] == 2
                assert 30 <= sum(waits) <= 60, name

    assert found >= FOLLOWING_A_WRITE


def test_tree_is_drawn_as_it_is() -> None:
    drawn = re.findall(r"^[ │├└]*([A-Z]\w+)", exceptions.__doc__ or "", re.MULTILINE)[1:]

    assert drawn == [kind.__name__ for kind in tree(VendingError)]


@pytest.mark.parametrize("kind", tree(VendingError), ids=lambda kind: kind.__name__)
def test_every_error_describes_itself_as_json(kind: type[VendingError]) -> None:
    problems: Any = ["a: is wrong", "b: too"]
    error: VendingError
    if kind is exceptions.RequestInvalid:
        error = exceptions.RequestInvalid(problems)
    elif kind is exceptions.RequestNotAllowed:
        error = exceptions.RequestNotAllowed(problems, remedy="Ask for less.")
    else:
        error = kind("It broke.")

    described = json.loads(str(error))

    assert described == error.as_dict()
    assert described["code"] == kind.__name__
    assert "\n" not in str(error)
