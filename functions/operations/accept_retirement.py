"""AcceptRetirement: who may end an account or put it back, and the claim that nobody else does.

The account's unit and policy are recorded before anything is changed, so that a restoration can
return it to them. A repeated event changes nothing, and neither does an older one than the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from vending.acceptance.approvals_asked import refuse_unapproved, retirement_asked
from vending.authorization.authorization import Authorization
from vending.authorization.sender import Sender, opened
from vending.aws import clients
from vending.aws.clock import epoch, timestamp
from vending.aws.executions import account_id_of, is_running
from vending.errors.exceptions import (
    ConcurrentModification,
    OperationRefused,
    RequestConflict,
)
from vending.frozen import frozen
from vending.handler import settings, wiring
from vending.handler.operation import Json, operation
from vending.ledger.approval_records import is_pending
from vending.ledger.keys import email_lock
from vending.ledger.ledger import Ledger
from vending.ledger.locks import LockHeld, refuse_retired
from vending.model import Model
from vending.organization import eligibility, placement, policies
from vending.request import ou_paths
from vending.retirement import refusals, suspension
from vending.retirement.request import RetirementRequest, parse
from vending.retirement.rows import ENDED, AccountState, Retirements, record_of, unit_before
from vending.states import FINAL

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import AccountTypeDef
    from mypy_boto3_stepfunctions import SFNClient

    from vending.authorization.request_policy import RequestPolicy
    from vending.handler.settings import RetirementSettings
    from vending.ledger.item_types import Before, Retirement

CALLS = {
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "organizations:DescribeAccount",
    "organizations:DescribeOrganizationalUnit",
    "organizations:ListDelegatedServicesForAccount",
    "organizations:ListParents",
    "organizations:ListPoliciesForTarget",
    "organizations:ListTagsForResource",
    "states:DescribeExecution",
}

Outcome = Literal["ACCEPTED", "CLOSING", "RESTORING", "DUPLICATE", "FINISHED", "SUPERSEDED"]

_EVENTS_KEPT = 20
"""Ids of accepted events: repetitions come within a day, so that the newest suffice."""

_FUNCTIONS_END_WITHIN = 60.0
"""Seconds after which no function of an execution that is over is at work any more."""

_CLOSES_WITHIN = 900.0
"""Seconds after which a closure that AWS was asked for shows."""


class AcceptRetirement(Model):
    """The execution's input, which is an event or a request: anything that JSON can say."""

    request: Any = None
    execution_arn: str
    started_at: str
    """When the execution began: the time of a retirement that came by no event."""


def run(
    payload: AcceptRetirement,
    *,
    retirements: Retirements,
    stepfunctions: SFNClient,
    organizations: OrganizationsClient,
    policy: RequestPolicy,
    settled: RetirementSettings,
) -> Json:
    """{outcome, record, organizationalUnit, policy, parentId, detach, deregister,
    approvalExpiresAt}.

    ACCEPTED: this execution retires the account, from the start or from where an earlier one ended.
    CLOSING: AWS was, or may have been, asked to close it before; this execution follows that.
    RESTORING: this execution restores it. DUPLICATE: the execution that the record names does what
    is wanted. FINISHED: it is done already. SUPERSEDED: a newer event was accepted.
    approvalExpiresAt: until when approvals are awaited; null where none is missing.
    RejectedByApprover, OperationRefused (ApprovalTimedOut) where they were awaited in vain.

    RequestNotAllowed, RequestInvalid, RequestConflict; OperationRefused where the account must not
    be retired or cannot be restored. ConcurrentModification: run this again a little later.
    """
    sender, raw = opened(payload.request)
    here = account_id_of(payload.execution_arn)
    authorization = Authorization.of(sender, policy, here=here)
    return _Acceptance(
        request=parse(raw),
        sender=sender,
        authorization=authorization,
        execution_arn=payload.execution_arn,
        submitted_at=timestamp(epoch(sender.sent_at or payload.started_at)),
        retirements=retirements,
        ledger=Ledger(table=retirements.table),
        stepfunctions=stepfunctions,
        organizations=organizations,
        settled=settled,
    ).run()


