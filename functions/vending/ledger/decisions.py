"""What the ledger's row means for a request that comes under its id.

Pure, and asked by AcceptRequest, by `vend submit` and by `vend plan`, so that all three say the
same. A request that failed can be corrected under its own id, and the account of one that was
vended is changed under it. Once AWS has, or may have, made or invited its account, what the account
was made or invited with stays: a changed email would be a second account. A name and an email are
changed once the account is there. A submission that is older than one that was accepted changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from vending.errors.exceptions import RequestConflict
from vending.frozen import frozen
from vending.ledger.account_records import record_of_row
from vending.ledger.rows import CREATION_BEGUN, INVITATION_BEGUN
from vending.ledger.submissions import is_late, newer_of
from vending.request.merge import same_document
from vending.request.request_ids import namespace_of, subject
from vending.states import UNCLAIMED, State

if TYPE_CHECKING:
    from vending.ledger.item_types import AccountRecord, Row
    from vending.ledger.submissions import Submission
    from vending.request.account_request import AccountRequest

Decision = Literal["new", "resumed", "corrected", "changed", "running", "finished", "superseded"]
"""new: the id has led to nothing yet. resumed: it resumes where it stopped. corrected: likewise,
with other content. changed: its account exists and is changed to what is requested now. running: an
execution is at work on it. finished: it is vended. superseded: a newer request was accepted."""

_STAYS = {
    "new": ("email", "name", "roleName", "iamUserAccessToBilling"),
    "new-govcloud": ("email", "name", "roleName", "iamUserAccessToBilling"),
    "invited": ("email", "accountId"),
    "existing": ("accountId",),
}
"""By the source of the request that stands: the keys of its account that cannot be changed."""

_OF_ACCOUNTS_THAT_ARE_THERE = {"existing", "invited"}
"""Either takes in the account that the other one was to."""


@frozen
class Asked:
    """A request as it is compared with a row.

    Attributes:
        request_id, fingerprint: the request's.
        content: the request normalised.
        submission: when it was asked for; None where it is asked for now.
        if_revision: the only revision of the account that it is to change.
        is_repair: whether it is the account's own document, to put back what others changed.
    """

    request_id: str
    fingerprint: str
    content: Mapping[str, Any]
    submission: Submission | None = None
    if_revision: int | None = None
    is_repair: bool = False

    @classmethod
    def of(
        cls,
        request: AccountRequest,
        submission: Submission | None = None,
        *,
        is_repair: bool = False,
    ) -> Asked:
        """What the request asks."""
        return cls(
            request_id=request.request_id,
            fingerprint=request.fingerprint(),
            content=request.normalised(),
            submission=submission,
            if_revision=request.if_revision,
            is_repair=is_repair,
        )

    @property
    def subject(self) -> str:
        """What the requester calls it by: the id that they wrote, else the email or account id."""
        return subject(self.request_id, self.content)


def decide(
    row: Row | None, asked: Asked, *, goes_on: bool, account: AccountRecord | None = None
) -> Decision:
    """What becomes of the request; RequestConflict, with what can be done, where nothing can.

    Args:
        row: of the request's id.
        asked: the request that comes.
        goes_on: whether the row's execution is at work, or may be.
        account: the record of the account that the row or the request names.
    """
    if account is None and row is not None:
        account = record_of_row(row)
    if asked.is_repair:
        return _decide_on_repair(row, asked, account)
    newest: Mapping[str, Any] | None = (account or {}).get("orderedBy")
    # Refused before, or an account made elsewhere that nobody has asked anything for yet.
    if row is None or row["state"] in UNCLAIMED or not row.get("executionArn"):
        if _is_superseded(asked, account, newest):
            return "superseded"
        _refuse_what_stays(row, asked)
        return "new"
    newest = newer_of(newest, row.get("orderedBy"))
    if row["state"] == State.VENDED:
        return _decide_on_vended(row, asked, account, newest)
    if goes_on:
        return _decide_on_running(row, asked, newest)
    return _decide_on_ended(row, asked, account, newest)


def _decide_on_repair(row: Row | None, asked: Asked, account: AccountRecord | None) -> Decision:
    """A repair yields to everything that was asked since, and is done once."""
    if row is None or account is None or row["state"] != State.VENDED:
        return "superseded"
    stands = account.get("revision") == asked.if_revision and not account.get("pendingRequestId")
    return "changed" if stands and account.get("drift") else "superseded"


def _is_same(row: Row, asked: Asked) -> bool:
    return row.get("fingerprint") in (None, asked.fingerprint)


def _decide_on_vended(
    row: Row, asked: Asked, account: AccountRecord | None, newest: Mapping[str, Any] | None
) -> Decision:
    document = (account or {}).get("document")
    # Of an account without a record of its own, the row tells all.
    stands = document in (None, row.get("request")) or same_document(document, asked.content)
    if stands and _is_same(row, asked):
        return "finished"
    if _is_superseded(asked, account, newest):
        return "superseded"
    _refuse_what_stays(row, asked)
    return "changed"


def _decide_on_ended(
    row: Row, asked: Asked, account: AccountRecord | None, newest: Mapping[str, Any] | None
) -> Decision:
    if _is_superseded(asked, account, newest):
        return "superseded"
    if _is_same(row, asked):
        return "resumed"
    _refuse_what_stays(row, asked)
    return "corrected"


def _decide_on_running(row: Row, asked: Asked, newest: Mapping[str, Any] | None) -> Decision:
    if _is_same(row, asked):
        return "running"
    if is_late(asked.submission, newest):
        return "superseded"
    raise _running(row, asked)


def _is_superseded(
    asked: Asked, account: AccountRecord | None, newest: Mapping[str, Any] | None
) -> bool:
    return is_late(asked.submission, newest) or _is_of_another_revision(asked, account)


def _is_of_another_revision(asked: Asked, account: AccountRecord | None) -> bool:
    """Whether the account has moved on from the revision that the request is about.

    RequestConflict where it has not come to that revision.
    """
    wanted, revision = asked.if_revision, (account or {}).get("revision", 0)
    if wanted is None or wanted == revision:
        return False
    if wanted < revision:
        return True
    has = f"is at revision {revision}" if revision else "has no revision yet"
    raise RequestConflict(
        f"ifRevision: is {wanted}, and the account of {asked.subject} {has}.",
        remedy="Look at the account's revision with `vend status`; then submit the request again "
        "with it, or without ifRevision.",
    )


def is_hidden(request_id: str, *, of: str) -> bool:
    """Whether a request is another requester's, unknown to the request `of`."""
    namespace = namespace_of(of)
    return namespace is not None and namespace_of(request_id) != namespace


