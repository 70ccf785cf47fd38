"""AcceptRequest: who asks and whether they may, all mistakes at once, the claim, and a look ahead.

Whether the request policy grants the request to its sender is decided before anything else is. The
claim is inside the workflow, so a request is vended once however it comes in and however often
it is delivered. With the claim it takes the locks on the account's email and id, as far as it knows
them, so that no other request for the same account is under way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vending.authorization.authorization import Authorization
from vending.authorization.request_policy import DISCOVERED_ACCOUNTS, Ceilings, RequestPolicy
from vending.authorization.sender import opened
from vending.aws import clients
from vending.aws.clock import epoch, timestamp
from vending.aws.executions import account_id_of, is_running
from vending.aws.measurements import measure
from vending.aws.observability import log_request_id
from vending.errors.exceptions import (
    ConcurrentModification,
    ExecutionSuperseded,
    RequestConflict,
    RequestInvalid,
    RequestNotAllowed,
    ServiceUnavailable,
)
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.ledger.account_records import AccountRecord, changes_of
from vending.ledger.claims import Claims
from vending.ledger.decisions import Asked, Decision, decide, hidden_conflict, is_hidden
from vending.ledger.ledger import Ledger
from vending.ledger.locks import (
    LockHeld,
    account_of,
    is_creation_in_flight,
    keys,
    refuse_retired,
)
from vending.ledger.rows import Row, record_of
from vending.ledger.usage import Usages
from vending.ledger.wishes import Wish, after, newer_of
from vending.model import Model
from vending.organization import eligibility, preflight
from vending.reconciliation.execution_end import ExecutionEnd
from vending.request import validators
from vending.request.account_request import AccountRequest, parse
from vending.states import FINAL, State

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_stepfunctions import SFNClient

    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.table import Put, Write

CALLS = {
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:DescribeAccount",
    "organizations:DescribeOrganization",
    "organizations:DescribeOrganizationalUnit",
    "organizations:DescribePolicy",
    "organizations:ListAWSServiceAccessForOrganization",
    "organizations:ListAccounts",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListParents",
    "organizations:ListPolicies",
    "organizations:ListPoliciesForTarget",
    "organizations:ListRoots",
    "states:DescribeExecution",
}

Outcome = Literal["ACCEPTED", "DUPLICATE", "FINISHED", "SUPERSEDED"]

_OUTCOMES: dict[Decision, Outcome] = {
    "running": "DUPLICATE",
    "finished": "FINISHED",
    "superseded": "SUPERSEDED",
}
"""Of all other decisions: ACCEPTED."""

SHOWN_WITHIN = 300
"""Seconds after AWS was asked for an account, in which it may be one that does not show yet."""

_MAX_ATTEMPTS = 5
"""How often locks that their owners no longer need are taken over in one go."""


class AcceptRequest(Model):
    """The execution's input, which is an event or a request: anything that JSON can say.

    `size` is the request's bytes as JSON in ASCII, `too_deep` whether it is nested beyond the
    bounds; of one that is too large or too deep there is only what it is known by. `started_at` is
    when the execution started, which an earlier definition does not say.
    """

    request: Any = None
    size: int = 0
    too_deep: bool = False
    execution_arn: str
    started_at: str | None = None


def run(
    payload: AcceptRequest,
    *,
    ledger: Ledger,
    stepfunctions: SFNClient,
    organizations: OrganizationsClient,
    publisher: EventPublisher,
    surroundings: preflight.Surroundings,
    policy: RequestPolicy,
) -> Json:
    """{outcome, record, request, changes, creationBegun, organizationalUnitMissing}.

    RequestNotAllowed, RequestInvalid, RequestConflict, OperationRefused. What AWS is known to
    refuse is refused here, before there is an account, with every problem.

    ACCEPTED: this execution vends the request, from the start or from where an earlier one failed.
    DUPLICATE: the execution that the record names is vending it. FINISHED: it is already vended.
    SUPERSEDED: a newer wish for the account, or under the request's id, was accepted before, or the
    account has another revision than ifRevision says; the record is what stands, or that of this
    request, which is SUPERSEDED.
    changes: null, or what is changed in the account beside what the request puts there, as
    `accounts.changes_of` says it.
    creationBegun: AWS was, or may have been, asked for the account before. OperationRefused where
    the account that was made before has left or is not active; a new claim is held then.
    organizationalUnitMissing: AWS was not asked for the account, and the request's path leads to
    no unit yet: whether AWS refuses it shows only when it is made, so it is made first.
    """
    sender, raw = opened(payload.request)
    here = account_id_of(payload.execution_arn)
    log_request_id(policy.remembered(raw, sender, here=here)[0])
    authorization = Authorization.of(sender, policy, here=here)
    if beyond := validators.beyond(payload.size, too_deep=payload.too_deep):
        raise RequestInvalid(beyond)
    request = authorization.owned(parse(raw))
    authorization.ensure_allowed(request, organizations)
    return Acceptance(
        request=request,
        wish=Wish.of(
            event_id=sender.event_id,
            sent_at=sender.sent_at,
            started_at=payload.started_at,
            execution_arn=payload.execution_arn,
        ),
        authorization=authorization,
        execution_arn=payload.execution_arn,
        ledger=ledger,
        stepfunctions=stepfunctions,
        organizations=organizations,
        publisher=publisher,
        surroundings=surroundings,
    ).run()


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """One valid request that its sender may ask for, as its execution sees it."""

    request: AccountRequest
    wish: Wish | None
    authorization: Authorization
    execution_arn: str
    ledger: Ledger
    stepfunctions: SFNClient
    organizations: OrganizationsClient
    publisher: EventPublisher
    surroundings: preflight.Surroundings

    def run(self) -> Json:
        """As the operation's `run`."""
        outcome, row, changes = self._claimed()
        found = preflight.Findings()
        if outcome == "ACCEPTED":
            found = preflight.ensure_possible(self.request, row, self.surroundings)
            self.publisher.publish_state_changed(record_of(row))
        self._refuse_closed(outcome, row)
        record = record_of(row)
        if outcome == "FINISHED":
            account_id, unit_id = record["accountId"], record["organizationalUnitId"]
            moved = eligibility.moved_since(account_id, unit_id, self.organizations)
            if moved is not None:
                record["warnings"] = [*(record["warnings"] or []), moved]
        measure(f"Request{outcome.capitalize()}")
        return {
            "outcome": outcome,
            "record": record,
            "request": self.request.normalised(),
            "changes": changes,
            "creationBegun": "accountId" in row or is_creation_in_flight(row),
            "organizationalUnitMissing": bool(found.missing_units),
        }

    def _refuse_closed(self, outcome: Outcome, row: Row) -> None:
        """OperationRefused where the account that the outcome builds on is not an active member.

        DescribeAccount looks at accounts that exist already, and at invited ones once they have
        come.
        """
        account_id = row.get("accountId")
        resumed = outcome == "ACCEPTED" and self.request.source in {"new", "new-govcloud"}
        if account_id is None or not (resumed or outcome == "FINISHED"):
            return
        refused = eligibility.vended_refusal(account_id, self.organizations)
        if refused is None:
            if resumed:
                self.authorization.ensure_place_allowed(account_id, self.organizations, is_own=True)
            return
        if resumed and refused.code == "AccountNotFoundException" and self._is_new(row):
            raise ServiceUnavailable(refused.message, code=refused.code, remedy=refused.remedy)
        raise refused

    def _is_new(self, row: Row) -> bool:
        """Whether AWS was asked for the account so lately that it may not show the account yet."""
        intent = row.get("intent")
        return intent is not None and self.ledger.clock() - epoch(intent["at"]) < SHOWN_WITHIN

    def _claimed(self) -> tuple[Outcome, Row, Json | None]:
        """What becomes of the request, its row, and what it changes in an account that is there."""
        content = self.request.normalised()
        locks = self._lock_puts(content["account"])
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
                self._take_away(held)
            else:
                return outcome, row, changes
        raise ConcurrentModification(
            "The account's id or email was repeatedly claimed by others.",
            remedy="No action needed: the workflow retries automatically.",
        )

    def _changes(self, row: Row, account: AccountRecord | None) -> Json | None:
        return changes_of(
            self.request.normalised(),
            row,
            account,
            protected_tags=self.authorization.policy.protected.tags,
        )

    def _claim(
        self, content: Json, locks: Mapping[str, Put]
    ) -> tuple[Row, AccountRecord | None, bool]:
        """The request's row, the record of its account, and whether the row was made now.

        A request that is about an account which is known must not be claimed where it is late.
        """
        account_id = content["account"].get("accountId")
        account = self.ledger.accounts.get(account_id) if account_id else None
        counted: dict[str, Put] = {}
        if self._ceilings is not None or account is not None:
            there = self.ledger.get(self.request.request_id)
            if there is None and self._decided(None, account) == "superseded":
                return self._superseded(account), account, False
            if there is None:
                counted = self._counted(is_new=True)
        accepting = self._accepting(account_id, account, content, before=None)
        row, claimed = Claims(ledger=self.ledger).claim(
            self.request,
            self.execution_arn,
            {**locks, **counted, **accepting},
            sender=self.authorization.as_record(),
            ordered_by=after(None, self.wish),
        )
        if not claimed and row.get("accountId") not in (None, account_id):
            account = self.ledger.accounts.get(row["accountId"])
        return row, account, claimed

    def _accepting(
        self,
        account_id: str | None,
        account: AccountRecord | None,
        content: Json,
        *,
        before: Row | None,
    ) -> dict[str, Write]:
        """The write by which the account's record knows that the request was accepted."""
        is_there = account is not None or (before is not None and "accountId" in before)
        if account_id is None or not (is_there or self.request.source == "existing"):
            return {}
        update = self.ledger.accounts.accepting(
            account_id, account, content, before=before, wish=self.wish
        )
        return {update.pk: update}

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

    @property
    def _ceilings(self) -> Ceilings | None:
        requester = self.authorization.requester
        return requester.ceilings if requester and requester.ceilings.model_fields_set else None

    def _counted(self, *, is_new: bool) -> dict[str, Put]:
        """The write that counts the request; RequestNotAllowed where a ceiling is reached."""
        if self._ceilings is None:
            return {}
        put, beyond = Usages(table=self.ledger.table).counting(
            self.request.request_id,
            self.authorization.name,
            self._ceilings,
            is_new=is_new,
            has_ended=self._has_ended,
        )
        if beyond:
            raise RequestNotAllowed(
                beyond,
                remedy="Submit the request again when others have ended, or on another day; or "
                "have the operators of account vending raise the limit in the request policy.",
            )
        return {str(put.item["pk"]): put}

    def _has_ended(self, request_id: str) -> bool:
        row = self.ledger.get(request_id)
        return row is None or row["state"] in FINAL

    def _lock_puts(self, account: Mapping[str, Any]) -> dict[str, Put]:
        return self.ledger.locks.lock_puts(self.request.request_id, self.execution_arn, account)

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
        if account_id is not None:
            # It asks AWS for none, so that nobody's email is in its way.
            locks = self._lock_puts({"accountId": account_id})
        about = account_id or content["account"].get("accountId")
        row = Claims(ledger=self.ledger).take_over(
            before,
            self.request,
            self.execution_arn,
            {
                **locks,
                **self._counted(is_new=decision == "new"),
                **self._accepting(about, account, content, before=before),
            },
            sender=self.authorization.as_record(),
            ordered_by=after(
                newer_of(before.get("orderedBy"), (account or {}).get("orderedBy")), self.wish
            ),
        )
        # A correction may be about another account; an earlier execution may have kept the first.
        if not set(keys(account_of(before))) <= set(keys(account_of(row))):
            earlier = before.get("executionArn", "")
            self.ledger.locks.free(row["requestId"], earlier, account_of(before))
        return row

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
        preflight.ensure_possible(self.request, None, self.surroundings, account_id=account_id)

    def _decision(self, row: Row, account: AccountRecord | None) -> Decision:
        if self._was_stopped(row):
            raise ExecutionSuperseded(
                "The execution was stopped before it could claim the request.",
                remedy="No action needed: the request is FAILED and can be resumed.",
            )
        is_anothers = row.get("executionArn") not in (None, self.execution_arn)
        goes_on = is_anothers and row["state"] not in FINAL and self._goes_on(row)
        return self._decided(row, account, goes_on=goes_on)

    def _decided(
        self, row: Row | None, account: AccountRecord | None, *, goes_on: bool = False
    ) -> Decision:
        if self._is_discovery_of(account):
            return "superseded"
        return decide(row, Asked.of(self.request, self.wish), goes_on=goes_on, account=account)

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

    def _goes_on(self, row: Row) -> bool:
        """Whether the row's execution runs, or may: it shows a little later than it begins."""
        known_for = self.ledger.clock() - epoch(row["updatedAt"])
        return is_running(row["executionArn"], self.stepfunctions, known_for=known_for)

    def _take_away(self, held: LockHeld) -> None:
        """Free a lock whose owner is over and done with; RequestConflict where it is not."""
        refuse_retired(held)
        owner = self.ledger.get(held.owner)
        if owner is not None:
            is_over = owner["state"] in FINAL or not self._goes_on(owner)
            if not is_over or self.ledger.locks.may_still_create(owner):
                raise self._in_the_way(held, owner, is_over=is_over)
            if owner["state"] not in FINAL:
                # Its last function may be at work yet, and must ask AWS for no account any more.
                end = ExecutionEnd.of(owner["executionArn"], self.stepfunctions)
                if end is None:
                    raise self._in_the_way(held, owner, is_over=False)
                owner = self.ledger.mark_interrupted(owner, error=end.as_error())
                self.publisher.publish_outcome(record_of(owner))
        self.ledger.locks.release(held)

    def _in_the_way(self, held: LockHeld, owner: Row, *, is_over: bool) -> RequestConflict:
        if is_hidden(held.owner, of=self.request.request_id):
            return hidden_conflict(held.what)
        return _in_the_way(held, owner, is_over=is_over)


def _to_be_taken_over(row: Row, execution_arn: str) -> bool:
    return row.get("executionArn") != execution_arn or row["state"] in FINAL


def _in_the_way(held: LockHeld, owner: Row, *, is_over: bool) -> RequestConflict:
    remedy = f"Wait until the request '{held.owner}' has ended, then submit this one again."
    if is_over:
        remedy = (
            f"Submit the request '{held.owner}' again: it finds out what became of its account. "
            "Then submit this one again, if it is still wanted."
        )
    return RequestConflict(
        f"{held.what}: is also that of the request '{held.owner}', which is {owner['state']} in "
        f"the execution {owner.get('executionArn')}.",
        remedy=remedy,
    )


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    phrases = {
        "DUPLICATE": "in progress in another execution",
        "FINISHED": "already vended",
        "SUPERSEDED": "older than what was asked since",
    }
    return phrases.get(str(result["outcome"]), "")


@operation(AcceptRequest)
def handler(payload: AcceptRequest) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=wiring.ledger(),
        stepfunctions=clients.stepfunctions(),
        organizations=clients.organizations(),
        publisher=wiring.event_publisher(),
        surroundings=wiring.surroundings(),
        policy=wiring.request_policy(),
    )
