"""Requests that a plan answers from the ledger alone."""

from __future__ import annotations

from typing import Any

import pytest

from cli.planning import Planner
from cli.stack import LedgerRow
from tests.unit.cli.fakes import a_record
from vending.request import parse

REQUEST = {"requestId": "r-sandbox", "account": {"name": "Sandbox", "email": "a@example.com"}}


@pytest.mark.parametrize(
    ("fingerprint", "already_there", "problems"),
    [
        (parse(REQUEST).fingerprint(), ["account 123456789012, vended before"], []),
        (None, ["account 123456789012, vended before"], []),
        ("of another request", [], ["RequestConflict"]),
    ],
    ids=["the same", "not known", "another"],
)
def test_request_that_was_vended_before_conflicts_with_another_only(
    fingerprint: str | None, already_there: list[str], problems: list[str]
) -> None:
    nobody: Any = None
    attributes: Any = {**a_record(source="new"), "fingerprint": fingerprint}
    row = LedgerRow(attributes=attributes)

    planned = Planner(nobody, nobody).request(parse(REQUEST), row)

    assert planned.already_there == already_there
    assert [problem["code"] for problem in planned.problems] == problems
    assert planned.changes == []
