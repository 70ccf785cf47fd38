from __future__ import annotations

import embedded  # noqa: F401 - sets what moto reads while it is imported

# isort: split
from typing import TYPE_CHECKING

from moto.core import models

from tests.grants_used import FOLDER, Recorder

# Nothing here calls AWS by `requests`; routing its methods to every service anew is half of what a
# mocked AWS costs a test. Without routes, such a call fails.
models.RESPONSES_METHODS.clear()

if TYPE_CHECKING:
    import pytest

_RECORDER = Recorder()


def pytest_configure() -> None:
    _RECORDER.begin()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What `make test` holds against the grants once all of it has run."""
    if session.config.getoption("markexpr") == "not slow":
        _RECORDER.write(FOLDER)
