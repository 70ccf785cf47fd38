"""`vend doctor --smoke`: one refused request shows that everything between bus and ledger works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cli.checks import smoke
from tests.matrix.definition import CREATIONS, tasks_of
from tests.workflow.test_undeliverable_events import start_denied

if TYPE_CHECKING:
    from tests.workflow.command import Command
    from tests.workflow.vending import Vending

ORGANIZATIONS = "organizations"


def test_smoke_test_of_a_sound_stack_is_right_and_creates_nothing(
    vending: Vending, vend: Command
) -> None:
    first, second = vend("doctor", "--smoke", "--json"), vend("doctor", "--smoke", "--json")

    for ran in (first, second):
        assert ran.status == 0, ran
        assert [(each["check"], each["level"]) for each in ran.json] == [
            ("credentials", "ok"),
            ("smoke test", "ok"),
            ("execution", "ok"),
            ("logs", "ok"),
            ("stopped execution", "ok"),
            ("traces", "warn"),
            ("creation grant", "warn"),
        ]
    called = {call.operation for call in vending.aws.context.calls if call.service == ORGANIZATIONS}
    assert called <= {"DescribeAccount", "ListParents"}
    assert vending.accounts() == []
    row = vending.row(smoke.STOPPED_ID)
    assert row is not None
    assert (row["state"], row["error"]["code"]) == ("FAILED", "ExecutionAborted")


@pytest.mark.usefixtures("ends_unheard")
def test_smoke_test_of_a_stack_that_hears_of_no_end_fails(
    vending: Vending, vend: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke, "HEARD_WITHIN", 2)

    ran = vend("doctor", "--smoke", "--json")

    assert ran.status == 1
    (failed,) = [each for each in ran.json if each["level"] == "fail"]
    assert failed["check"] == "stopped execution"
    assert "ExecutionEnded" in failed["remedy"]


def test_smoke_tests_request_that_is_stopped_has_no_step_that_makes_an_account() -> None:
    source = str(smoke.STOPPED["source"])

    assert set(CREATIONS).isdisjoint(tasks_of(source))


def test_smoke_test_of_a_stack_whose_rule_starts_nothing_fails(
    vending: Vending, vend: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke, "TAKES_AT_MOST", 2)

    with start_denied(vending):
        ran = vend("doctor", "--smoke", "--json")

    assert ran.status == 1
    (failed,) = [each for each in ran.json if each["level"] == "fail"]
    assert "the request has not ended" in failed["what"]
