"""Comparing the organization with the ledger: unknown accounts, and rows without an account.

Only ListAccounts is read throughout; tags are asked for where the ledger does not know an account,
and vended accounts that no page shows are described, until they have been reported as gone. Reads
keep a pace that leaves most of AWS's rate to others and stop after a while: the cursor says where
the next run goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from vending.aws.clock import Clock
from vending.errors.aws_errors import translate_aws_errors
from vending.errors.exceptions import ServiceUnavailable
from vending.frozen import frozen
from vending.ledger.ledger import Ledger
from vending.reconciliation.audit_cursor import BYTES_PER_KEY, AuditCursor
from vending.request.validators import REQUEST_ID_TAG
from vending.states import IN_FLIGHT, State

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import AccountTypeDef

    from vending.ledger.item_types import Row

SECONDS_PER_CALL = 0.25
"""Four calls a second: half of ListAccounts' rate, and less of every other's."""

LOST_PAGES = ("INVALID_NEXT_TOKEN", "INVALID_PAGINATION_TOKEN")
"""Why AWS refuses a token: that one is good no longer. What it was for begins again."""

REMEDIES = {
    "AccountWithoutRow": "Find out who removed the row or tagged the account. If it is to be "
    "managed here, submit a request with source existing and its accountId.",
    "SecondAccount": "The request has two accounts. Find out which one is used, and close the "
    "other in AWS Organizations.",
    "AccountNotAdopted": "Resume the request with `vend resume` and its id: it adopts the account.",
    "AccountClosed": "No action needed if it was closed on purpose. AWS can reopen it within 90 "
    "days.",
    "AccountGone": "No action needed if it was closed or removed on purpose.",
}
"""What to do about each kind of finding."""


@frozen
class Finding:
    """One difference between the organization and the ledger; `kind` is a key of REMEDIES."""

    kind: str
    account_id: str
    request_id: str
    message: str

    @property
    def key(self) -> bytes:
        """Equal for the same difference in another audit; short, as the cursor keeps thousands."""
        difference = f"{self.kind} {self.account_id} {self.request_id}"
        return hashlib.blake2b(difference.encode(), digest_size=BYTES_PER_KEY).digest()

    def as_json(self) -> dict[str, str]:
        """As the report carries it."""
        return {
            "finding": self.kind,
            "accountId": self.account_id,
            "requestId": self.request_id,
            "message": self.message,
            "remedy": REMEDIES[self.kind],
        }


@frozen
class OrganizationAudit:
    """One run's share of an audit. `rest` blocks for seconds.

    Once it is `until`, the page or the account at hand is the last; so every run gets further.
    """

    organizations: OrganizationsClient
    ledger: Ledger
    clock: Clock
    rest: Callable[[float], None]
    until: float

    def run(self, cursor: AuditCursor) -> tuple[AuditCursor, list[Finding]]:
        """Go on from `cursor`; started_at is None in the cursor returned when the audit is done."""
        known = self._known()
        if cursor.started_at is None:
            vended = frozenset(one for one, row in known.items() if row["state"] == State.VENDED)
            cursor = replace(
                cursor,
                started_at=self.clock(),
                next_token=None,
                listed=False,
                unseen=vended,
                found=(),
                accounts=0,
            )
        findings: list[Finding] = []
        while not cursor.listed:
            try:
                accounts, next_token = self._page(cursor.next_token)
            except ServiceUnavailable as error:
                if error.reason not in LOST_PAGES:
                    raise
                return replace(cursor, started_at=None), findings  # from the start, next time
            seen = [finding for account in accounts for finding in self._compare(account, known)]
            shown = {account["Id"] for account in accounts}
            findings += seen
            cursor = replace(
                _with(cursor, seen),
                unseen=cursor.unseen - shown,
                accounts=cursor.accounts + len(accounts),
                next_token=next_token,
                listed=next_token is None,
            )
            if self.clock() >= self.until and (next_token or cursor.unseen):
                return cursor, findings
        missing = sorted(cursor.unseen)
        for number, account_id in enumerate(missing, start=1):
            gone = self._gone(known.get(account_id), cursor.reported)
            findings += gone
            cursor = _with(cursor, gone)
            if self.clock() >= self.until and number < len(missing):
                return replace(cursor, unseen=frozenset(missing[number:])), findings
        done = replace(
            cursor,
            started_at=None,
            ended_at=self.clock(),
            listed=False,
            unseen=frozenset(),
            found=(),
            reported=frozenset(cursor.found),
        )
        return done, findings

    def _known(self) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for state in (State.FAILED, *IN_FLIGHT, State.VENDED):
            for row in self.ledger.query_by_state(state):
                if "accountId" in row:
                    rows[row["accountId"]] = row
        return rows

    def _page(self, token: str | None) -> tuple[list[AccountTypeDef], str | None]:
        self.rest(SECONDS_PER_CALL)
        with translate_aws_errors():
            if token is None:
                page = self.organizations.list_accounts()
            else:
                page = self.organizations.list_accounts(NextToken=token)
        return page.get("Accounts", []), page.get("NextToken")

    def _compare(self, account: AccountTypeDef, known: dict[str, Row]) -> Iterator[Finding]:
        account_id = account["Id"]
        state = account.get("State") or account.get("Status") or "ACTIVE"
        row = known.get(account_id)
        if row is not None:
            if row["state"] == State.VENDED and state != "ACTIVE":
                yield _finding("AccountClosed", row, account_id, f"It is {state}.")
            return
        request_id = self._request_id(account_id) if state == "ACTIVE" else None
        if request_id is None:
            return
        row = self.ledger.get(request_id)
        if row is None:
            yield Finding(
                kind="AccountWithoutRow",
                account_id=account_id,
                request_id=request_id,
                message=f"The account {account_id} carries the tag of a request that the ledger "
                "does not have.",
            )
        elif row.get("accountId", account_id) != account_id:
            yield _finding(
                "SecondAccount", row, account_id, f"The request's account is {row['accountId']}."
            )
        elif "accountId" not in row and row["state"] not in IN_FLIGHT:
            yield _finding(
                "AccountNotAdopted", row, account_id, f"The request is {row['state']} without it."
            )

    def _request_id(self, account_id: str) -> str | None:
        self.rest(SECONDS_PER_CALL)
        with translate_aws_errors():
            pages = self.organizations.get_paginator("list_tags_for_resource")
            try:
                for page in pages.paginate(ResourceId=account_id):
                    for tag in page.get("Tags", []):
                        if tag["Key"] == REQUEST_ID_TAG:
                            return tag["Value"]
            except self.organizations.exceptions.TargetNotFoundException:
                return None  # it has left since the page was read
        return None

    def _gone(self, row: Row | None, reported: frozenset[bytes]) -> list[Finding]:
        if row is None or row["state"] != State.VENDED:
            return []
        account_id = row["accountId"]
        gone = _finding("AccountGone", row, account_id, "It is no longer in the organization.")
        if gone.key in reported:
            # Accounts that are gone are ever more, and those that come back are on a page.
            return [gone]
        self.rest(SECONDS_PER_CALL)
        with translate_aws_errors():
            try:
                self.organizations.describe_account(AccountId=account_id)
            except self.organizations.exceptions.AccountNotFoundException:
                return [gone]
        return []


def _with(cursor: AuditCursor, findings: list[Finding]) -> AuditCursor:
    return replace(cursor, found=(*cursor.found, *(finding.key for finding in findings)))


def _finding(kind: str, row: Row, account_id: str, more: str) -> Finding:
    return Finding(
        kind=kind,
        account_id=account_id,
        request_id=row["requestId"],
        message=f"The account {account_id} belongs to the request {row['requestId']}. {more}",
    )
