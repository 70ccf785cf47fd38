"""AcceptRequest: validates the request, claims it with one conditional write, and looks ahead.

The claim is inside the workflow, so a request is vended once however it comes in and however often
it is delivered. With the claim it takes the locks on the account's email and id, as far as it knows
them, so that no other request for the same account is under way.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from vending.aws import clients
from vending.aws.clock import Clock, epoch
from vending.aws.executions import is_running
from vending.aws.observability import metrics
from vending.errors.aws_errors import translating
from vending.errors.exceptions import (
    ConcurrentModification,
    ExecutionSuperseded,
    RequestConflict,
    RequestInvalid,
    ServiceUnavailable,
)
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.ledger.decisions import Asked, Decision, decide
from vending.ledger.ledger import Ledger
from vending.ledger.locks import Held, Locks, account_of, is_creation_under_way, keys
from vending.ledger.rows import ENDED, Row, record_of
from vending.model import Model
from vending.organization import eligibility, preflight
from vending.reconciliation.execution_end import End
from vending.request import validators
from vending.request.account_request import AccountRequest, parse

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_stepfunctions import SFNClient

    from vending.aws.event_publisher import Announcements

CALLS = {
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:DescribeAccount",
    "organizations:DescribeOrganization",
    "organizations:DescribeOrganizationalUnit",
    "organizations:ListAWSServiceAccessForOrganization",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListParents",
    "organizations:ListPolicies",
    "organizations:ListRoots",
    "states:DescribeExecution",
}

Outcome = Literal["ACCEPTED", "DUPLICATE", "FINISHED"]

_OUTCOMES: dict[Decision, Outcome] = {"running": "DUPLICATE", "finished": "FINISHED"}
"""Of all other decisions: ACCEPTED."""

SHOWN_WITHIN = 300
"""Seconds after AWS was asked for an account, in which it may be one that does not show yet."""

_LOOKS = 5
"""How often locks that their owners have no use for any more are taken from them in one go."""


class AcceptRequest(Model):
    """The raw request: anything that JSON can say, null where it is too large to be passed on.

    `size` is its bytes as JSON in ASCII.
    """

    request: Any = None
    size: int = 0
    execution_arn: str


def run(
    payload: AcceptRequest,
    *,
    ledger: Ledger,
    executions: SFNClient,
    organizations: OrganizationsClient,
    announcements: Announcements,
    surroundings: preflight.Surroundings,
) -> Json:
    """{outcome, record, request, creationBegun}; RequestInvalid, RequestConflict, OperationRefused.

    What AWS is known to refuse is refused here, before there is an account, with every problem.

    ACCEPTED: this execution vends the request, from the start or from where an earlier one failed.
    DUPLICATE: the execution that the record names is vending it. FINISHED: it was vended before.
    creationBegun: AWS was, or may have been, asked for the account before. OperationRefused where
    the account that was made before has left or is not active; a new claim is held then.
    """
    if too_large := validators.too_large(payload.size):
        raise RequestInvalid(too_large)
    request = parse(payload.request)
    outcome, row = _claimed(request, payload.execution_arn, ledger, executions, announcements)
    if outcome == "ACCEPTED":
        preflight.ensure_possible(request, row, surroundings)
        announcements.state_changed(record_of(row))
    _refuse_closed(outcome, row, request, organizations, ledger.clock)
    record = record_of(row)
    if outcome == "FINISHED":
        account_id, unit_id = record["accountId"], record["organizationalUnitId"]
        moved = eligibility.moved_since(account_id, unit_id, organizations)
        if moved is not None:
            record["warnings"] = [*(record["warnings"] or []), moved]
    metrics.add_metric(name=f"Request{outcome.capitalize()}", unit="Count", value=1)
    return {
        "outcome": outcome,
        "record": record,
        "request": request.normalised(),
        "creationBegun": "accountId" in row or is_creation_under_way(row),
    }


def _refuse_closed(
    outcome: Outcome,
    row: Row,
    request: AccountRequest,
    organizations: OrganizationsClient,
    clock: Clock,
) -> None:
    """OperationRefused where the account that the outcome builds on is not an active member.

    DescribeAccount looks at accounts that exist already, and at invited ones once they have come.
    """
    account_id = row.get("accountId")
    resumed = outcome == "ACCEPTED" and request.source in {"new", "new-govcloud"}
    if account_id is None or not (resumed or outcome == "FINISHED"):
        return
    refused = eligibility.vended_refusal(account_id, organizations)
    if refused is None:
        return
    if resumed and refused.code == "AccountNotFoundException" and _is_new(row, clock):
        raise ServiceUnavailable(refused.message, code=refused.code, remedy=refused.remedy)
    raise refused


def _is_new(row: Row, clock: Clock) -> bool:
    """Whether AWS was asked for the account so lately that it may not show the account yet."""
    intent = row.get("intent")
    return intent is not None and clock() - epoch(intent["at"]) < SHOWN_WITHIN


def _claimed(
    request: AccountRequest,
    execution_arn: str,
    ledger: Ledger,
    executions: SFNClient,
    announcements: Announcements,
) -> tuple[Outcome, Row]:
    locks = Locks(client=ledger.client, table_name=ledger.table_name, clock=ledger.clock)
    to_take = locks.to_take(request.request_id, execution_arn, request.normalised()["account"])
    for _ in range(_LOOKS):
        try:
            row, claimed = ledger.claim(request, execution_arn, to_take)
            if claimed:
                return "ACCEPTED", row
            outcome = _outcome(row, request, execution_arn, ledger, executions)
            if outcome == "ACCEPTED" and _to_be_taken_over(row, execution_arn):
                needed = to_take
                if "accountId" in row:
                    # It asks AWS for none, so that nobody's email is in its way.
                    known = {"accountId": row["accountId"]}
                    needed = locks.to_take(request.request_id, execution_arn, known)
                before, row = row, ledger.take_over(row, request, execution_arn, needed)
                _free_what_is_not_asked_any_more(before, row, locks)
        except Held as held:
            _take_away(held, locks, ledger, executions, announcements)
        else:
            return outcome, row
    raise ConcurrentModification(
        "The account's id or email was claimed by others all the time.",
        remedy="Nothing to do: the workflow tries again by itself.",
    )


def _take_away(
    held: Held,
    locks: Locks,
    ledger: Ledger,
    executions: SFNClient,
    announcements: Announcements,
) -> None:
    """Free a lock whose owner is over and done with; RequestConflict where it is not."""
    owner = ledger.get(held.owner)
    if owner is not None:
        is_over = owner["state"] in ENDED or not _goes_on(owner, ledger, executions)
        if not is_over or locks.may_still_create(owner):
            raise _in_the_way(held, owner, is_over=is_over)
        if owner["state"] not in ENDED:
            # Its last function may be at work yet, and must not ask AWS for an account any more.
            end = _end(owner["executionArn"], executions)
            owner = ledger.broken_off(owner, error=end.as_error())
            announcements.state_changed(record_of(owner))
    locks.take_away(held)


def _goes_on(row: Row, ledger: Ledger, executions: SFNClient) -> bool:
    """Whether the row's execution runs, or may: it shows a little later than it begins."""
    known_for = ledger.clock() - epoch(row["updatedAt"])
    return is_running(row["executionArn"], executions, known_for=known_for)


