"""What an account's record says, and what a request changes in it: pure, without a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vending.request.merge import Given, given_by
from vending.request.request_ids import namespace_of
from vending.states import State

if TYPE_CHECKING:
    from vending.ledger.item_types import AccountRecord, Row

ACTIVE = "ACTIVE"
"""The state of an account that is vended and not on its way out."""


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
    is_repair: bool = False,
) -> dict[str, Any] | None:
    """What a request changes in its account beside what it puts there; None where nothing.

    {accountName and email: null unless they are others than before, tags, policies and contacts:
    what the account was given before and is to have no longer, as far as it has it, authoritative:
    whether what nobody gave it here is to go, too, protectedTags: patterns of the keys that stay}.

    Args:
        content: the request, normalised.
        row: of the request, before or after it is claimed.
        account: the account's record, before or after.
        protected_tags: patterns of the keys that no request touches.
        is_repair: whether the account may have another name than its document says.
    """
    earlier = row if row and row.get("accountId") else None
    had = account or (record_of_row(earlier) if earlier else None) or {}
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
    renamed = name if is_there and (is_repair or name != last) else None
    email = _new_email(content, stands, earlier) if is_there else None
    if not surplus and not is_authoritative and renamed is None and email is None:
        return None
    return {
        "accountName": renamed,
        "email": email,
        **surplus.as_json(),
        "authoritative": is_authoritative,
        "protectedTags": list(protected_tags),
    }


def _new_email(
    content: Mapping[str, Any], stands: Mapping[str, Any], earlier: Row | None
) -> str | None:
    """The root user's email where the account may have another one.

    An attempt before this one may have given it another, too, whatever became of that.
    """
    wanted: str | None = content.get("account", {}).get("email")
    before = (stands, (earlier or {}).get("request") or {})
    known = {str(one.get("account", {}).get("email") or "").lower() for one in before}
    return None if wanted is None or known - {""} <= {wanted.lower()} else wanted


def is_anothers(account: AccountRecord, *, of: str | None) -> bool:
    """Whether the account's document is of another requester than the request `of`."""
    theirs = account.get("requestId")
    if theirs is None or of is None:
        return False
    mine = namespace_of(of)
    return mine is not None and mine != namespace_of(theirs)
