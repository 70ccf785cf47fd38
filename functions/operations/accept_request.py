"""AcceptRequest: who asks and whether they may, all mistakes at once, the claim, and a look ahead.

Whether the request policy grants the request to its sender is decided before anything else is. The
claim is inside the workflow, so a request is vended once however it comes in and however often
it is delivered. With the claim it takes the locks on the account's email and id, as far as it knows
them, so that no other request for the same account is under way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vending.acceptance.approvals_asked import refuse_unapproved
from vending.acceptance.request_claim import Outcome, RequestClaim
from vending.authorization.authorization import Authorization
from vending.authorization.sender import opened
from vending.aws import clients
from vending.aws.clock import epoch
from vending.aws.executions import account_id_of
from vending.aws.measurements import measure
from vending.aws.observability import log_request_id
from vending.errors.exceptions import RequestInvalid, ServiceUnavailable
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.ledger.approval_records import is_pending
from vending.ledger.ledger import Ledger
from vending.ledger.locks import is_creation_in_flight
from vending.ledger.rows import record_of
from vending.ledger.submissions import Submission
from vending.model import Model
from vending.organization import eligibility, preflight
from vending.request import validators
from vending.request.account_request import parse

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_stepfunctions import SFNClient

    from vending.authorization.request_policy import RequestPolicy
    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.item_types import Row

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

SHOWN_WITHIN = 300
"""Seconds after AWS was asked for an account, in which it may be one that does not show yet."""


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
    """{outcome, record, request, changes, creationBegun, organizationalUnitMissing,
    approvalExpiresAt}.

    RequestNotAllowed, RequestInvalid, RequestConflict, OperationRefused. What AWS is known to
    refuse is refused here, before there is an account, with every problem.

    ACCEPTED: this execution vends the request, from the start or from where an earlier one failed.
    DUPLICATE: the execution that the record names is vending it. FINISHED: it is already vended.
    SUPERSEDED: a newer submission for the account, or under the request's id, was accepted before,
    or the account has another revision than ifRevision says; the record is what stands, or that of
    this request, which is SUPERSEDED.
    changes: null, or what is changed in the account beside what the request puts there, as
    `accounts.changes_of` says it.
    creationBegun: AWS was, or may have been, asked for the account before. OperationRefused where
    the account that was made before has left or is not active; a new claim is held then.
    organizationalUnitMissing: AWS was not asked for the account, and the request's path leads to
    no unit yet: whether AWS refuses it shows only when it is made, so it is made first.
    approvalExpiresAt: until when approvals that the request needs are awaited; null where it needs
    none, or has them. RejectedByApprover, OperationRefused (ApprovalTimedOut) where they were
    awaited in vain.
    """
    sender, raw = opened(payload.request)
    here = account_id_of(payload.execution_arn)
    log_request_id(policy.remembered(raw, sender, here=here)[0])
    authorization = Authorization.of(sender, policy, here=here)
    if beyond := validators.beyond(payload.size, too_deep=payload.too_deep):
        raise RequestInvalid(beyond)
    request = authorization.owned(parse(raw))
    authorization.ensure_allowed(request, organizations)
    submission = Submission.of(
        event_id=sender.event_id,
        sent_at=sender.sent_at,
        started_at=payload.started_at,
        execution_arn=payload.execution_arn,
    )
    claim = RequestClaim(
        request=request,
        # A repair asks for nothing new: what somebody asked before it is not late.
        submission=None if authorization.is_repair else submission,
        authorization=authorization,
        execution_arn=payload.execution_arn,
        ledger=ledger,
        stepfunctions=stepfunctions,
        organizations=organizations,
        publisher=publisher,
        surroundings=surroundings,
    )
    return _answer(claim)


def _answer(claim: RequestClaim) -> Json:
    outcome, row, changes = claim.take()
    found = preflight.Findings()
    if outcome == "ACCEPTED":
        refuse_unapproved(row.get("approval"))
        found = preflight.ensure_possible(claim.request, row, claim.surroundings)
        claim.publisher.publish_state_changed(record_of(row))
    _refuse_closed(claim, outcome, row)
    record = record_of(row)
    if outcome == "FINISHED":
        account_id, unit_id = record["accountId"], record["organizationalUnitId"]
        moved = eligibility.moved_since(account_id, unit_id, claim.organizations)
        if moved is not None:
            record["warnings"] = [*(record["warnings"] or []), moved]
    approval = row.get("approval")
    awaited = approval if outcome == "ACCEPTED" and is_pending(approval) else None
    if awaited is None:
        measure(f"Request{outcome.capitalize()}")
    return {
        "outcome": outcome,
        "record": record,
        "request": claim.request.normalised(),
        "changes": changes,
        "creationBegun": "accountId" in row or is_creation_in_flight(row),
        "organizationalUnitMissing": bool(found.missing_units),
        "approvalExpiresAt": awaited["expiresAt"] if awaited else None,
    }


def _refuse_closed(claim: RequestClaim, outcome: Outcome, row: Row) -> None:
    """OperationRefused where the account that the outcome builds on is not an active member.

    DescribeAccount looks at accounts that exist already, and at invited ones once they have
    come.
    """
    account_id = row.get("accountId")
    resumed = outcome == "ACCEPTED" and claim.request.source in {"new", "new-govcloud"}
    if account_id is None or not (resumed or outcome == "FINISHED"):
        return
    refused = eligibility.vended_refusal(account_id, claim.organizations)
    if refused is None:
        if resumed:
            claim.authorization.ensure_place_allowed(account_id, claim.organizations, is_own=True)
        return
    if resumed and refused.code == "AccountNotFoundException" and _is_new(claim, row):
        raise ServiceUnavailable(refused.message, code=refused.code, remedy=refused.remedy)
    raise refused


def _is_new(claim: RequestClaim, row: Row) -> bool:
    """Whether AWS was asked for the account so lately that it may not show the account yet."""
    intent = row.get("intent")
    return intent is not None and claim.ledger.clock() - epoch(intent["at"]) < SHOWN_WITHIN


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
