"""What the table's items hold, for mypy: imported at run time by nothing.

Python compiles every annotation of a TypedDict when its class is made, which no cold start needs.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class Need(TypedDict):
    """What one rule wants: so many approvals by different people of the requesters `by`.

    `isWaived`: the requester's own requests count as approved under this rule.
    """

    rule: str
    approvals: int
    by: list[str]
    isWaived: NotRequired[bool]


class Decision(TypedDict):
    """Who decided what, when and why.

    `by` is how people know them, `requester` what the request policy knows them as, and `person`
    what tells two of them apart. `eventId` is of the event that brought it. `waives` are rules
    under which the request counts as approved by who sent it, and is in no other decision.
    """

    by: str
    requester: str
    person: str
    decision: str
    at: str
    reason: NotRequired[str]
    eventId: NotRequired[str]
    waives: NotRequired[list[str]]


class Approval(TypedDict):
    """The approvals that a request needs.

    `required` is how many approvals suffice, `rules` and `by` are the names of all needs together,
    and `content` is the fingerprint of what is approved. `decisions` are in their order.
    """

    needs: list[Need]
    required: int
    rules: list[str]
    by: list[str]
    content: str
    askedAt: str
    expiresAt: str
    decisions: list[Decision]
    outcome: NotRequired[str]
    decidedAt: NotRequired[str]


class Intent(TypedDict):
    """What CreateAccount is about to be called with, written before the call."""

    at: str
    accountName: str


class InvitationIntent(TypedDict):
    """When an account was about to be invited, written before the call."""

    at: str


class Waiting(TypedDict):
    """Where the request's execution waits for its slot in the creation queue."""

    at: str


class EmailCode(TypedDict, total=False):
    """The code that AWS has sent to the address which an account is to have, and never the code.

    `executionArn` is the execution that had it sent, `refusedAt` when AWS refused one last.
    """

    executionArn: str
    sentAt: str
    refusedAt: str


class SearchPosition(TypedDict, total=False):
    """Where a search for the request's account goes on: in which list, from which page."""

    startedAt: str
    listed: str
    nextToken: str


class Record(TypedDict, total=False):
    """A request's record, as everybody sees it."""

    requestId: str
    state: str
    source: str
    accountName: str
    accountId: str
    govCloudAccountId: str
    createAccountRequestId: str
    organizationalUnitId: str
    handshakeId: str
    expiresAt: str
    nextSteps: list[str]
    warnings: list[str]
    executionArn: str
    revision: int
    approval: Approval
    error: dict[str, Any]
    requestedBy: str
    sender: dict[str, str]
    requestedAt: str
    updatedAt: str


class Row(Record, total=False):
    """A request's row: its record, and what only the functions need."""

    pk: str
    schemaVersion: int
    deleteAt: int
    request: dict[str, Any]
    fingerprint: str
    intent: Intent
    invitation: InvitationIntent
    reservation: Waiting
    queuedAt: str
    look: SearchPosition
    unanswered: str
    emailCode: EmailCode
    orderedBy: dict[str, Any]
    origin: dict[str, Any]


class RefusedAsDuplicate(TypedDict):
    """When AWS first reported to an execution an open invitation that it does not see."""

    executionArn: str
    at: str


class InvitationRow(TypedDict, total=False):
    """What a row has besides, for the operations on invitations alone."""

    refusedAsDuplicate: RefusedAsDuplicate


class Drift(TypedDict, total=False):
    """How an account differs from its document, as it was found last."""

    at: str
    """Since when it differs just so."""
    differences: list[dict[str, str]]
    """As `drift.Difference` has them; never empty."""
    unreported: list[dict[str, str]]
    """Those that have not certainly been announced."""


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
    """The newest submission that was accepted, as `submissions.after` has it."""
    given: dict[str, Any]
    """What the account was given, or may have been, as `merge.Given` has it."""
    pendingRequestId: str
    """A request that was accepted since, and has not been carried out: it goes on, or failed."""
    drift: Drift
    """Absent where the account was as its document says, or has not been compared."""
    updatedAt: str


class Before(TypedDict):
    """How the account was before: what a restoration returns it to."""

    parentId: str
    organizationalUnit: str
    hadPolicy: bool


class RetirementRecord(TypedDict, total=False):
    """An account's retirement, as everybody sees it."""

    accountId: str
    accountName: str | None
    state: str
    action: str
    reason: str
    requestedBy: str | None
    sender: dict[str, str]
    executionArn: str
    before: Before
    deregistered: list[str]
    closesAt: str
    closingAt: str
    closedAt: str
    closedBy: str
    restoredAt: str
    error: dict[str, Any]
    warnings: list[str]
    requestedAt: str
    updatedAt: str
    approval: Approval


class Retirement(RetirementRecord, total=False):
    """A retirement's row: its record, and what only the functions need."""

    pk: str
    emailHash: str
    deregister: bool
    submittedAt: str
    eventIds: list[str]
    waitsSince: str
