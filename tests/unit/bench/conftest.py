from __future__ import annotations

import pytest

from embedded.core import context


@pytest.fixture(autouse=True)
def own_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulated clock ends with its test: nobody else is to live in its year."""
    monkeypatch.setattr(context, "_active", [])
