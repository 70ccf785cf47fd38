"""One engine a module, a minute of its time in a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.embedded.engine_server import Engine, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

SPEED = 60.0


@pytest.fixture(scope="module")
def _engine() -> Iterator[Engine]:
    with serving(speed=SPEED) as engine:
        yield engine


@pytest.fixture
def engine(_engine: Engine) -> Engine:
    _engine.functions.clear()
    _engine.denied.clear()
    _engine.callers.clear()
    return _engine
