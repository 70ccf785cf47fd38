"""Grants that no call of the tests uses, each with the reason why it is given all the same."""

from __future__ import annotations

from collections.abc import Mapping

NEVER_USED: Mapping[str, str] = {}
"""By function, action, and the resource of the statement or the value of the condition."""
