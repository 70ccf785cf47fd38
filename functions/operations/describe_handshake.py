"""DescribeHandshake: whether an invitation was answered; if not, the workflow waits here.

Its step waits under a task token. The token goes into the ledger before the look, so that an answer
that comes at any moment from then on finds it: AnswerHandshake ends the step when an event reports
the answer. Events may never come, so the step times out again and again, and this looks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from vending.aws import clients
from vending.aws.task_tokens import WaitingStep, token_refused
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.ledger.invitation_rows import InvitationRows
from vending.ledger.ledger import Ledger
from vending.organization.invitations import HandshakeId, Invitations
from vending.request.account import Account

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_stepfunctions import SFNClient

CALLS = {
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "organizations:DescribeHandshake",
    "organizations:ListAccounts",
    "states:SendTaskSuccess",
}


class DescribeHandshake(Payload):
    """The invitation of an account, and the token of the step that waits for its answer."""

    execution_arn: str
    handshake_id: HandshakeId
    account: Account
    task_token: Annotated[str, Field(min_length=1)]


def run(
    payload: DescribeHandshake,
    *,
    ledger: Ledger,
    organizations: OrganizationsClient,
    states: SFNClient,
) -> Json:
    """{answered}; the step itself ends with {handshakeId, state, accountId}, or InvitationEnded.

    TaskTokenRefused carries what it was to end with where its token may not be used here.

    Implements DescribeHandshake of the AWS Organizations API reference.
    """
    InvitationRows(ledger=ledger).save_task_token(
        payload.request_id,
        payload.execution_arn,
        handshake_id=payload.handshake_id,
        task_token=payload.task_token,
    )
    invitations = Invitations(client=organizations, account=payload.account)
    answer = invitations.answer(payload.handshake_id)
    step = WaitingStep(client=states, token=payload.task_token)
    if answer is not None and not step.succeed(answer):
        # An event may have ended the step a moment ago; then this goes nowhere.
        raise token_refused(answer)
    return {"answered": answer is not None}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    if "state" not in result:
        return ""
    return f"{str(result['state']).lower()} by {result['accountId']}"


@operation(DescribeHandshake)
def handler(payload: DescribeHandshake) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=wiring.ledger(),
        organizations=clients.organizations(),
        states=clients.stepfunctions(),
    )
