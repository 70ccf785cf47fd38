"""What DetectDrift has found: kept in the accounts' records, and when it last saw all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vending.aws.clock import timestamp
from vending.ledger import keys
from vending.ledger.account_records import ACTIVE

if TYPE_CHECKING:
    from cli.aws.stack import Stack

Drifted = dict[str, Any]
"""{accountId, requestId, revision, since, differences: [{what, name, how, expected, found}]}."""


def compared_at(stack: Stack) -> str | None:
    """When the last complete comparison ended; None before the first one."""
    item = stack.ledger.items([keys.ACCOUNTS_COMPARED]).get(keys.ACCOUNTS_COMPARED, {})
    ended = int(item.get("endedAt", 0))
    return timestamp(ended) if ended else None


def drift_of(stack: Stack, account_ids: Sequence[str]) -> tuple[list[Drifted], list[str]]:
    """How these accounts differ from their documents, and those of which there is no document.

    Without ids it is about all accounts, in the order of their ids.
    """
    if not account_ids:
        # Retirements that were undone are ACTIVE, too.
        records = {
            str(one["accountId"]): one
            for one in stack.ledger.items_in(ACTIVE)
            if one["pk"] == keys.account_record(one.get("accountId", ""))
        }
        account_ids = sorted(records)
    else:
        found = stack.ledger.items([keys.account_record(one) for one in account_ids])
        records = {str(one["accountId"]): one for one in found.values()}
    known = {one: records[one] for one in account_ids if "document" in records.get(one, {})}
    unknown = [one for one in dict.fromkeys(account_ids) if one not in known]
    return [_shown(one) for one in known.values() if "drift" in one], unknown


def _shown(record: dict[str, Any]) -> Drifted:
    drift = record["drift"]
    return {
        "accountId": record["accountId"],
        "requestId": record["requestId"],
        "revision": record["revision"],
        "since": drift["at"],
        "differences": drift["differences"],
    }
