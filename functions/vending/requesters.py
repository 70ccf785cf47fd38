"""Requesters that are the stack's own functions, and the sources of their events.

The bus's resource policy lets nobody else use these sources.
"""

from __future__ import annotations

from collections.abc import Mapping

DISCOVERED_ACCOUNTS = "discovered-accounts"
"""The requester of the setting discovered_account_baseline, so without limits."""

DISCOVERED_ACCOUNTS_SOURCE = "account-vending.discovered-accounts"
"""Of requests that DiscoverAccount makes."""

DRIFT_REPAIRS = "drift-repairs"
"""The requester of an account's own document, which puts back what somebody else has changed."""

DRIFT_REPAIRS_SOURCE = "account-vending.drift-repairs"
"""Of requests that DetectDrift makes."""

OWN_SOURCES: Mapping[str, str] = {
    DISCOVERED_ACCOUNTS_SOURCE: DISCOVERED_ACCOUNTS,
    DRIFT_REPAIRS_SOURCE: DRIFT_REPAIRS,
}
"""The requesters by their sources."""
