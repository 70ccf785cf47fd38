"""The routes of accounts: list, get, change, retire and restore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from vending.acceptance.named_email import ensure_change_allowed
from vending.api import cursors, views
from vending.api.approver import Approver
from vending.api.caller import Caller
from vending.api.parameters import Call
from vending.api.requests import allowed, document_of
from vending.api.starts import Starts
from vending.errors.exceptions import (
    RequestConflict,
    RequestInvalid,
    RequestNotAllowed,
    UnknownResource,
)
from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.account_records import ACTIVE
from vending.ledger.ledger import Ledger
from vending.request import validators
from vending.request.account_request import AccountRequest, invalid
from vending.retirement import request as retirement_request
from vending.retirement.rows import AccountState, Retirements, record_of

if TYPE_CHECKING:
    from vending.ledger.item_types import AccountRecord, Retirement
    from vending.ledger.table import Item

Json = dict[str, Any]


@frozen
class AccountRoutes:
    """The accounts that a caller may see, and what it may do about them."""

    ledger: Ledger
    retirements: Retirements
    starts: Starts
    caller: Caller
    approver: Approver

    def list(self, call: Call) -> Json:
        """A page of the accounts that were vended, newest change first.

        With `state`, of those whose retirement waits for approval.
        """
        asked = call.parameters("state", "cursor", "limit", states=[AccountState.AWAITING_APPROVAL])
        state = asked["state"] or ACTIVE
        position = cursors.position_of(asked["cursor"])
        if position is not None and position["state"] != state:
            raise RequestInvalid(["cursor: is one of another list"])
        items = self.ledger.table.query_by_state(state, newest_first=True, after=position)
        found = list(islice(filter(self._is_listed, items), asked["limit"] + 1))
        page = found[: asked["limit"]]
        return views.shown(
            views.AccountPage,
            {
                "accounts": [self._listed(one) for one in page],
                "nextCursor": cursors.cursor_of(page[-1]) if len(found) > len(page) else None,
            },
        )

    def _is_listed(self, item: Item) -> bool:
        # Retirements that ended with a restoration are in the same state as accounts.
        if item["state"] == ACTIVE:
            return item["pk"].startswith(keys.ACCOUNT_RECORD) and self._sees(
                cast("AccountRecord", item)
            )
        return item["pk"].startswith(keys.RETIREMENT) and self._sees_retirement(item)

    def _listed(self, item: Item) -> Json:
        account_id = item["accountId"]
        if item["state"] == ACTIVE:
            return _summary(cast("AccountRecord", item), self.retirements.get(account_id))
        return _summary(self._of_retired(account_id), cast("Retirement", item))

    def _of_retired(self, account_id: str) -> AccountRecord:
        """The record of an account that is retired, which may never have been vended."""
        return self.ledger.accounts.get(account_id) or {"accountId": account_id}

    def get(self, account_id: str, call: Call) -> Json:
        """An account with a page of its revisions; UnknownResource where the caller sees none.

        One that was never vended, and is retired, has no revision.
        """
        asked = call.parameters("cursor", "limit")
        is_id = not validators.account_id(account_id)
        retirement = self.retirements.get(account_id) if is_id else None
        if retirement is not None and self._sees_retirement(retirement):
            record = self._of_retired(account_id)
        else:
            record = self._record(account_id)
        newest = record.get("revision", 0)
        begin = _revision_of(asked["cursor"], newest)
        end = max(begin - asked["limit"], 0)
        revisions = [self.ledger.accounts.revision(account_id, n) for n in range(begin, end, -1)]
        return views.shown(
            views.AccountDetails,
            {
                **_summary(record, retirement),
                "revisions": [
                    {str(f.alias): None for f in views.AccountRevision.model_fields.values()} | one
                    for one in map(_plain, revisions)
                    if one
                ],
                "nextCursor": str(end) if end else None,
            },
        )

    def change(self, account_id: str, call: Call) -> Json:
        """Start bringing the account to what the body says.

        Raises:
            UnknownResource: the caller sees no such account.
            RequestInvalid: with every mistake; the body must be about this account.
            RequestNotAllowed: with every rule of the request policy that it breaks.
            RequestConflict: the account is not at the revision that the body names.
        """
        record, raw = self._record(account_id), call.json_body()
        if isinstance(raw, dict):
            raw = {"requestId": record.get("requestId"), **raw}
        problems = list(_of_another(raw, account_id, record))
        try:
            request = allowed(raw, self.caller)
        except RequestInvalid as error:
            raise invalid([*error.problems, *problems]) from None
        if problems:
            raise invalid(problems)
        ensure_revision(request, record)
        ensure_change_allowed(request, record.get("document", {}), self.caller.authorization)
        started = self.starts.request(raw, self.caller, route=call.path, key=call.key)
        return views.shown(
            views.Started,
            {**started, "accountId": account_id, "requestId": request.request_id},
        )

    def retire(self, account_id: str, call: Call) -> Json:
        """Start retiring the account; as `_end`."""
        return self._end(account_id, "retire", call.json_body(), call)

    def restore(self, account_id: str, call: Call) -> Json:
        """Start restoring the account; as `_end`."""
        return self._end(account_id, "restore", call.json_body(optional=True), call)

    def approve(self, account_id: str, call: Call) -> Json:
        """Approve the account's retirement: its record then.

        UnknownResource where the caller sees neither the account nor decides on its retirement.
        """
        return self._shown(self.approver.approve(self._retirement(account_id)["pk"], call))

    def reject(self, account_id: str, call: Call) -> Json:
        """Reject the account's retirement; as `approve`."""
        return self._shown(self.approver.reject(self._retirement(account_id)["pk"], call))

    def _shown(self, item: Mapping[str, Any]) -> Json:
        return views.shown(views.RetirementRecord, record_of(cast("Retirement", item)))

    def _retirement(self, account_id: str) -> Retirement:
        is_id = not validators.account_id(account_id)
        row = self.retirements.get(account_id) if is_id else None
        if row is None or not self.approver.may_decide(row.get("approval")):
            self._record(account_id)
        if row is None:
            raise UnknownResource(
                f"The account {account_id} is not being retired.",
                code="UnknownAccount",
                remedy="Check the id.",
            )
        return row

    def _end(self, account_id: str, action: str, raw: Any, call: Call) -> Json:
        """Start it. Whether the account's unit lets the caller, its execution decides.

        Raises:
            UnknownResource: the caller sees no such account.
            RequestInvalid: with every mistake.
            RequestNotAllowed: the request policy lets the caller retire nothing.
        """
        self._ensure_may_retire()
        self._record(account_id)
        if not isinstance(raw, dict):
            raise RequestInvalid(["the body must be a JSON object"])
        taken = ("reason", "deregisterDelegatedAdministrator") if action == "retire" else ()
        problems = [
            f"{validators.shown(str(key))}: unknown key"
            + (f"; allowed: {', '.join(taken)}" if taken else "; the body must be empty")
            for key in raw
            if key not in taken
        ]
        detail = {
            **{key: value for key, value in raw.items() if key in taken},
            "accountId": account_id,
            "action": action,
        }
        try:
            retirement_request.parse(detail)
        except RequestInvalid as error:
            raise invalid([*error.problems, *problems]) from None
        if problems:
            raise invalid(problems)
        started = self.starts.retirement(detail, self.caller, route=call.path, key=call.key)
        return views.shown(views.Started, {**started, "accountId": account_id})

    def _ensure_may_retire(self) -> None:
        own = self.caller.authorization
        if own.requester is not None and not own.requester.retire:
            raise RequestNotAllowed(
                [f"account: requesters.{own.name}.retire grants no organizational unit"],
                remedy="Have whoever operates account vending extend the request policy.",
            )

    def _record(self, account_id: str) -> AccountRecord:
        is_id = not validators.account_id(account_id)
        record = self.ledger.accounts.get(account_id) if is_id else None
        if record is None or not (self._sees(record) or self._decides(account_id)):
            raise UnknownResource(
                f"There is no account {validators.shown(account_id)} that you may see.",
                code="UnknownAccount",
                remedy="Check the id. Accounts of other requesters are for administrators.",
            )
        return record

    def _sees(self, record: AccountRecord) -> bool:
        return self.caller.sees(record.get("requestId"))

    def _sees_retirement(self, row: Mapping[str, Any]) -> bool:
        return self.caller.sees_everything or self.approver.may_decide(row.get("approval"))

    def _decides(self, account_id: str) -> bool:
        """Whether the caller decides on the retirement of the account."""
        row = self.retirements.get(account_id)
        return row is not None and self.approver.may_decide(row.get("approval"))


