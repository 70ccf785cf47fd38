"""AcceptPrimaryEmailUpdate: gives AWS the code that it sent to a root user's new email."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from vending.aws import clients
from vending.errors.catalogue import explain
from vending.errors.exceptions import EmailCodeRefused
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.ledger.email_codes import EmailCodes
from vending.organization.primary_emails import has_email
from vending.request.fields import AccountId, Email

if TYPE_CHECKING:
    from mypy_boto3_account import AccountClient

    from vending.ledger.ledger import Ledger

CALLS = {
    "account:AcceptPrimaryEmailUpdate",
    "account:GetPrimaryEmail",
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
}

REFUSALS = ("ConflictException", "ResourceNotFoundException", "ValidationException")
"""What AWS may say of a code that is wrong, used or expired. Its reference names the errors of the
operation, and not which of them a code brings about."""


class AcceptPrimaryEmailUpdate(Payload):
    """The account, its new email, and the code that was sent there."""

    execution_arn: str
    account_id: AccountId
    email: Email
    code: str


def run(payload: AcceptPrimaryEmailUpdate, *, ledger: Ledger, account: AccountClient) -> Json:
    """{accepted: true}; EmailCodeRefused where AWS does not take the code.

    A call whose answer was lost may have changed the email: it is looked at before and afterwards.

    Implements AcceptPrimaryEmailUpdate of the AWS Account Management API reference.
    """
    if has_email(account, payload.account_id, payload.email):
        return {"accepted": True}
    try:
        account.accept_primary_email_update(
            AccountId=payload.account_id, PrimaryEmail=payload.email, Otp=payload.code
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in REFUSALS:
            raise
        if has_email(account, payload.account_id, payload.email):
            return {"accepted": True}
        EmailCodes(ledger=ledger).note_refused(payload.request_id, payload.execution_arn)
        words = explain("EmailCodeRefused")
        raise EmailCodeRefused(
            f"AcceptPrimaryEmailUpdate: {words.what}", remedy=words.remedy
        ) from None
    return {"accepted": True}


def progress(_result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return "confirmed"


def summary(_record: Json) -> None:
    """No line of its own: the result shows the email."""


@operation(AcceptPrimaryEmailUpdate)
def handler(payload: AcceptPrimaryEmailUpdate) -> Json:
    """The Lambda entrance."""
    return run(payload, ledger=wiring.ledger(), account=clients.account())
