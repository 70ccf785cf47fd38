from __future__ import annotations

import embedded  # noqa: F401 - sets what moto reads while it is imported

# isort: split
import functools
import gc
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import JSONFileLoader
from botocore.useragent import UserAgentString
from hypothesis import HealthCheck, settings
from moto.core import models

from tests import distribution
from tests.grants_used import FOLDER, Recorder

# Nothing here calls AWS by `requests`; routing its methods to every service anew is half of what a
# mocked AWS costs a test. Without routes, such a call fails.
models.RESPONSES_METHODS.clear()

# A machine that does much else is no slow code.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

_read = functools.partial(JSONFileLoader.load_file, JSONFileLoader())
_loaded = functools.cache(_read)


@functools.cache
def _pickled(file_path: str) -> bytes:
    return pickle.dumps(_read(file_path), pickle.HIGHEST_PROTOCOL)


def _load_file_once(self: JSONFileLoader, file_path: str) -> Any:
    # The models of services are changed by whoever loads them; a copy takes a fifth of reading.
    is_model = file_path.rpartition("/")[2].startswith("service-")
    return pickle.loads(_pickled(file_path)) if is_model else _loaded(file_path)


# Most tests make sessions of their own, each of which would read AWS's endpoints anew.
JSONFileLoader.load_file = _load_file_once  # type: ignore[method-assign]

# It is put together anew for every call, which nothing here reads.
UserAgentString.to_string = lambda self: "tests"  # type: ignore[method-assign]

if TYPE_CHECKING:
    from xdist.remote import Producer

_RECORDER = Recorder()
_GARBAGE = (10_000, 20, 20)
"""Objects that are made before each collection, and how often the older ones are looked at."""


def pytest_configure() -> None:
    _RECORDER.begin()


@pytest.hookimpl(trylast=True)  # once it is known what is deselected
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bring what is run on several workers into the order in which it is to begin."""
    if hasattr(config, "workerinput"):
        order = distribution.in_order([item.nodeid for item in items])
        places = {unit: place for place, unit in enumerate(order)}
        items.sort(key=lambda item: places[distribution.unit(item.nodeid)])


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Spare the tests that every collection of garbage goes through all modules and items again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> distribution.Scheduling | None:
    """Units of tests for `--dist loadscope`."""
    return distribution.Scheduling(config, log) if config.option.dist == "loadscope" else None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What `make test-all` holds against the grants once both of its parts have run."""
    if session.config.getoption("markexpr") in ("not slow", "slow and not long"):
        _RECORDER.write(FOLDER)