def _end(execution_arn: str, executions: SFNClient) -> End:
    """How an execution ended that is over, in the words of the event that tells of it."""
    with translating():
        try:
            told = executions.describe_execution(executionArn=execution_arn)
        except executions.exceptions.ExecutionDoesNotExist:
            return End(execution_arn=execution_arn, status=None)
    return End(
        execution_arn=execution_arn,
        status=told["status"],
        error=told.get("error"),
        cause=told.get("cause"),
    )


def _outcome(
    row: Row, request: AccountRequest, execution_arn: str, ledger: Ledger, executions: SFNClient
) -> Outcome:
    if _was_stopped(row, execution_arn, executions):
        raise ExecutionSuperseded(
            "The execution was stopped before it could claim the request.",
            remedy="Nothing to do here: the request is FAILED and can be resumed.",
        )
    is_anothers = row.get("executionArn") not in (None, execution_arn)
    goes_on = is_anothers and row["state"] not in ENDED and _goes_on(row, ledger, executions)
    return _OUTCOMES.get(decide(row, Asked.of(request), goes_on=goes_on), "ACCEPTED")


def _was_stopped(row: Row, execution_arn: str, executions: SFNClient) -> bool:
    """Whether this very execution's end is in the ledger already, and it is the end."""
    mine = row["state"] == "FAILED" and row.get("executionArn") == execution_arn
    return mine and not is_running(execution_arn, executions, known_for=math.inf)


def _to_be_taken_over(row: Row, execution_arn: str) -> bool:
    return row.get("executionArn") != execution_arn or row["state"] in ENDED


def _free_what_is_not_asked_any_more(before: Row, row: Row, locks: Locks) -> None:
    """A correction may be about another account; an earlier execution may have kept the first."""
    if not set(keys(account_of(before))) <= set(keys(account_of(row))):
        locks.free(row["requestId"], before.get("executionArn", ""), account_of(before))


def _in_the_way(held: Held, owner: Row, *, is_over: bool) -> RequestConflict:
    remedy = f"Wait until the request '{held.owner}' has ended, then submit this one again."
    if is_over:
        remedy = (
            f"Submit the request '{held.owner}' again: it finds out what became of its account. "
            "Then submit this one again, if it is still wanted."
        )
    return RequestConflict(
        f"{held.what}: is the same as of the request '{held.owner}', which is {owner['state']} in "
        f"the execution {owner.get('executionArn')}.",
        remedy=remedy,
    )


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    phrases = {"DUPLICATE": "another execution is at work", "FINISHED": "vended before"}
    return phrases.get(str(result["outcome"]), "")


@operation(AcceptRequest)
def handler(payload: AcceptRequest) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=wiring.ledger(),
        executions=clients.stepfunctions(),
        organizations=clients.organizations(),
        announcements=wiring.announcements(),
        surroundings=wiring.surroundings(),
    )
