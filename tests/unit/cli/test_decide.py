"""`vend approve` and `vend reject`: what is refused before anything is sent."""

from __future__ import annotations

import pytest

from cli.main import main
from tests.unit.cli.fakes import FakeStack


def test_rejection_needs_its_reason(stack: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    assert not stack.ledger.requests
    assert main(["reject", "r-sandbox"]) == 2
    assert "--reason" in capsys.readouterr().err


@pytest.mark.parametrize("named", ["r-nobody", "123456789012"])
def test_unknown_request_hints_where_to_look(
    stack: FakeStack, capsys: pytest.CaptureFixture[str], named: str
) -> None:
    assert not stack.ledger.requests
    assert main(["approve", named]) == 1
    assert "vend list --state AWAITING_APPROVAL" in capsys.readouterr().err