def ensure_revision(request: AccountRequest, record: AccountRecord) -> None:
    """RequestConflict where the request is about another revision of the account."""
    wanted, revision = request.if_revision, record.get("revision", 0)
    if wanted not in (None, revision):
        raise RequestConflict(
            f"ifRevision: is {wanted}, and the account is at revision {revision}.",
            remedy="Look at the account again, and send what is to be changed of that revision.",
        )


def _summary(record: AccountRecord, retirement: Retirement | None) -> Json:
    return {
        "state": retirement["state"] if retirement else ACTIVE,
        "accountId": record["accountId"],
        "revision": record.get("revision"),
        "requestId": record.get("requestId"),
        "document": document_of(record.get("document")),
        "updatedAt": record.get("updatedAt"),
        "drift": record.get("drift"),
        "retirement": None if retirement is None else record_of(retirement),
    }


def _revision_of(cursor: str | None, newest: int) -> int:
    if cursor is None:
        return newest
    is_one = cursor.isascii() and cursor.isdigit() and len(cursor) < 10  # noqa: PLR2004
    if not is_one or not 1 <= int(cursor) <= newest:
        raise RequestInvalid(["cursor: must be what an earlier answer has as nextCursor"])
    return int(cursor)


def _plain(revision: Mapping[str, Any] | None) -> Json:
    return {**revision, "document": document_of(revision.get("document"))} if revision else {}


def _of_another(raw: Any, account_id: str, record: AccountRecord) -> Iterator[str]:
    """What says that a document is not about the account."""
    if not isinstance(raw, dict):
        return
    if raw["requestId"] != record.get("requestId"):
        yield f"requestId: must be {record.get('requestId')}, of the account's document"
    account = raw.get("account")
    if not isinstance(account, dict):
        return
    if account.get("accountId") not in (None, account_id):
        yield f"account.accountId: must be {account_id}, or be left out"
