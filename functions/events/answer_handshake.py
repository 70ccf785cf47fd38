"""AnswerHandshake: resumes the workflow when an event reports that an invitation was answered.

Which events AWS shows in the management account is not documented, so none is trusted: an event
says which invitation to look at, and AWS Organizations says how it was answered. An event that does
not come, or comes twice, changes nothing: the workflow polls as well, and continues once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from vending.aws import clients
from vending.aws.observability import log_request_id, logger
from vending.aws.task_tokens import WaitingStep
from vending.errors.exceptions import InvitationEnded, OperationRefused, ServiceUnavailable
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.ledger import keys
from vending.ledger.invitation_rows import InvitationRows
from vending.ledger.ledger import Ledger
from vending.model import Model
from vending.organization.invitations import Invitations
from vending.reconciliation.account_events import AccountEvent, account_event
from vending.request.account_request import parse
from vending.request.fields import AccountId
from vending.states import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_stepfunctions import SFNClient

    from vending.ledger.item_types import Row

CALLS = {
    "dynamodb:GetItem",
    "organizations:DescribeAccount",
    "organizations:DescribeHandshake",
    "organizations:ListAccounts",
    "states:SendTaskFailure",
    "states:SendTaskSuccess",
}

_HANDSHAKE_ID = re.compile(r"h-[0-9a-z]{8,32}")


class AnswerHandshake(Model):
    """An event as EventBridge delivers it, as far as it matters here."""

    account: AccountId
    detail: dict[str, Any]


def run(
    payload: AnswerHandshake,
    *,
    ledger: Ledger,
    organizations: OrganizationsClient,
    states: SFNClient,
) -> Json:
    """{outcome: IGNORED | ANSWERED | LATE, requestId}.

    IGNORED: no request waits for this. LATE: its workflow went on already. ServiceUnavailable while
    Organizations does not show the answer.
    """
    if _tells_of_a_refusal(payload.detail):
        return {"outcome": "IGNORED", "requestId": None}
    joined = _joined(payload)
    row = _row(payload.detail, joined, InvitationRows(ledger=ledger), organizations)
    handshake_id = row.get("handshakeId") if row else None
    if row is None or row["state"] != State.INVITED or not handshake_id:
        return {"outcome": "IGNORED", "requestId": row["requestId"] if row else None}
    token = ledger.tokens.find(row)
    if token is None:
        return {"outcome": "IGNORED", "requestId": row["requestId"]}
    step = WaitingStep(client=states, token=token)
    invitations = Invitations(client=organizations, account=parse(row["request"]).account)
    answer, ended = None, None
    try:
        answer = invitations.answer(handshake_id)
    except InvitationEnded as error:
        ended = error
    if answer is None and joined is not None and invitations.member() is not None:
        # It came in by another invitation, and is a member all the same.
        answer = {"handshakeId": handshake_id, "state": "MEMBER", "accountId": joined.account_id}
    if answer is not None:
        went_on = step.succeed(answer)
    elif ended is not None:
        went_on = step.fail(ended)
    else:
        raise ServiceUnavailable(
            f"AWS Organizations shows the handshake {handshake_id} unanswered.",
            remedy="No action needed: this is retried, and the workflow polls for the answer.",
        )
    return {"outcome": "ANSWERED" if went_on else "LATE", "requestId": row["requestId"]}


def _tells_of_a_refusal(detail: dict[str, Any]) -> bool:
    return any(key.lower() == "errorcode" and value for key, value in detail.items())


def _joined(payload: AnswerHandshake) -> AccountEvent | None:
    try:
        return account_event(payload.detail, payload.account)
    except OperationRefused:
        return None  # it does not say which account: the workflow polls for it


def _row(
    detail: dict[str, Any],
    joined: AccountEvent | None,
    rows: InvitationRows,
    organizations: OrganizationsClient,
) -> Row | None:
    """The row of the request whose invitation the event is about."""
    pointers = [keys.handshake(each) for each in _handshake_ids(detail)]
    if joined is not None:
        pointers.append(keys.invited(joined.account_id))
    for pointer in pointers:
        row = rows.find_by_pointer(pointer)
        if row is not None:
            return row
    if joined is None:
        return None
    # Invited by email: events mask addresses, the account itself shows its own.
    account = organizations.describe_account(AccountId=joined.account_id)["Account"]
    return rows.find_by_pointer(keys.invited(account.get("Email") or ""))


def _handshake_ids(value: Any) -> Iterator[str]:
    """Every handshake id in the event, wherever it stands."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _handshake_ids(each)
    elif isinstance(value, str) and _HANDSHAKE_ID.fullmatch(value):
        yield value


@operation(AnswerHandshake)
def handler(payload: AnswerHandshake) -> Json:
    """The Lambda entrance."""
    result = run(
        payload,
        ledger=wiring.ledger(),
        organizations=clients.organizations(),
        states=clients.stepfunctions(),
    )
    log_request_id(result["requestId"])
    logger.info("looked at an answer", extra=result)
    return result