def hidden_conflict(where: str) -> RequestConflict:
    """The conflict with another requester's request, which says no more than that it is there.

    Args:
        where: the key of the request that both have.
    """
    return RequestConflict(
        f"{where}: is, or may be, that of a request of another requester.",
        remedy="Make sure that it is the account that you mean; then submit the request again "
        "later, or ask whoever operates account vending.",
    )


def _has_begun(row: Row) -> bool:
    # An invitation that was declined, cancelled or left to expire leads to nothing any more.
    is_over = (row.get("error") or {}).get("code") == "InvitationEnded"
    return any(row.get(name) for name in (*CREATION_BEGUN, *(() if is_over else INVITATION_BEGUN)))


def _refuse_what_stays(row: Row | None, asked: Asked) -> None:
    if row is None or not _has_begun(row):
        return
    if row.get("executionArn") and not row.get("request"):
        raise _vended(
            row, asked
        )  # an old row, which does not say what its account was created with
    if changed := list(_changed(row, asked)):
        raise _stays(row, asked, changed)


def _changed(row: Row, asked: Asked) -> Iterator[tuple[str, str | None, str | None]]:
    """(key, what stands, what is asked) of everything that is asked to change and cannot."""
    account = asked.content.get("account", {})
    stands = row.get("origin") or row.get("request") or {}
    known = row.get("accountId")
    if not row.get("executionArn"):  # whichever source takes it in, it is this account
        if account.get("accountId") != known:
            yield "account.accountId", known, account.get("accountId")
        return
    source, wanted = stands.get("source", "new"), asked.content.get("source", "new")
    if known and wanted in _OF_ACCOUNTS_THAT_ARE_THERE and account.get("accountId"):
        # Whichever source it came by, it is this account.
        if account["accountId"] != known:
            yield "account.accountId", known, account["accountId"]
        return
    if source != wanted and not {source, wanted} <= _OF_ACCOUNTS_THAT_ARE_THERE:
        yield "source", source, wanted
    for key in _STAYS.get(source, ()):
        if key in ("name", "email") and known:
            continue  # PutAccountName and StartPrimaryEmailUpdate change them
        old, new = stands.get("account", {}).get(key), account.get(key)
        if _folded(key, old) != _folded(key, new):
            yield f"account.{key}", old, new


