"""`vend doctor --smoke`: one refused request shows that everything between bus and ledger works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli import smoke
from tests.workflow.test_undeliverable_events import start_denied

if TYPE_CHECKING:
    import pytest

    from tests.workflow.command import Command
    from tests.workflow.vending import Vending


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
        ]
    assert vending.calls("organizations", "CreateAccount") == 0
    assert vending.accounts() == []
    assert len(vending.executions()) == 2


def test_smoke_test_of_a_stack_whose_rule_starts_nothing_fails(
    vending: Vending, vend: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke, "TAKES_AT_MOST", 2)

    with start_denied(vending):
        ran = vend("doctor", "--smoke", "--json")

    assert ran.status == 1
    (failed,) = [each for each in ran.json if each["level"] == "fail"]
    assert "no end of the request" in failed["what"]
