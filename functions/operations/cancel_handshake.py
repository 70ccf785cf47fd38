"""CancelHandshake: takes back this request's invitation, so that nothing half-done stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.aws import clients
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.ledger.ledger import Ledger
from vending.organization.invitations import HandshakeId

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

CALLS = {"dynamodb:GetItem", "organizations:CancelHandshake"}


class CancelHandshake(Payload):
    """The invitation to take back."""

    execution_arn: str
    handshake_id: HandshakeId


def run(payload: CancelHandshake, *, ledger: Ledger, organizations: OrganizationsClient) -> Json:
    """{handshakeId, canceled}; false for what has ended, and for what others had sent.

    Implements CancelHandshake of the AWS Organizations API reference.
    """
    row = ledger.owned(payload.request_id, payload.execution_arn)
    canceled = "invitation" in row
    if canceled:
        refusals = organizations.exceptions
        try:
            organizations.cancel_handshake(HandshakeId=payload.handshake_id)
        except (
            refusals.HandshakeAlreadyInStateException,
            refusals.HandshakeNotFoundException,
            refusals.InvalidHandshakeTransitionException,
        ):
            canceled = False
    return {"handshakeId": payload.handshake_id, "canceled": canceled}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return "cancelled" if result["canceled"] else ""


@operation(CancelHandshake)
def handler(payload: CancelHandshake) -> Json:
    """The Lambda entrance."""
    return run(payload, ledger=wiring.ledger(), organizations=clients.organizations())