def _folded(key: str, value: str | None) -> str | None:
    return value.lower() if key == "email" and value else value


def _stays(
    row: Row, asked: Asked, changed: list[tuple[str, str | None, str | None]]
) -> RequestConflict:
    from vending.request.account_request import changeable  # noqa: PLC0415 -- pydantic is slow

    changes = "; ".join(
        f"{key} is {_quoted(old)}, and {_quoted(new)} was asked for" for key, old, new in changed
    )
    kept = " and ".join(f"{key} {_quoted(old)}" if old else f"no {key}" for key, old, _ in changed)
    stands = row.get("origin") or row.get("request") or {}
    makes = stands.get("source", "existing") in ("new", "new-govcloud")
    another = "a new requestId and another email" if makes else "a new requestId"
    *others, last = changeable()
    return RequestConflict(
        f"{asked.subject} belongs to a request that is {row['state']}, and {_account_of(row)}. "
        f"What can no longer be changed: {changes}.",
        remedy=(
            f"Submit it again with {kept}; {', '.join(others)} and {last} may be changed"
            f"{', and account.name' if row.get('accountId') else ''}. For another account, use "
            f"{another}."
        ),
    )


def _account_of(row: Row) -> str:
    if account_id := row.get("accountId"):
        return f"its account is {account_id}"
    if row.get("invitation") or row.get("handshakeId"):
        return "its account was invited, or may have been"
    return "its account was created, or may have been"


def _vended(row: Row, asked: Asked) -> RequestConflict:
    account_id = row.get("accountId")
    source = asked.content.get("source", "new")
    if source in _OF_ACCOUNTS_THAT_ARE_THERE or not account_id:
        remedy = (
            "Submit the changed request under a new requestId, one that was not used before; the "
            "account stays the same."
        )
    else:
        remedy = (
            f"To change what the account has, submit a request with source existing, "
            f"account.accountId '{account_id}' and a new requestId, and nothing else in account: "
            "that source takes no email, roleName or iamUserAccessToBilling. For another account, "
            "use a new requestId and another email."
        )
    return RequestConflict(_different(row, asked), remedy=remedy)


def _running(row: Row, asked: Asked) -> RequestConflict:
    return RequestConflict(
        f"{_different(row, asked)} It is in progress in the execution {row.get('executionArn')}.",
        remedy=(
            "Wait until it has ended, then submit this one again: a request that failed can be "
            "corrected, and where it was vended this one changes its account."
        ),
    )


def _different(row: Row, asked: Asked) -> str:
    account_id = row.get("accountId")
    known = f" Its account is {account_id}." if account_id else ""
    return (
        f"{asked.subject} already belongs to a request with different content, which is "
        f"{row['state']}.{known}"
    )


def _quoted(value: str | None) -> str:
    return f"'{value}'" if value else "none"
