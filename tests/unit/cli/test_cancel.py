"""`vend cancel`: stopped before AWS is asked for anything, or refused with what to do instead."""

from __future__ import annotations

import json

import pytest

from cli.commands import cancel
from cli.main import main
from tests.unit.cli.fakes import FIRST, FakeStack, a_record, an_error


def write_its_end(stack: FakeStack) -> None:
    """What is stopped is written down as failed."""
    stack.on_stop = lambda: stack.put(a_record("FAILED", error=an_error()))


@pytest.mark.parametrize("state", ["REQUESTED", "AWAITING_APPROVAL", "QUEUED"])
def test_request_is_stopped_with_who_did(
    stack: FakeStack, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    stack.put(a_record(state))
    write_its_end(stack)

    assert main(["cancel", "r-sandbox", "--json"]) == 0

    cause = f"Cancelled by {stack.caller}"
    assert stack.stopped == [(FIRST, "Cancelled", cause)]
    assert json.loads(capsys.readouterr().out)["state"] == "FAILED"


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        ("VENDED", "Nothing is under way"),
        ("FAILED", "Nothing is under way"),
        ("CREATING", "then retire the account"),
        ("BASELINING", "then retire the account"),
    ],
)
def test_request_that_cannot_be_cancelled_is_left_alone(
    stack: FakeStack, capsys: pytest.CaptureFixture[str], state: str, remedy: str
) -> None:
    stack.put(a_record(state))

    assert main(["cancel", "r-sandbox"]) == 1

    assert stack.stopped == []
    said = capsys.readouterr().err
    assert f"is {state}, so that it cannot be cancelled" in said
    assert remedy in said


def test_request_that_is_not_there_is_named(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cancel", "123456789012"]) == 1

    said = capsys.readouterr().err
    assert "no request 123456789012" in said
    assert "vend restore" in said


def test_end_that_does_not_show_in_time_is_no_success(
    stack: FakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancel, "ENDS_WITHIN", 0.0)
    stack.put(a_record("QUEUED"))

    assert main(["cancel", "r-sandbox"]) == 1
