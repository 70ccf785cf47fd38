"""Having AWS create an account exactly once, and what its answers mean for the request.

AWS's CreateAccount and CreateGovCloudAccount have no client token, so a repeated call would be a
second request. The intent is in the ledger before the call; the call is one HTTP request, never
repeated; and where its answer was lost, the account is looked for before it is asked for again. In
the end it is AWS that makes this safe: it refuses a second account with the same email.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from vending.aws.clock import Clock, epoch, now
from vending.aws.measurements import measure
from vending.aws.observability import logger
from vending.creation import govcloud
from vending.creation.find_account import SETTLING_TIME, FindAccount, Finding
from vending.creation.slots import slot_needed
from vending.errors.aws_errors import translate_creation, unknown_outcome
from vending.errors.catalogue import explain
from vending.errors.exceptions import (
    AccountCreationFailed,
    ConcurrentModification,
    CreationRefusedForNow,
    OperationRefused,
    OrganizationFinalizing,
    OutcomeUnknown,
    Throttled,
    VendingError,
)
from vending.frozen import frozen
from vending.request.validators import REQUEST_ID_TAG

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import CreateAccountStatusTypeDef

    from vending.ledger.item_types import Intent, Row
    from vending.ledger.ledger import Ledger
    from vending.queueing.slots import GrantedSlot, Slots
    from vending.request.account import NewAccount

Operation = Literal["CreateAccount", "CreateGovCloudAccount"]

Ask = Callable[..., Any]
"""The one call to AWS, of a client that makes one attempt; both operations take the same."""

_MAYBE_EARLIER_ATTEMPT = (
    "CONCURRENT_ACCOUNT_MODIFICATION",
    "EMAIL_ALREADY_EXISTS",
    "GOVCLOUD_ACCOUNT_ALREADY_EXISTS",
)
"""FailureReasons that an earlier creation for the same request explains, whose answer was lost."""

_RETRY_LATER = (Throttled, ConcurrentModification, CreationRefusedForNow, OrganizationFinalizing)
"""Refusals after which the next call needs a slot of its own."""


def operation_for(source: str | None) -> Operation:
    """The operation that makes the accounts of a source."""
    return "CreateGovCloudAccount" if source == "new-govcloud" else "CreateAccount"


@frozen
class Created:
    """Where a creation stands, and the ledger row that says so."""

    state: Literal["IN_PROGRESS", "SUCCEEDED"]
    row: Row

    def answer(self) -> dict[str, Any]:
        """{createAccountRequestId, state, accountId}."""
        return {
            "createAccountRequestId": self.row.get("createAccountRequestId"),
            "state": self.state,
            "accountId": self.row.get("accountId"),
        }


@frozen
class Creation:
    """One request's creation, as seen by the execution that owns it."""

    request_id: str
    execution_arn: str
    account: NewAccount
    ledger: Ledger
    slots: Slots
    organizations: OrganizationsClient
    clock: Clock = now
    operation: Operation = "CreateAccount"

    @property
    def search(self) -> FindAccount:
        """Looks for the account that this creation may have made."""
        return FindAccount(
            client=self.organizations,
            request_id=self.request_id,
            email=self.account.email,
            account_name=self.account.name,
            clock=self.clock,
        )

    def once(self, tags: dict[str, str], ask: Ask, slot: GrantedSlot | None) -> Created:
        """What an earlier call achieved; else AWS's answer to the only call.

        OutcomeUnknown: run this again a little later. SlotNeeded, CreationRefusedForNow: nothing
        was created, run this again with the creation queue's next slot.
        """
        row = self.ledger.owned(self.request_id, self.execution_arn)
        created = self._known(row)
        if created is None:
            # A slot is used once: whoever comes with one that was given away asks for another.
            if slot is None or not self.slots.is_due(self.request_id):
                raise slot_needed()
            created = self._create(row, tags, ask)
        if created.state == "SUCCEEDED":
            self.slots.release(self.request_id)
        return created

    def _known(self, row: Row) -> Created | None:
        """None when AWS was not asked yet."""
        account_id, creation_id = row.get("accountId"), row.get("createAccountRequestId")
        if account_id:
            return self.adopt(
                account_id=account_id, gov_cloud_account_id=row.get("govCloudAccountId")
            )
        if creation_id:
            # AWS counts it, though its place may have run out since an earlier execution ended.
            self.slots.renew(self.request_id)
            return Created(state="IN_PROGRESS", row=self._mark_creating(creation_id))
        intent = row.get("intent")
        return self._reconcile(intent, row) if intent else None

    def _reconcile(self, intent: Intent, row: Row) -> Created:
        """Look for what a call without an answer may have made; SlotNeeded when it made nothing."""
        asked = epoch(row.get("unanswered", intent["at"]))
        finding = self.search.look(since=asked, left=row.get("look"))
        if finding.kind == "ours" and finding.account_id:
            return self._adopt(finding)
        if finding.kind == "in progress":
            # AWS counts it, so its place must not run out and be given to another.
            self.slots.renew(self.request_id)
            raise self._unknown("an account of this name is being created")
        if finding.look is not None:
            # A search that began too early would have to be repeated anyway.
            settled = epoch(finding.look["startedAt"]) - epoch(intent["at"]) >= SETTLING_TIME
            self.ledger.save_search_position(
                self.request_id, self.execution_arn, finding.look if settled else None
            )
            raise self._unknown("the organization's accounts are still being searched")
        if self.clock() - epoch(intent["at"]) < SETTLING_TIME:
            raise self._unknown("what was created may not be visible yet")
        if finding.kind == "another's":
            # The email was never free, so that no call for it can have made an account.
            self.ledger.clear_intent(self.request_id, self.execution_arn, intent, nothing_made=True)
            words = explain("AccountCreationFailed", "EMAIL_ALREADY_EXISTS")
            raise OperationRefused(
                f"{words.what} It belongs to the account {finding.account_id}.",
                code=words.code,
                reason=words.reason,
                remedy=words.remedy,
            )
        # The unanswered call may have counted against AWS's rate: the next needs its own slot,
        # and must have given away the old one before it may be made.
        self.slots.requeue(self.request_id)
        self.ledger.clear_intent(self.request_id, self.execution_arn, intent, unanswered=True)
        raise slot_needed()

    def _create(self, row: Row, requested_tags: dict[str, str], ask: Ask) -> Created:
        account, waited_since = self.account, row.get("queuedAt")
        row = self.ledger.record_intent(
            self.request_id,
            self.execution_arn,
            account_name=account.name,
            seen=row.get("intent"),
        )
        if waited_since is not None:
            measure("QueueWait", max(0.0, self.clock() - epoch(waited_since)))
        tags = {**requested_tags, REQUEST_ID_TAG: self.request_id}
        try:
            answer = ask(
                Email=account.email,
                AccountName=account.name,
                RoleName=account.role_name,
                IamUserAccessToBilling=account.iam_user_access_to_billing,
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            refusal = translate_creation(error, self.operation)
            if not isinstance(refusal, OutcomeUnknown):
                self._withdraw(row["intent"])
            if isinstance(refusal, _RETRY_LATER):
                raise self._refused_for_now(refusal) from None
            raise refusal from None
        status: CreateAccountStatusTypeDef | None = answer.get("CreateAccountStatus")
        if not status or "Id" not in status:
            raise self._unknown("an answer without a status")
        return self.settle(status, self._mark_creating(status["Id"]))

    def _mark_creating(self, creation_id: str) -> Row:
        """Keep the creation's id, and by it let events find the request; if not, it is polled."""
        row = self.ledger.mark_creating(self.request_id, self.execution_arn, creation_id)
        try:
            self.ledger.creation_pointers.save(creation_id, self.request_id)
        except VendingError as error:
            logger.warning("events will not find the creation", extra={"code": error.code})
        return row

    def _withdraw(self, intent: Intent) -> None:
        """AWS did not act, so the next call need not look for anything; if this fails, it will."""
        try:
            self.ledger.clear_intent(self.request_id, self.execution_arn, intent)
        except VendingError as error:
            logger.warning("intent not withdrawn", extra={"code": error.code})

    def _refused_for_now(self, refusal: VendingError) -> CreationRefusedForNow:
        """Not like a busy table: others create accounts too, so that the queue has to cool down.

        If the queue cannot be notified now, the next refusal will notify it.
        """
        try:
            self.slots.back_off(self.request_id)
        except VendingError as error:
            logger.warning("creation queue not notified of the refusal", extra={"code": error.code})
        return CreationRefusedForNow(
            refusal.message, code=refusal.code, reason=refusal.reason, remedy=refusal.remedy
        )

    def _unknown(self, cause: str) -> OutcomeUnknown:
        return unknown_outcome(cause, self.operation)

    def settle(self, status: CreateAccountStatusTypeDef, row: Row) -> Created:
        """Write down what a CreateAccountStatus says; AccountCreationFailed when it says so.

        A creation that failed because the account is there already is adopted where the account
        was made for this request, and waited for where it is still being made.
        """
        state, account_id = status.get("State"), status.get("AccountId")
        if state == "SUCCEEDED" and account_id:
            if "intent" in row:
                measure("CreationDuration", max(0.0, self.clock() - epoch(row["intent"]["at"])))
            return self.adopt(
                account_id=account_id,
                creation_id=status.get("Id"),
                gov_cloud_account_id=status.get("GovCloudAccountId"),
            )
        if state != "FAILED":
            return Created(state="IN_PROGRESS", row=row)
        reason = status.get("FailureReason")
        if reason in _MAYBE_EARLIER_ATTEMPT:
            unanswered = row.get("unanswered")
            finding = self.search.look(
                since=epoch(unanswered or row["requestedAt"]),
                left=row.get("look"),
                first="creations" if unanswered else "accounts",
            )
            if finding.kind == "ours" and finding.account_id:
                return self._adopt(finding)
            if finding.look is not None:
                row = self.ledger.save_search_position(
                    self.request_id, self.execution_arn, finding.look
                )
                return Created(state="IN_PROGRESS", row=row)
            nothing_yet = finding.kind == "nothing" and reason == "CONCURRENT_ACCOUNT_MODIFICATION"
            unsettled = (unanswered or nothing_yet) and self._is_recent(status)
            if finding.kind == "in progress" or unsettled:
                if "look" in row:
                    row = self.ledger.save_search_position(
                        self.request_id, self.execution_arn, None
                    )
                return Created(state="IN_PROGRESS", row=row)
        self.ledger.clear_creation(self.request_id, self.execution_arn)
        raise _failure(status, reason)

    def _adopt(self, finding: Finding) -> Created:
        assert finding.account_id is not None
        return self.adopt(
            account_id=finding.account_id,
            creation_id=finding.creation_id,
            gov_cloud_account_id=finding.gov_cloud_account_id,
        )

    def adopt(
        self,
        *,
        account_id: str,
        creation_id: str | None = None,
        gov_cloud_account_id: str | None = None,
    ) -> Created:
        """The account is there and it is this request's."""
        next_steps = None
        if self.operation == "CreateGovCloudAccount":
            request = self.ledger.owned(self.request_id, self.execution_arn)["request"]
            next_steps = govcloud.next_steps(
                self.request_id,
                account_id=account_id,
                gov_cloud_account_id=gov_cloud_account_id,
                role_name=self.account.role_name,
                tags=request["tags"],
                organizational_unit=request.get("organizationalUnit"),
            )
        row = self.ledger.mark_account_created(
            self.request_id,
            self.execution_arn,
            account_id=account_id,
            creation_id=creation_id,
            gov_cloud_account_id=gov_cloud_account_id,
            next_steps=next_steps,
        )
        return Created(state="SUCCEEDED", row=row)

    def _is_recent(self, status: CreateAccountStatusTypeDef) -> bool:
        completed: Any = status.get("CompletedTimestamp")
        return completed is not None and self.clock() - completed.timestamp() < SETTLING_TIME


def _failure(status: CreateAccountStatusTypeDef, reason: str | None) -> AccountCreationFailed:
    words = explain("AccountCreationFailed", reason)
    return AccountCreationFailed(
        f"{words.what} (creation {status.get('Id', 'unknown')})",
        reason=reason,
        remedy=words.remedy,
    )
