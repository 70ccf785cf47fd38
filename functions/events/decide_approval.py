"""DecideApproval: records the decision that an event brings, and has its request go on.

An event shows its account and its source alone (`vending.authorization.sender`), so that these are
who decides. It may come twice: a decision is recorded once. Nobody waits for an answer to an event,
so that a refusal is announced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from vending.approvals.deciding import Decisions, account_owner, request_owner
from vending.approvals.request import parse
from vending.approvals.verdict import Deciding
from vending.authorization.authorization import Authorization
from vending.authorization.sender import Sender
from vending.aws import clients
from vending.aws.executions import account_id_of
from vending.aws.observability import log_request_id, logger
from vending.errors.exceptions import (
    RequestRefused,
    StateConflict,
    UnknownResource,
    VendingError,
)
from vending.handler import settings, wiring
from vending.handler.operation import Json, operation
from vending.model import Model
from vending.request.fields import AccountId

if TYPE_CHECKING:
    from vending.approvals.request import ApprovalDecision
    from vending.authorization.request_policy import RequestPolicy
    from vending.aws.event_publisher import EventPublisher

CALLS = {
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "states:SendTaskSuccess",
}


class DecideApproval(Model):
    """An event as EventBridge delivers it, as far as it matters here."""

    account: AccountId
    source: str
    event_id: str = Field(alias="id")
    time: str
    detail: Any


def run(
    payload: DecideApproval,
    *,
    decisions: Decisions,
    policy: RequestPolicy,
    here: str,
    publisher: EventPublisher,
) -> Json:
    """{outcome: RECORDED | REPEATED | REFUSED, of, code}; of: the request, or `retirement#` and the
    account.

    REFUSED is for good, with the error's code; it is announced as AccountApprovalRefused.
    """
    sender = Sender(
        account=payload.account,
        source=payload.source,
        event_id=payload.event_id,
        sent_at=payload.time,
    )
    decision, owner = None, None
    try:
        decision = parse(payload.detail)
        if decision.request_id is not None:
            pk, owner = request_owner(decision.request_id)
        else:
            pk, owner = account_owner(decision.account_id or "")
        deciding = Deciding(
            authorization=Authorization.of(sender, policy, here=here),
            requested_by=None,
            outcome=decision.outcome,
            reason=decision.reason,
            content=decision.content,
            sent_at=payload.time,
        )
        _, is_new = decisions.decide(pk, owner, deciding)
    except (RequestRefused, StateConflict, UnknownResource) as refused:
        logger.warning("refused", extra={"of": owner, "code": refused.code})
        publisher.publish_refused_decision(_report(payload, decision, refused))
        return {"outcome": "REFUSED", "of": owner, "code": refused.code}
    return {"outcome": "RECORDED" if is_new else "REPEATED", "of": owner, "code": None}


def _report(
    payload: DecideApproval, decision: ApprovalDecision | None, refused: VendingError
) -> Json:
    """{requestId, accountId, decision, reason, sender, error}; of what is no decision, no more than
    the last two.
    """
    said = decision.model_dump(by_alias=True) if decision is not None else {}
    return {
        **{name: said.get(name) for name in ("requestId", "accountId", "decision", "reason")},
        "sender": {
            "account": payload.account,
            "source": payload.source,
            "eventId": payload.event_id,
        },
        "error": refused.as_dict(),
    }


@operation(DecideApproval)
def handler(payload: DecideApproval) -> Json:
    """The Lambda entrance."""
    result = run(
        payload,
        decisions=Decisions(table=wiring.table(), states=clients.stepfunctions()),
        policy=wiring.request_policy(),
        here=account_id_of(settings.read(settings.ExecutionSettings).state_machine_arn),
        publisher=wiring.event_publisher(),
    )
    log_request_id(result["of"])
    logger.info("decided", extra={"outcome": result["outcome"]})
    return result
