"""A request's claim by its execution: what the rows that are there mean for it, and the takeover.

The claim takes the request's row, the locks and the counts in one transaction; where another
execution has any of them, what becomes of the request follows from whether that one still runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from vending.acceptance.approvals_asked import ApprovalsAsked
from vending.acceptance.claim_writes import ClaimWrites
from vending.acceptance.lock_owners import LockOwners
from vending.acceptance.named_email import ensure_email_possible
from vending.authorization import approvals_needed
from vending.authorization.approvals_needed import NOTHING_COUNTED, Counted
from vending.authorization.authorization import Authorization
from vending.aws.clock import timestamp
from vending.aws.executions import is_running
from vending.errors.exceptions import ConcurrentModification, ExecutionSuperseded
from vending.frozen import frozen
from vending.ledger.account_records import changes_of
from vending.ledger.claims import Claims
from vending.ledger.decisions import Asked, Decision, decide
from vending.ledger.ledger import Ledger
from vending.ledger.locks import LockHeld, account_of, keys
from vending.ledger.submissions import Submission, after, newer_of
from vending.organization import eligibility, preflight
from vending.request.account_request import AccountRequest
from vending.requesters import DISCOVERED_ACCOUNTS
from vending.states import FINAL, State

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_stepfunctions import SFNClient

    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.item_types import AccountRecord, Approval, Row
    from vending.ledger.table import Put

Outcome = Literal["ACCEPTED", "DUPLICATE", "FINISHED", "SUPERSEDED"]

_OUTCOMES: dict[Decision, Outcome] = {
    "running": "DUPLICATE",
    "finished": "FINISHED",
    "superseded": "SUPERSEDED",
}
"""Of all other decisions: ACCEPTED."""

_MAX_ATTEMPTS = 5
"""How often locks that their owners no longer need are taken over in one go."""


@frozen
class RequestClaim:
    """One valid request that its sender may ask for, as its execution sees it."""

    request: AccountRequest
    submission: Submission | None
    authorization: Authorization
    execution_arn: str
    ledger: Ledger
    stepfunctions: SFNClient
    organizations: OrganizationsClient
    publisher: EventPublisher
    surroundings: preflight.Surroundings

    def take(self) -> tuple[Outcome, Row, dict[str, Any] | None]:
        """What becomes of the request, its row, and what it changes in an account that is there."""
        content = self.request.normalised()
        locks = self._writes.locks(content["account"])
        for _ in range(_MAX_ATTEMPTS):
            try:
                row, account, claimed = self._claim(content, locks)
                if claimed:
                    return "ACCEPTED", row, self._changes(row, account)
                decision = self._decision(row, account)
                outcome = _OUTCOMES.get(decision, "ACCEPTED")
                changes = self._changes(row, account) if outcome == "ACCEPTED" else None
                if outcome == "ACCEPTED" and _to_be_taken_over(row, self.execution_arn):
                    row = self._taken_over(row, account, locks, decision)
            except LockHeld as held:
                self._owners.take_away(held, request_id=self.request.request_id)
            else:
                return outcome, row, changes
        raise ConcurrentModification(
            "The account's id or email was repeatedly claimed by others.",
            remedy="No action needed: the workflow retries automatically.",
        )

    def _claim(
        self, content: Mapping[str, Any], locks: Mapping[str, Put]
    ) -> tuple[Row, AccountRecord | None, bool]:
        """The request's row, the record of its account, and whether the row was made now.

        A request that is about an account which is known must not be claimed where it is late.
        """
        account_id = content["account"].get("accountId")
        account = self.ledger.accounts.get(account_id) if account_id else None
        counted: dict[str, Put] = {}
        count = NOTHING_COUNTED
        if self._writes.is_counted or account is not None:
            there = self.ledger.get(self.request.request_id)
            if there is None and self._decided(None, account) == "superseded":
                return self._superseded(account), account, False
            if there is None:
                counted, count = self._writes.counted(is_new=True)
        approval = self._approval(count, account_id)
        accepting = self._writes.accepting(account_id, account, content, before=None)
        row, claimed = Claims(ledger=self.ledger).claim(
            self.request,
            self.execution_arn,
            {**locks, **counted, **accepting},
            sender=self.authorization.as_record(),
            ordered_by=after(None, self.submission),
            approval=approval,
        )
        if not claimed and row.get("accountId") not in (None, account_id):
            account = self.ledger.accounts.get(row["accountId"])
        return row, account, claimed

    def _superseded(self, account: AccountRecord | None) -> Row:
        """The row of a request that was late before it had one."""
        at = timestamp(self.ledger.clock())
        return Claims(ledger=self.ledger).insert_unclaimed(
            {
                "requestId": self.request.request_id,
                "state": State.SUPERSEDED,
                "source": self.request.source,
                "accountId": (account or {}).get("accountId"),
                "revision": (account or {}).get("revision"),
                "requestedBy": self.request.requested_by,
                "sender": dict(self.authorization.as_record()),
                "requestedAt": at,
                "updatedAt": at,
            },
            self.request,
        )

    def _taken_over(
        self,
        before: Row,
        account: AccountRecord | None,
        locks: dict[str, Put],
        decision: Decision,
    ) -> Row:
        content, account_id = self.request.normalised(), before.get("accountId")
        if decision == "changed":
            self._ensure_changeable(account_id)
        elif decision == "new" and account_id is not None:
            # Recorded or adopted: it is there, and nothing was asked for it yet.
            self._ensure_possible(account_id)
        if account_id is not None:
            # It asks AWS for none, so that nobody's email is in its way, unless it is to get that.
            email = content["account"].get("email")
            is_kept = email == account_of(before).get("email")
            locks = self._writes.locks(
                {"accountId": account_id, **({} if is_kept else {"email": email})}
            )
        about = account_id or content["account"].get("accountId")
        counted, count = self._writes.counted(is_new=decision == "new")
        approved = before.get("approval") if decision == "resumed" else None
        approval = self._approval(count, about, approved)
        row = Claims(ledger=self.ledger).take_over(
            before,
            self.request,
            self.execution_arn,
            {
                **locks,
                **counted,
                **self._writes.accepting(about, account, content, before=before),
            },
            sender=self.authorization.as_record(),
            ordered_by=after(
                newer_of(before.get("orderedBy"), (account or {}).get("orderedBy")), self.submission
            ),
            approval=approval,
        )
        # A correction may be about another account; an earlier execution may have kept the first.
        if not set(keys(account_of(before))) <= set(keys(account_of(row))):
            earlier = before.get("executionArn", "")
            self.ledger.locks.free(row["requestId"], earlier, account_of(before))
        return row

    def _approval(
        self, counted: Counted, account_id: str | None, earlier: Approval | None = None
    ) -> Approval | None:
        """What has to be approved; RequestNotAllowed beyond a ceiling that no approval excuses."""
        asked = ApprovalsAsked(
            request=self.request,
            authorization=self.authorization,
            organizations=self.organizations,
            clock=self.ledger.clock,
        ).asked(counted, account_id=account_id, earlier=earlier)
        needs = asked["needs"] if asked else []
        if not approvals_needed.excuses_ceilings(needs, self.authorization.policy):
            self._writes.refuse_beyond(counted)
        return asked

    def _ensure_changeable(self, account_id: str | None) -> None:
        """What is refused of a change is refused while the row says VENDED, and was never claimed.

        OperationRefused where the account is not an active member, RequestNotAllowed where it
        stands, RequestInvalid for what AWS is known to refuse.
        """
        if account_id is not None:
            refused = eligibility.vended_refusal(account_id, self.organizations)
            if refused is not None:
                raise refused
            self.authorization.ensure_place_allowed(account_id, self.organizations, is_own=True)
        self._ensure_possible(account_id)

    def _ensure_possible(self, account_id: str | None) -> None:
        preflight.ensure_possible(self.request, None, self.surroundings, account_id=account_id)

    def _changes(self, row: Row, account: AccountRecord | None) -> dict[str, Any] | None:
        changes = changes_of(
            self.request.normalised(),
            row,
            account,
            protected_tags=self.authorization.policy.protected.tags,
            is_repair=self.authorization.is_repair,
        )
        if not self.authorization.is_repair:
            ensure_email_possible(self.request, changes, self.authorization, self.organizations)
        return changes

    def _decision(self, row: Row, account: AccountRecord | None) -> Decision:
        if self._was_stopped(row):
            raise ExecutionSuperseded(
                "The execution was stopped before it could claim the request.",
                remedy="No action needed: the request is FAILED and can be resumed.",
            )
        is_anothers = row.get("executionArn") not in (None, self.execution_arn)
        goes_on = is_anothers and row["state"] not in FINAL and self._owners.goes_on(row)
        return self._decided(row, account, goes_on=goes_on)

    def _decided(
        self, row: Row | None, account: AccountRecord | None, *, goes_on: bool = False
    ) -> Decision:
        if self._is_discovery_of(account):
            return "superseded"
        # One that has claimed the row already goes on as any other.
        is_mine = row is not None and row.get("executionArn") == self.execution_arn
        is_repair = self.authorization.is_repair and not is_mine
        asked = Asked.of(self.request, self.submission, is_repair=is_repair)
        return decide(row, asked, goes_on=goes_on, account=account)

    def _is_discovery_of(self, account: AccountRecord | None) -> bool:
        """Whether an account was taken for one that nobody asked for, and somebody did.

        Its tag and its request may show later than the event that tells of it.
        """
        is_discovered = self.authorization.name == DISCOVERED_ACCOUNTS
        return (
            is_discovered
            and account is not None
            and account.get("requestId", self.request.request_id) != self.request.request_id
        )

    def _was_stopped(self, row: Row) -> bool:
        """Whether this very execution's end is in the ledger already, and it is the end."""
        mine = row["state"] == State.FAILED and row.get("executionArn") == self.execution_arn
        return mine and not is_running(self.execution_arn, self.stepfunctions, known_for=math.inf)

    @cached_property
    def _writes(self) -> ClaimWrites:
        return ClaimWrites(
            request=self.request,
            submission=self.submission,
            authorization=self.authorization,
            execution_arn=self.execution_arn,
            ledger=self.ledger,
        )

    @cached_property
    def _owners(self) -> LockOwners:
        return LockOwners(
            ledger=self.ledger, stepfunctions=self.stepfunctions, publisher=self.publisher
        )


def _to_be_taken_over(row: Row, execution_arn: str) -> bool:
    return row.get("executionArn") != execution_arn or row["state"] in FINAL
