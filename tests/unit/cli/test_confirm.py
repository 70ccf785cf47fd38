"""`vend confirm`: what is no code, and which requests wait for none."""

from __future__ import annotations

import io

import pytest

from cli.main import main
from tests.unit.cli.fakes import FakeStack, a_record, an_error


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "the code is missing"),
        (["ABC12"], "this is no code"),
        (["ABC1234"], "this is no code"),
        (["ABC-12"], "this is no code"),
        (["ABC123", "--resend"], "exclude each other"),
    ],
)
def test_what_is_no_code_is_bad_usage(
    stack: FakeStack, capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    assert not stack.ledger.requests
    assert main(["confirm", "r-sandbox", *words]) == 2
    assert expected in capsys.readouterr().err


def test_code_that_standard_input_lacks_is_bad_usage(
    stack: FakeStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not stack.ledger.requests
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    assert main(["confirm", "r-sandbox", "-"]) == 2
    assert "this is no code" in capsys.readouterr().err


def test_unknown_request_hints_where_to_look(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not stack.ledger.requests
    assert main(["confirm", "r-nobody", "ABC123"]) == 1
    assert "vend list --state AWAITING_CODE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("state", "hint"),
    [
        ("VENDED", "Nothing is left to do"),
        ("FAILED", "vend resume r-sandbox"),
        ("BASELINING", "vend status r-sandbox"),
    ],
)
def test_request_that_waits_for_no_code_says_what_to_do(
    stack: FakeStack, capsys: pytest.CaptureFixture[str], state: str, hint: str
) -> None:
    stack.put(a_record(state, error=an_error() if state == "FAILED" else None))

    assert main(["confirm", "r-sandbox", "ABC123"]) == 1
    err = capsys.readouterr().err
    assert f"is {state} and waits for no code" in err
    assert hint in err


def test_request_whose_execution_has_just_begun_to_wait_has_no_token_yet(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put(a_record("AWAITING_CODE"))

    assert main(["confirm", "r-sandbox", "ABC123"]) == 1
    assert "vend status r-sandbox" in capsys.readouterr().err
