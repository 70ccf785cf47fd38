from __future__ import annotations

import pytest

from cli.aws import stack as stack_module
from tests.unit.cli.fakes import FakeStack


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    """The stack that the command finds, with nothing in its ledger."""
    made = FakeStack()
    monkeypatch.setattr(stack_module.Stack, "from_environment", classmethod(lambda _cls: made))
    return made