@frozen
class _Acceptance:
    """One valid request to retire or restore, as its execution sees it."""

    request: RetirementRequest
    sender: Sender
    authorization: Authorization
    execution_arn: str
    submitted_at: str
    retirements: Retirements
    ledger: Ledger
    stepfunctions: SFNClient
    organizations: OrganizationsClient
    settled: RetirementSettings

    def run(self) -> Json:
        row = self.retirements.get(self.request.account_id)
        if row is not None and row["executionArn"] == self.execution_arn:
            refuse_unapproved(row.get("approval"))
            if row["state"] == AccountState.AWAITING_APPROVAL and not is_pending(row["approval"]):
                return self._approved(row)
            return self._answer(_outcome_of(row), row)
        if self.request.action == "restore":
            return self._restored(row)
        return self._retired(row)

    def _retired(self, row: Retirement | None) -> Json:
        stands, account = self._looked_up()
        unit = unit_before(row, stands)
        self.authorization.ensure_retirement_allowed(self.request.account_id, unit)
        if row is not None and (earlier := self._repeated(row)) is not None:
            return self._answer(earlier, row)
        if row is not None and row["state"] == AccountState.CLOSED:
            return self._answer("FINISHED", row)
        if row is not None and row["state"] not in ENDED:
            if self._goes_on(row):
                if row["action"] == "restore":
                    raise _busy("is being restored")
                return self._answer("DUPLICATE", row)
            if row["state"] == AccountState.CLOSING:
                return self._taken(row, row, account)
        self._refuse(account)
        return self._taken(row, self._kept(row, unit), account, unit=unit)

    def _kept(self, row: Retirement | None, unit: tuple[str, ...]) -> Retirement:
        """What stays of an earlier retirement of the account."""
        if row is not None and row["state"] == AccountState.RETIRING:
            return {"before": row["before"]} if row["action"] == "restore" else row
        return {"before": self._before(unit)}

    def _approved(self, row: Retirement) -> Json:
        """The row of a retirement that may begin: weeks may have passed since it was asked for."""
        unit, account = self._looked_up()
        self.authorization.ensure_retirement_allowed(self.request.account_id, unit or ())
        self._refuse(account)
        state = {"state": AccountState.RETIRING, "before": self._before(unit or ())}
        return self._written({**row, **state}, row)

    def _taken(
        self,
        row: Retirement | None,
        kept: Retirement,
        account: AccountTypeDef,
        *,
        unit: tuple[str, ...] | None = None,
    ) -> Json:
        """The row made this execution's; `kept` is what stays of an earlier one.

        `unit` is where the account stands, for what has to be approved; None: nothing has.
        """
        approval = None
        if unit is not None:
            approval = retirement_asked(
                self.request,
                unit,
                self.authorization,
                now=self.retirements.table.clock(),
                row=row,
            )
        left_out = ("error", "warnings", "approval")
        state = kept.get("state", AccountState.RETIRING)
        made: dict[str, Any] = {
            **{name: value for name, value in kept.items() if name not in left_out},
            **self._of_request(row),
            "approval": approval,
            "accountName": account.get("Name"),
            "emailHash": email_lock(account.get("Email", "")).partition("#")[2],
            "state": AccountState.AWAITING_APPROVAL if is_pending(approval) else state,
            "deregister": self.request.deregister_delegated_administrator,
            "reason": self.request.reason,
        }
        return self._written(made, row)

    def _restored(self, row: Retirement | None) -> Json:
        account_id = self.request.account_id
        unit = tuple(ou_paths.split(row["before"]["organizationalUnit"])) if row else None
        if unit is None:
            unit = placement.unit_of(account_id, self.organizations) or ()
        self.authorization.ensure_retirement_allowed(account_id, unit)
        if row is None:
            raise refusals.refused(
                "NotRetired", f"The account {account_id} was never retired from here."
            )
        if (earlier := self._repeated(row)) is not None:
            return self._answer(earlier, row)
        if row["state"] == AccountState.ACTIVE:
            return self._answer("FINISHED", row)
        waits = row["state"] == AccountState.AWAITING_APPROVAL
        is_in_time = waits or row["state"] == AccountState.RETIRING
        if not is_in_time and not self._was_never_asked(row):
            since = row.get("closedAt") or row.get("closingAt")
            raise refusals.refused(
                "RestoreTooLate", f"The account {account_id} is {row['state']} since {since}."
            )
        goes_on = self._goes_on(row)
        if goes_on and row["action"] == "restore":
            return self._answer("DUPLICATE", row)
        age = self.retirements.table.clock() - epoch(row["updatedAt"])
        if not waits and "closesAt" not in row and (goes_on or age < _FUNCTIONS_END_WITHIN):
            # What suspends it may be at work, and would suspend what was restored.
            raise _busy("is just being suspended")
        made = {
            **{name: value for name, value in row.items() if name not in ("error", "closingAt")},
            **self._of_request(row),
            "state": AccountState.RETIRING,
        }
        return self._written(made, row)

    def _written(self, made: dict[str, Any], row: Retirement | None) -> Json:
        try:
            written = self.retirements.begin(made, row)
        except LockHeld as held:
            self._take_away(held)
            raise _busy("had a lock left of a request") from None
        if written is None:
            raise _busy("was claimed by another execution")
        return self._answer(_outcome_of(written), written)

    def _of_request(self, row: Retirement | None) -> dict[str, Any]:
        events = [*(row.get("eventIds", []) if row else []), self.sender.event_id]
        return {
            "accountId": self.request.account_id,
            "action": self.request.action,
            "requestedBy": self.request.requested_by,
            "sender": dict(self.authorization.as_record()),
            "executionArn": self.execution_arn,
            "submittedAt": self.submitted_at,
            "eventIds": [event for event in events if event][-_EVENTS_KEPT:],
        }

    def _repeated(self, row: Retirement) -> Outcome | None:
        """DUPLICATE where this event was accepted before, SUPERSEDED where a newer one was."""
        if self.sender.event_id in row.get("eventIds", []):
            return "DUPLICATE"
        return "SUPERSEDED" if self.submitted_at < row["submittedAt"] else None

    def _was_never_asked(self, row: Retirement) -> bool:
        """Whether AWS was definitely not asked to close it, though that was about to be done."""
        if row["state"] != AccountState.CLOSING or self._goes_on(row):
            return False
        if self.retirements.table.clock() - epoch(row["closingAt"]) < _CLOSES_WITHIN:
            return False
        account = self.organizations.describe_account(AccountId=row["accountId"])["Account"]
        return (account.get("State") or account.get("Status")) == "ACTIVE"

    def _goes_on(self, row: Retirement) -> bool:
        known_for = self.retirements.table.clock() - epoch(row["updatedAt"])
        return is_running(row["executionArn"], self.stepfunctions, known_for=known_for)

    def _looked_up(self) -> tuple[tuple[str, ...] | None, AccountTypeDef]:
        account_id = self.request.account_id
        try:
            account = self.organizations.describe_account(AccountId=account_id)["Account"]
        except self.organizations.exceptions.AccountNotFoundException:
            raise OperationRefused(
                f"DescribeAccount: the account {account_id} is not in this organization.",
                code="AccountNotFoundException",
                remedy="Correct the account's id. An account that was closed more than 90 days ago "
                "is gone.",
            ) from None
        return placement.unit_of(account_id, self.organizations), account

    def _refuse(self, account: AccountTypeDef) -> None:
        """OperationRefused where the account must not be retired."""
        refusals.refuse(
            account,
            self.organizations,
            protected_tag=self.settled.protected_tag,
            deregister=self.request.deregister_delegated_administrator,
        )

    def _before(self, unit: tuple[str, ...]) -> Before:
        account_id = self.request.account_id
        name = self.settled.policy_name
        return {
            "parentId": eligibility.parent_id(account_id, self.organizations),
            "organizationalUnit": ou_paths.join(unit),
            "hadPolicy": bool(name)
            and name
            in policies.attached_to(self.organizations, account_id, suspension.POLICY_TYPE),
        }

    def _take_away(self, held: LockHeld) -> None:
        """Free a lock of a request that is over; RequestConflict where the request is not."""
        refuse_retired(held)
        owner = self.ledger.get(held.owner)
        if owner is not None and (
            owner["state"] not in FINAL or self.ledger.locks.may_still_create(owner)
        ):
            raise RequestConflict(
                f"account: {self.request.account_id} is being worked on by the request "
                f"'{held.owner}', which is {owner['state']}.",
                remedy=f"Wait until the request '{held.owner}' has ended, then retire the account.",
            )
        self.ledger.locks.release(held)

    def _answer(self, outcome: Outcome, row: Retirement) -> Json:
        name, approval = self.settled.policy_name, row.get("approval")
        awaited = approval if outcome == "ACCEPTED" and is_pending(approval) else None
        return {
            "outcome": outcome,
            "record": record_of(row),
            "organizationalUnit": self.settled.organizational_unit,
            "policy": suspension.policy_of(name) if name else None,
            "parentId": row["before"]["parentId"],
            "detach": name if name and not row["before"]["hadPolicy"] else None,
            "deregister": row["deregister"],
            "approvalExpiresAt": awaited["expiresAt"] if awaited else None,
        }


def _outcome_of(row: Retirement) -> Outcome:
    """What the execution that has the row does, by what the row says."""
    if row["state"] in (AccountState.CLOSED, AccountState.DEPARTED):
        return "FINISHED"
    if row["action"] == "restore":
        return "FINISHED" if row["state"] == AccountState.ACTIVE else "RESTORING"
    return "CLOSING" if row["state"] == AccountState.CLOSING else "ACCEPTED"


def _busy(what: str) -> ConcurrentModification:
    return ConcurrentModification(
        f"The account {what}.", remedy="No action needed: the workflow retries automatically."
    )


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    phrases = {
        "DUPLICATE": "in progress in another execution",
        "FINISHED": "done already",
        "SUPERSEDED": "a newer event was accepted",
    }
    return phrases.get(str(result["outcome"]), "")


@operation(AcceptRetirement)
def handler(payload: AcceptRetirement) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        retirements=wiring.retirements(),
        stepfunctions=clients.stepfunctions(),
        organizations=clients.organizations(),
        policy=wiring.request_policy(),
        settled=settings.read(settings.RetirementSettings),
    )
