"""A service's backends found without comparing the service with every other one.

Upstream: moto/core/base_backend.py.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

from moto.core.base_backend import BackendDict

_get_backends = BackendDict.__getitem__


def _backends_of(self: BackendDict[Any], account_id: str) -> Any:
    """As moto's, which compares itself with every other service on every use."""
    found = dict.get(self, account_id)
    if found is None or not any(map(functools.partial(operator.is_, self), BackendDict._instances)):
        return _get_backends(self, account_id)
    return found


def install() -> None:
    """Let moto look its backends up. Safe to repeat."""
    BackendDict.__getitem__ = _backends_of
