"""StartPrimaryEmailUpdate: has AWS send a code to a root user's new email, and awaits the code.

Its step waits under a task token, which `vend confirm` ends with the code, or with the wish for
another one. Where the account has the email already, nothing is sent and the step ends here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from vending.aws import clients
from vending.aws.task_tokens import WaitingStep, token_refused
from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.ledger.email_codes import EmailCodes, was_sent
from vending.ledger.rows import record_of
from vending.organization.primary_emails import has_email
from vending.request.fields import AccountId, Email

if TYPE_CHECKING:
    from mypy_boto3_account import AccountClient
    from mypy_boto3_stepfunctions import SFNClient

    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.ledger import Ledger

CALLS = {
    "account:GetPrimaryEmail",
    "account:StartPrimaryEmailUpdate",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "states:SendTaskSuccess",
}


AWAITED_FOR = 7 * 86_400.0
"""Seconds within which a code is to be given."""


class StartPrimaryEmailUpdate(Payload):
    """The account, the email that it is to have, and the token of the step that awaits the code.

    `resend`: another code was asked for. `awaited_since`: when the execution began to wait for one,
    in milliseconds since the epoch.
    """

    execution_arn: str
    account_id: AccountId
    email: Email
    resend: bool = False
    awaited_since: int
    task_token: Annotated[str, Field(min_length=1)]


def run(
    payload: StartPrimaryEmailUpdate,
    *,
    ledger: Ledger,
    account: AccountClient,
    states: SFNClient,
    publisher: EventPublisher,
) -> Json:
    """{awaited: whether a code is}; the step itself ends with {code}, {resend: true} or {changed}.

    TaskTokenRefused carries {changed: true} where the step's token may not be used here.
    OperationRefused (EmailInUse) where another account has the email, (EmailNotConfirmed) once a
    code has been awaited for AWAITED_FOR. A code is sent once an
    execution, and whenever it is asked for: one that was sent in vain does no harm.

    Implements StartPrimaryEmailUpdate of the AWS Account Management API reference.
    """
    codes = EmailCodes(ledger=ledger)
    if has_email(account, payload.account_id, payload.email):
        done = {"changed": True}
        if not WaitingStep(client=states, token=payload.task_token).succeed(done):
            raise token_refused(done)
        return {"awaited": False}
    if ledger.clock() - payload.awaited_since / 1000 >= AWAITED_FOR:
        raise _refusal("EmailNotConfirmed")
    row = codes.await_code(payload.request_id, payload.execution_arn, payload.task_token)
    if payload.resend or not was_sent(row):
        try:
            account.start_primary_email_update(
                AccountId=payload.account_id, PrimaryEmail=payload.email
            )
        except account.exceptions.ConflictException:
            raise _refusal("EmailInUse") from None
        row = codes.note_sent(row)
    publisher.publish_state_changed(record_of(row))
    return {"awaited": True}


def _refusal(code: str) -> OperationRefused:
    words = explain(code)
    return OperationRefused(
        f"StartPrimaryEmailUpdate: {words.what}", code=words.code, remedy=words.remedy
    )


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    if "code" in result:
        return "a code was given"
    return "another code was asked for" if result.get("resend") else ""


def summary(_record: Json) -> None:
    """No line of its own: the result shows the email."""


@operation(StartPrimaryEmailUpdate)
def handler(payload: StartPrimaryEmailUpdate) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=wiring.ledger(),
        account=clients.account(),
        states=clients.stepfunctions(),
        publisher=wiring.event_publisher(),
    )
