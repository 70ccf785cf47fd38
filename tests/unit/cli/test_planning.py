"""Requests that a plan answers from the ledger alone."""

from __future__ import annotations

from typing import Any

import pytest

from cli.aws.ledger_reader import LedgerRow
from cli.dry_run.planner import Planner
from tests.unit.cli.fakes import Organizations, a_record
from vending.request.account_request import parse

REQUEST = {"requestId": "r-sandbox", "account": {"name": "Sandbox", "email": "a@example.com"}}


def a_row(
    record: dict[str, Any], fingerprint: str | None = parse(REQUEST).fingerprint()
) -> LedgerRow:
    """The record's row."""
    attributes: Any = {**record, "fingerprint": fingerprint}
    return LedgerRow(attributes=attributes)


def a_planner(organizations: Organizations) -> Planner:
    """Of no other service."""
    return Planner({"organizations": organizations}.__getitem__)


@pytest.mark.parametrize(
    "fingerprint", [parse(REQUEST).fingerprint(), None], ids=["the same", "not known"]
)
def test_request_that_was_vended_before_is_planned_by_the_ledger_alone(
    fingerprint: str | None,
) -> None:
    row = a_row(a_record(source="new"), fingerprint)

    planned = a_planner(Organizations()).request(parse(REQUEST), row)

    assert planned.already_there == ["account 123456789012, already vended"]
    assert (planned.changes, planned.problems) == ([], [])


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("PENDING_CLOSURE", "AccountNotActive"),
        ("SUSPENDED", "AccountNotActive"),
        ("CLOSED", "AccountNotActive"),
        (None, "AccountNotFoundException"),
    ],
)
@pytest.mark.parametrize("vended", [True, False])
def test_account_of_this_request_that_is_not_there_is_a_problem_of_the_plan(
    state: str | None, code: str, *, vended: bool
) -> None:
    row = a_row(a_record("VENDED" if vended else "FAILED", accountId="123456789012"))

    planned = a_planner(Organizations(state=state)).request(parse(REQUEST), row)

    (problem,) = planned.problems
    assert problem["code"] == code
    assert "123456789012" in problem["message"]
    assert problem["remedy"]
    assert (planned.changes, planned.already_there) == ([], [])


def test_vended_account_that_was_moved_is_there_with_a_warning() -> None:
    row = a_row(a_record())

    planned = a_planner(Organizations(parent_id="r-ab12")).request(parse(REQUEST), row)

    (warning,) = planned.warnings
    assert "moved to r-ab12" in warning
    assert planned.already_there == ["account 123456789012, already vended"]
    assert planned.problems == []
