"""The accounts' records: one for each account that was vended, whichever requests it came by.

A record has the account's last document and the number of its revision; every revision is kept in
an item of its own. It is written in the transactions by which an execution claims a request for
the account, and by which it records it as vended, so that it never says other than the request's
row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, cast

from vending.aws.clock import timestamp
from vending.ledger import keys
from vending.ledger.table import IS_NEW, Put, Table, Update, Write, as_expected
from vending.ledger.wishes import Wish, after, newer_of
from vending.request.merge import Given, differences, given_by, same_document
from vending.request.request_ids import namespace_of
from vending.states import State

if TYPE_CHECKING:
    from vending.ledger.rows import Row

ACTIVE = "ACTIVE"
"""The state of an account that is vended and not on its way out."""


class AccountRecord(TypedDict, total=False):
    """What the ledger knows of an account.

    Without `revision`, `document` and `state` a request for it was accepted, and none was vended.
    """

    pk: str
    accountId: str
    state: str
    revision: int
    document: dict[str, Any]
    """The request, normalised, that was last carried out."""
    requestId: str
    """Of the request that `document` is of."""
    orderedBy: dict[str, Any]
    """The newest wish that was accepted, as `wishes.after` has it."""
    given: dict[str, Any]
    """What the account was given, or may have been, as `merge.Given` has it."""
    updatedAt: str


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """The accounts' records in the ledger's table."""

    table: Table

    def get(self, account_id: str) -> AccountRecord | None:
        """The account's record as it is at this moment."""
        found = self.table.get(keys.account_record(account_id), consistent=True)
        return cast(AccountRecord, found) if found else None

    def revision(self, account_id: str, number: int) -> Mapping[str, Any] | None:
        """One revision: {revision, document, changes, requestId, requestedBy, sender, at}."""
        return self.table.get(keys.revision(account_id, number))

    def accepting(
        self,
        account_id: str,
        seen: AccountRecord | None,
        content: Mapping[str, Any],
        *,
        before: Row | None,
        wish: Wish | None,
    ) -> Update:
        """What to add to the transaction that claims a request for an account that is known.

        From then on an older wish is late, and all that the request may put on the account is ours,
        whatever becomes of it.

        Args:
            account_id: the account.
            seen: its record.
            content: the request, normalised.
            before: the row that is taken over.
            wish: when the request was asked for.
        """
        earlier = before if before and before.get("accountId") else None
        had = seen or (record_of_row(earlier) if earlier else None) or AccountRecord()
        given = Given.from_json(had.get("given", {})) | given_by(content)
        if earlier:
            given |= given_by(earlier.get("request", {}))
        newest = newer_of(had.get("orderedBy"), earlier.get("orderedBy") if earlier else None)
        return Update(
            pk=keys.account_record(account_id),
            values={
                **({} if seen else had),
                "accountId": account_id,
                "given": given.as_json(),
                "orderedBy": after(newest, wish),
                "updatedAt": timestamp(self.table.clock()),
            },
            condition=_as_seen(seen),
        )

    def vending(
        self, account_id: str, row: Row, seen: AccountRecord | None
    ) -> tuple[int, dict[str, Write]]:
        """The account's revision once the row's request is vended, and the writes that make it so.

        A document that asks what the last one asked is no new revision.
        """
        document, at = row.get("request", {}), timestamp(self.table.clock())
        number, last = (seen or {}).get("revision", 0), (seen or {}).get("document")
        values: dict[str, Any] = {
            "accountId": account_id,
            "state": (seen or {}).get("state", ACTIVE),
            "given": given_by(document).as_json(),
            "orderedBy": row.get("orderedBy"),
            "updatedAt": at,
        }
        writes: dict[str, Write] = {}
        if last is None or not same_document(last, document):
            number += 1
            request_id = row["requestId"]
            values |= {"revision": number, "document": document, "requestId": request_id}
            writes["revision"] = Put(
                item=_filled(
                    pk=keys.revision(account_id, number),
                    accountId=account_id,
                    revision=number,
                    document=document,
                    changes=[] if last is None else differences(last, document),
                    requestId=request_id,
                    executionArn=row.get("executionArn"),
                    requestedBy=row.get("requestedBy"),
                    sender=row.get("sender"),
                    at=at,
                ),
                condition=IS_NEW,
                returns_found=False,
            )
        writes["record"] = Update(
            pk=keys.account_record(account_id),
            values=values,
            keep=["orderedBy"] if "orderedBy" in row else [],
            condition=_as_seen(seen),
        )
        return number, writes


def record_of_row(row: Row) -> AccountRecord | None:
    """The record that an account of an earlier release has, by the row of its request.

    None unless its request was vended.
    """
    if row["state"] != State.VENDED or not row.get("executionArn") or not row.get("request"):
        return None
    return {
        "state": ACTIVE,
        "revision": 1,
        "document": row["request"],
        "requestId": row["requestId"],
        "given": given_by(row["request"]).as_json(),
    }


def changes_of(
    content: Mapping[str, Any],
    row: Row | None,
    account: AccountRecord | None,
    *,
    protected_tags: Sequence[str] = (),
) -> dict[str, Any] | None:
    """What a request changes in its account beside what it puts there; None where nothing.

    {accountName: null unless it is another than before, tags, policies and contacts: what the
    account was given before and is to have no longer, as far as it has it, authoritative: whether
    what nobody gave it here is to go, too, protectedTags: patterns of the keys that stay}.

    Args:
        content: the request, normalised.
        row: of the request, before or after it is claimed.
        account: the account's record, before or after.
        protected_tags: patterns of the keys that no request touches.
    """
    earlier = row if row and row.get("accountId") else None
    had = account or (record_of_row(earlier) if earlier else None) or AccountRecord()
    given = Given.from_json(had.get("given", {}))
    if is_anothers(had, of=content.get("requestId")):
        given = Given()  # what another requester put there is not this one's to remove
    if earlier:
        given |= given_by(earlier.get("request", {}))
    surplus = given - given_by(content)
    is_authoritative = content.get("manage") == "authoritative"
    made_with = (earlier or {}).get("origin") or (earlier or {}).get("request") or {}
    stands = had.get("document") or made_with
    name, last = (one.get("account", {}).get("name") for one in (content, stands))
    is_there = earlier is not None or content.get("source") in ("existing", "invited")
    renamed = name if is_there and name != last else None
    if not surplus and not is_authoritative and renamed is None:
        return None
    return {
        "accountName": renamed,
        **surplus.as_json(),
        "authoritative": is_authoritative,
        "protectedTags": list(protected_tags),
    }


def is_anothers(account: AccountRecord, *, of: str | None) -> bool:
    """Whether the account's document is of another requester than the request `of`."""
    theirs = account.get("requestId")
    if theirs is None or of is None:
        return False
    mine = namespace_of(of)
    return mine is not None and mine != namespace_of(theirs)


def _as_seen(seen: AccountRecord | None) -> Any:
    if seen is None:
        return IS_NEW
    return as_expected({name: seen.get(name) for name in ("revision", "orderedBy", "updatedAt")})


def _filled(**values: object) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
