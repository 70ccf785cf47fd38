"""The accounts that the ledger knows, each once, whichever requests and retirements it came by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from vending.ledger import keys
from vending.ledger.account_records import ACTIVE, record_of_row
from vending.ledger.item_types import AccountRecord, Row
from vending.ledger.rows import row_of
from vending.states import State

if TYPE_CHECKING:
    from cli.aws.stack import Stack

LEAVING = ("RETIRING", "CLOSING", "CLOSED", "DEPARTED")
"""Where a retired account stands, as `vending.retirement.rows.AccountState` has it."""

_RECORD = keys.account_record("")


@dataclass(frozen=True, kw_only=True)
class KnownAccount:
    """One account as the ledger knows it.

    Attributes:
        account_id: twelve digits.
        record: what it was last given, and its revision; empty where no request was carried out.
        row: of the request that its document is of; empty where there is none.
        retirement: of the account; empty where it was never retired.
    """

    COLUMNS: ClassVar = (
        "accountId",
        "name",
        "state",
        "organizationalUnit",
        "owner",
        "revision",
        "drift",
        "requestedAt",
        "updatedAt",
        "requestId",
    )
    """Of the inventory, in the order in which it shows them."""

    account_id: str
    record: AccountRecord
    row: Row
    retirement: Mapping[str, Any]

    @property
    def document(self) -> Mapping[str, Any]:
        """The request, normalised, that was last carried out."""
        return self.record.get("document") or self.row.get("request") or {}

    @property
    def name(self) -> str | None:
        """What it was last called here; AWS may call it otherwise."""
        named = self.document.get("account", {}).get("name")
        return named or self.row.get("accountName") or self.retirement.get("accountName")

    @property
    def state(self) -> str:
        """ACTIVE, or where its retirement stands."""
        stands = str(self.retirement.get("state") or ACTIVE)
        # It may have come back since.
        is_latest = str(self.retirement.get("updatedAt", "")) >= str(
            self.record.get("updatedAt", "")
        )
        return stands if stands in LEAVING and is_latest else ACTIVE

    @property
    def owner(self) -> str | None:
        """Who asked for it, by the request's own word; else the sender that the policy knows."""
        sender = self.row.get("sender") or self.retirement.get("sender") or {}
        return self.row.get("requestedBy") or sender.get("requester")

    @property
    def drift(self) -> int | None:
        """In how many ways it differed from its last revision when it was compared last."""
        if "document" not in self.record:
            return None
        drift: Any = self.record.get("drift")
        return len(drift["differences"]) if drift else 0

    def as_dict(self) -> dict[str, Any]:
        """As `vend accounts --json` prints it; null where nothing is known."""
        values = (
            self.account_id,
            self.name,
            self.state,
            self.document.get("organizationalUnit"),
            self.owner,
            self.record.get("revision"),
            self.drift,
            self.row.get("requestedAt") or self.retirement.get("requestedAt"),
            max(str(one.get("updatedAt", "")) for one in (self.record, self.row, self.retirement)),
            self.record.get("requestId") or self.row.get("requestId"),
        )
        return dict(zip(self.COLUMNS, values, strict=True))


def known_accounts(stack: Stack) -> dict[str, KnownAccount]:
    """Every account that was vended, recorded or retired, by its id, in order."""
    items = [
        item for state in (ACTIVE, *LEAVING, State.VENDED) for item in stack.ledger.items_in(state)
    ]
    records = {
        str(item["accountId"]): cast(AccountRecord, item) for item in _of_kind(_RECORD, items)
    }
    retirements = {str(item["accountId"]): item for item in _of_kind(keys.RETIREMENT, items)}
    rows = {row["requestId"]: row for row in map(row_of, _of_kind(keys.REQUEST, items))}
    # The request of a record need not be vended: it may be carrying out a change.
    missing = {str(one["requestId"]) for one in records.values() if "requestId" in one} - set(rows)
    rows |= {key: one.attributes for key, one in stack.ledger.rows(sorted(missing)).items()}
    newest: dict[str, Row] = {}
    for row in sorted(rows.values(), key=lambda each: str(each.get("updatedAt"))):
        if row.get("accountId"):
            newest[row["accountId"]] = row
    return {
        account_id: _known(
            account_id, records.get(account_id), rows, newest.get(account_id), retirements
        )
        for account_id in sorted({*records, *newest, *retirements})
    }


def known_account(stack: Stack, account_id: str) -> KnownAccount | None:
    """One account; None where the ledger has nothing of it by its id."""
    pks = (keys.account_record(account_id), keys.retirement(account_id))
    items = stack.ledger.items(pks)
    record = cast("AccountRecord | None", items.get(pks[0]))
    retirement = items.get(pks[1], {})
    request_id = (record or {}).get("requestId") or f"a-{account_id}"
    found = stack.ledger.row(request_id)
    row = found.attributes if found and found.attributes.get("accountId") == account_id else None
    if row is None:
        # The account may be known by nothing but another request's row.
        return known_accounts(stack).get(account_id)
    rows = {request_id: row} if row else {}
    return _known(account_id, record, rows, row, {account_id: retirement})


def requests_in(stack: Stack, states: Iterable[str]) -> dict[str, Row]:
    """The newest request in any of the states for each account that one is about."""
    rows = [
        row_of(item)
        for state in states
        for item in stack.ledger.items_in(state)
        if str(item["pk"]).startswith(keys.REQUEST)
    ]
    found: dict[str, Row] = {}
    for row in sorted(rows, key=lambda each: each["updatedAt"]):
        asked = (row.get("request") or {}).get("account", {}).get("accountId")
        if account_id := row.get("accountId") or asked:
            found[account_id] = row
    return found


def revisions(stack: Stack, account: KnownAccount) -> list[dict[str, Any]]:
    """What each revision of the account was, the newest first: who asked for it, when, and what it
    changed. An account of an earlier release has none but the one that its row says.
    """
    count = account.record.get("revision", 0)
    pks = [keys.revision(account.account_id, number) for number in range(count, 0, -1)]
    found = stack.ledger.items(pks)
    kept = [{k: v for k, v in found[pk].items() if k != "pk"} for pk in pks if pk in found]
    row = account.row
    if not kept and count == 1 and row:
        names = ("requestId", "executionArn", "requestedBy", "sender")
        first = {name: cast("dict[str, Any]", row).get(name) for name in names}
        document = account.record.get("document")
        return [
            {"revision": 1, "document": document, "changes": [], "at": row["updatedAt"], **first}
        ]
    return kept


def _known(
    account_id: str,
    record: AccountRecord | None,
    rows: Mapping[str, Row],
    newest: Row | None,
    retirements: Mapping[str, Mapping[str, Any]],
) -> KnownAccount:
    row = rows.get((record or {}).get("requestId", "")) or newest or Row()
    return KnownAccount(
        account_id=account_id,
        # An account of an earlier release has its record in its row.
        record=record or (record_of_row(row) if row else None) or AccountRecord(),
        row=row,
        retirement=retirements.get(account_id, {}),
    )


def _of_kind(prefix: str, items: Sequence[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    return (item for item in items if str(item["pk"]).startswith(prefix))
